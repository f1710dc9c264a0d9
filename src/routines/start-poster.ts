import type { Logger } from 'pino'
import type { Config } from '#/config.ts'
import type { Incidents } from '#/deciders/incidents.ts'
import { createPoster, type Poster } from '#/followers/poster.ts'
import { slackThread } from '#/followers/thread.ts'
import type { Ledger } from '#/ledger/ledger.ts'
import type { Policy } from '#/policy/policy.ts'
import type { Slack } from '#/slack/start-slack.ts'
import { every } from './every.ts'
import { followLedger, soon } from './follow-ledger.ts'

const redrawEveryMs = 20_000

/** What writes to the incidents' threads in Slack, not started yet. */
export function posterOf({
  ledger,
  incidents,
  slack,
  policy,
  config,
  log,
  now,
}: {
  readonly ledger: Ledger
  readonly incidents: Incidents
  readonly slack: Slack
  readonly policy: () => Policy
  readonly config: Pick<Config, 'messageSpacingMs'>
  readonly log: Logger
  readonly now: () => Date
}): Poster {
  const thread = slackThread({
    outbound: slack.outbound,
    linkTo: (place) => slack.linkTo(place),
    timeline: (id) => incidents.timeline(id),
    policy,
    now,
  })
  return createPoster({
    find: (id) => incidents.find(id),
    timeline: (id, after) => incidents.timeline(id, after),
    startThread: (id, { channel, ts }) => void incidents.execute(id, { type: 'StartThread', channel, ts }),
    thread,
    onLost: (id, error) =>
      log.error(
        { incident: id, why: error.message },
        'the thread of an incident cannot be written; the ledger goes on without it',
      ),
    position: () => ledger.cursor('poster'),
    spacingMs: config.messageSpacingMs,
  })
}

/** Keeps every incident's card and thread as the ledger says, from now on until it is closed. */
export function startPoster({
  ledger,
  incidents,
  poster,
  log,
}: {
  readonly ledger: Ledger
  readonly incidents: Incidents
  readonly poster: Poster
  readonly log: Logger
}): AsyncDisposable {
  const following = followLedger({ ledger, name: 'poster', handle: poster.handle, log, retryIn: soon })
  // Countdowns move on although nothing happens.
  const redrawing = every(redrawEveryMs, log, async () => poster.redraw(incidents.open().map(({ id }) => id)))
  return {
    async [Symbol.asyncDispose]() {
      poster.stop()
      await redrawing[Symbol.asyncDispose]()
      await following[Symbol.asyncDispose]()
    },
  }
}
