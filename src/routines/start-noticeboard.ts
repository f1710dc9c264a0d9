import type { Logger } from 'pino'
import type { Config, SlackConfig } from '#/config.ts'
import type { Governance } from '#/deciders/governance.ts'
import { slackBoard } from '#/followers/board.ts'
import { createNoticeboard } from '#/followers/noticeboard.ts'
import { TryLater } from '#/followers/poster.ts'
import { cappedBackoff } from '#/ledger/follow.ts'
import type { Ledger } from '#/ledger/ledger.ts'
import type { Slack } from '#/slack/start-slack.ts'
import { every } from './every.ts'
import { followLedger } from './follow-ledger.ts'

const againEveryMs = 20_000

/** Shows changes of the rules in the incident channel, from now on until it is closed. */
export function startNoticeboard({
  ledger,
  governance,
  slack,
  config,
  log,
}: {
  readonly ledger: Ledger
  readonly governance: Governance
  readonly slack: Pick<Slack, 'outbound'>
  readonly config: Config & { readonly slack: SlackConfig }
  readonly log: Logger
}): AsyncDisposable {
  const { drill } = config
  const { channel } = config.slack
  const noticeboard = createNoticeboard({
    change: (id) => governance.change(id),
    pending: () => governance.pending(),
    timeline: () => governance.timeline(),
    shown: (id, place) => void governance.execute({ type: 'ShowChange', change: id, ...place }),
    board: slackBoard({ outbound: slack.outbound, channel, drill }),
    drill,
    onLost: (change, error) =>
      log.error(
        { change, why: error.message },
        'a change of the rules cannot be shown in the channel; the ledger goes on without it',
      ),
  })
  const following = followLedger({
    ledger,
    name: 'noticeboard',
    handle: noticeboard.handle,
    log,
    retryIn: (attempt, error) => (error instanceof TryLater ? error.afterMs : undefined) ?? cappedBackoff(attempt) / 4,
  })
  const again = every(againEveryMs, log, noticeboard.redraw)
  return {
    async [Symbol.asyncDispose]() {
      await again[Symbol.asyncDispose]()
      await following[Symbol.asyncDispose]()
    },
  }
}
