import type { Logger } from 'pino'
import type { Slack } from '#/slack/start-slack.ts'
import { every } from './every.ts'

/** Somebody is at Autentico's page meanwhile, and should not have to read it through. */
const lookEveryMs = 500

/** Whoever signs in to approve what others have decided is told so at once. */
export function startEndingSignIns({
  slack,
  log,
}: {
  readonly slack: Pick<Slack, 'endDecidedSignIns'>
  readonly log: Logger
}): AsyncDisposable {
  return every(lookEveryMs, log, async () => slack.endDecidedSignIns())
}
