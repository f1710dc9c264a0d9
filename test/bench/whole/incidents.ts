import { recordedOf } from '#/deciders/incidents.ts'
import type { Stage } from '#/drill/stage.ts'
import type { IncidentId } from '#/incident/events.ts'
import { evolve } from '#/incident/evolve.ts'
import { type Incident, type OpenedIncident, unopened } from '#/incident/state.ts'
import { ledgerOf } from '../../support/incident-flow.ts'

/** The incidents that are open, as the ledger on disk tells them. Each look reads only what is new, so looking often costs little. */
export type OpenIncidents = Disposable & {
  readonly find: (id: IncidentId) => OpenedIncident | undefined
  readonly about: (username: string) => OpenedIncident | undefined
}

export function readIncidents(stage: Stage): OpenIncidents {
  const ledger = ledgerOf(stage)
  const states = new Map<IncidentId, Incident>()
  let read = 0
  const readOn = (): void => {
    for (;;) {
      const news = ledger.read({ after: read, limit: 1_000 }).map(recordedOf)
      if (news.length === 0) return
      for (const recorded of news) {
        const { incident, seq } = recorded
        const state = evolve(states.get(incident) ?? unopened, recorded)
        if (state.status === 'closed') states.delete(incident)
        else states.set(incident, state)
        read = seq
      }
    }
  }
  const open = (): readonly OpenedIncident[] => {
    readOn()
    return [...states.values()].filter((state) => state.status !== 'unopened')
  }
  return {
    find: (id) => open().find((incident) => incident.id === id),
    about: (username) => open().find(({ target }) => target.username === username),
    [Symbol.dispose]: () => ledger[Symbol.dispose](),
  }
}
