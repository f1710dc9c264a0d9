import { join } from 'node:path'
import type { Logger } from 'pino'
import { type Incidents, recordedOf } from '#/deciders/incidents.ts'
import { createFiler } from '#/followers/filer.ts'
import { TryLater } from '#/followers/poster.ts'
import { readEvidence } from '#/ledger/evidence.ts'
import { cappedBackoff } from '#/ledger/follow.ts'
import type { Ledger } from '#/ledger/ledger.ts'
import { packInThread } from '#/record/pack-in-thread.ts'
import type { Slack } from '#/slack/start-slack.ts'
import { every } from './every.ts'
import { followLedger } from './follow-ledger.ts'

const againEveryMs = 20_000

/** Puts the files that entries name into the incidents' threads, from now on until it is closed. */
export function startFiler({
  ledger,
  incidents,
  slack,
  dataDir,
  log,
}: {
  readonly ledger: Ledger
  readonly incidents: Incidents
  readonly slack: Pick<Slack, 'files'>
  readonly dataDir: string
  readonly log: Logger
}): AsyncDisposable {
  const filer = createFiler({
    find: (id) => incidents.find(id),
    timeline: (id) => incidents.timeline(id),
    evidence: async (digest) => readEvidence(join(dataDir, 'evidence'), digest),
    pack: async (incident, size, stopping) => packInThread({ dataDir, incident, size }, stopping),
    files: slack.files,
    startedAfter: ledger.head()?.seq ?? 0,
    onLost: (id, error) =>
      log.error(
        { incident: id, why: error.message },
        'the thread of an incident takes no files; they are in the evidence folder and are tried again until the bot ends',
      ),
  })
  const following = followLedger({
    ledger,
    name: 'filer',
    handle: async (entries) => filer.handle(entries.map(recordedOf)),
    log,
    // Nobody waits for a file within seconds: Slack is left alone for as long as it asks.
    retryIn: (attempt, error) => (error instanceof TryLater ? error.afterMs : undefined) ?? cappedBackoff(attempt),
  })
  const again = every(againEveryMs, log, filer.again)
  return {
    async [Symbol.asyncDispose]() {
      filer.stop()
      await again[Symbol.asyncDispose]()
      await following[Symbol.asyncDispose]()
    },
  }
}
