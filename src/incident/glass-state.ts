import type { StepId } from '#/playbook/playbook.ts'
import type { Person } from './people.ts'
import type { OpenedIncident } from './state.ts'
import type { StepUp } from './step-up.ts'
import type { RequestId } from './work.ts'

export type GlassVerdict = 'justified' | 'not-justified'

/** What happened on the way to doing something alone, on purpose. */
export type GlassEvent =
  /** The requester says that it has to be done alone, and why. Everybody in `told` is called upon; nothing is done before `dueAt`. */
  | {
      readonly type: 'GlassAnnounced'
      readonly request: RequestId
      readonly step?: StepId
      /** What was shown, as an approval would be bound to it. */
      readonly digest: string
      readonly reason: string
      /** ISO 8601, UTC. */
      readonly dueAt: string
      readonly told: readonly Person[]
      readonly stepUp?: StepUp
    }
  /** The delay is over and nobody stopped it: what was asked for is done with one person behind it. */
  | {
      readonly type: 'GlassBroken'
      readonly request: RequestId
      readonly step?: StepId
      readonly digest: string
      readonly by: Person
      readonly reason: string
      readonly announcedAt: string
    }
  /** It is not right any more, or not allowed any more. The request stays open for a second person. */
  | { readonly type: 'GlassCalledOff'; readonly request: RequestId; readonly step?: StepId; readonly why: string }
  /** Somebody else looked at it afterwards. */
  | {
      readonly type: 'GlassReviewed'
      readonly request: RequestId
      readonly step?: StepId
      readonly verdict: GlassVerdict
      readonly note: string
    }

/** Doing something alone, as far as it has come. */
export type Glass = {
  readonly request: RequestId
  readonly by: Person
  readonly at: string
  readonly reason: string
  readonly dueAt: string
  readonly digest: string
  readonly stepUp?: StepUp
  readonly brokenAt?: string
  readonly calledOff?: { readonly at: string; readonly why: string }
  readonly review?: {
    readonly by: Person
    readonly at: string
    readonly verdict: GlassVerdict
    readonly note: string
  }
}

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
