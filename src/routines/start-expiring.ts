import type { Logger } from 'pino'
import type { Governance } from '#/deciders/governance.ts'
import { type Incidents, later } from '#/deciders/incidents.ts'
import { expire, remindOfLaw } from '#/followers/reminder.ts'
import { every } from './every.ts'

const expireEveryMs = 1_000

/** Requests and changes run out by the clock, and who has to report by law is told while there is time. */
export function startExpiring({
  incidents,
  governance,
  legalDeadlineMs,
  log,
  now,
}: {
  readonly incidents: Incidents
  readonly governance: Governance
  readonly legalDeadlineMs: number
  readonly log: Logger
  readonly now: () => Date
}): AsyncDisposable {
  return every(expireEveryMs, log, async () => {
    const { digest: policyDigest } = governance.policy()
    const around = { now: now().toISOString(), outlived: incidents.outlived, policyDigest }
    expire(incidents.open(), around, (id) => void incidents.execute(id, { type: 'ExpireRequests' }))
    governance.expire()
    remindOfLaw(incidents.open(), { ...around, later, legalDeadlineMs }, (id) => {
      incidents.execute(id, { type: 'RemindOfLegalClock' })
    })
  })
}
