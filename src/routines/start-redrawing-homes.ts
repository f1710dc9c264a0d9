import type { Logger } from 'pino'
import type { Ledger } from '#/ledger/ledger.ts'
import type { Slack } from '#/slack/start-slack.ts'
import { every } from './every.ts'

/** Slack lets an app draw about one Home tab a second. */
const redrawEveryMs = 5_000

/** Home tabs that are open follow the ledger: they are drawn anew when it has grown. */
export function startRedrawingHomes({
  ledger,
  slack,
  log,
}: {
  readonly ledger: Ledger
  readonly slack: Slack
  readonly log: Logger
}): AsyncDisposable {
  let drawn = ledger.size()
  return every(redrawEveryMs, log, async () => {
    const size = ledger.size()
    if (size === drawn) return
    drawn = size
    await slack.redrawHomes()
  })
}
