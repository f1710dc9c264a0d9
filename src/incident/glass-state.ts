import type { Glass, GlassEvent } from './glass-events.ts'
import type { Person } from './people.ts'
import type { OpenedIncident } from './state.ts'

/** Folds what happened about doing something alone. */
export function withGlassEvent(
  incident: OpenedIncident,
  event: GlassEvent,
  { at, by }: { readonly at: string; readonly by: Person | undefined },
): OpenedIncident {
  const { request } = event
  if (event.type === 'GlassAnnounced') {
    const { reason, dueAt, digest, stepUp } = event
    const glass = { request, by: personOf(by), at, reason, dueAt, digest }
    return withGlass(incident, { ...glass, ...(stepUp === undefined ? {} : { stepUp }) })
  }
  const glass = incident.glass.get(request)
  const asked = incident.requests.get(request)
  if (glass === undefined || asked === undefined)
    throw new Error(`ledger out of order: nobody announced ${request} alone`)
  switch (event.type) {
    case 'GlassBroken': {
      const end = { kind: 'alone', by: event.by, at, reason: event.reason } as const
      const next = { ...incident, requests: new Map(incident.requests).set(request, { ...asked, end }) }
      return withGlass(next, { ...glass, brokenAt: at })
    }
    case 'GlassCalledOff':
      return withGlass(incident, { ...glass, calledOff: { at, why: event.why } })
    case 'GlassReviewed': {
      const { verdict, note } = event
      return withGlass(incident, { ...glass, review: { by: personOf(by), at, verdict, note } })
    }
  }
}

/** What is to be done alone when its delay is over: announced, and neither broken, called off, nor decided by others. */
export function glassPending({ glass, requests }: Pick<OpenedIncident, 'glass' | 'requests'>): readonly Glass[] {
  return [...glass.values()].filter(
    ({ request, brokenAt, calledOff }) =>
      brokenAt === undefined && calledOff === undefined && requests.get(request)?.end.kind === 'open',
  )
}

/** What was done alone. */
export function glassBroken({ glass }: OpenedIncident): readonly Glass[] {
  return [...glass.values()].filter(({ brokenAt }) => brokenAt !== undefined)
}

function withGlass(incident: OpenedIncident, glass: Glass): OpenedIncident {
  return { ...incident, glass: new Map(incident.glass).set(glass.request, glass) }
}

function personOf(by: Person | undefined): Person {
  if (by === undefined) throw new Error('ledger out of order: a person has to stand behind this entry')
  return by
}
