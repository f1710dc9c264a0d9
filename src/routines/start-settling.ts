import type { Logger } from 'pino'
import { type Incidents, later } from '#/deciders/incidents.ts'
import { breakDueGlass, endHolds } from '#/followers/alone.ts'
import type { Slack } from '#/slack/start-slack.ts'
import { every } from './every.ts'

const settleEveryMs = 1_000

/** What one person may do alone ends, or begins, by the clock. */
export function startSettling({
  incidents,
  slack,
  log,
  now,
}: {
  readonly incidents: Incidents
  readonly slack: Slack
  readonly log: Logger
  readonly now: () => Date
}): AsyncDisposable {
  return every(settleEveryMs, log, async () => {
    endHolds(incidents.open(), { now: now().toISOString(), later }, (id) => {
      incidents.execute(id, { type: 'SettleHolds' })
    })
    await breakDueGlass({
      open: () => incidents.open(),
      now: () => now().toISOString(),
      ripe: incidents.ripe,
      standing: async ({ slack: { user } }) => slack.roster.standing(user),
      breakNow: (id, request, standing) => void incidents.execute(id, { type: 'BreakGlassNow', request, standing }),
    })
  })
}
