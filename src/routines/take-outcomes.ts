import { join } from 'node:path'
import type { Logger } from 'pino'
import { type Incidents, systemStream } from '#/deciders/incidents.ts'
import type { OrderId } from '#/incident/work.ts'
import type { BotKeys } from '#/keyring.ts'
import { cannotKeep, refusedByDisk } from '#/ledger/disk.ts'
import { storeEvidence } from '#/ledger/evidence.ts'
import { type Consumer, TryAgain } from '#/work/consumer.ts'
import type { Outcome } from '#/work/outcome.ts'
import { consumeOutcomes } from '#/work/outcomes.ts'
import type { RedisPlace } from '#/work/queue.ts'
import { open as unseal } from '#/work/seal.ts'
import type { Vault } from '#/work/vault.ts'

const tryAgainMs = 1_000
/** An outcome that was not tried again for so long has been lost after all. */
const waitsForMs = 30_000

/** Takes the outcomes out of the queue. */
export type OutcomeTaker = Consumer & {
  /** Whether the outcome of this order has come and waits for the disk. */
  readonly waits: (order: OrderId) => boolean
}

/**
 * What workers report becomes a command, and so goes through the rules like everything else. Evidence and secrets are kept first; while the
 * disk refuses them the order has not ended, the thread says why, and the report comes again.
 */
export function takeOutcomes({
  redis,
  dataDir,
  keys,
  workerKeys,
  incidents,
  vault,
  log,
}: {
  readonly redis: RedisPlace
  readonly dataDir: string
  readonly keys: BotKeys
  readonly workerKeys: Parameters<typeof consumeOutcomes>[0]['workerKeys']
  readonly incidents: Incidents
  readonly vault: Vault
  readonly log: Logger
}): OutcomeTaker {
  const record = ({ incident, worker, order }: Outcome, result: Outcome['result']) =>
    incidents.execute(incident, { type: 'RecordOutcome', worker, order, result })
  const waiting = new Map<OrderId, number>()
  const keep = async (outcome: Outcome): Promise<void> => {
    try {
      await keepEvidence(outcome, join(dataDir, 'evidence'), keys)
      if (outcome.sealed !== undefined) vault.keep(outcome.order, outcome.sealed)
      waiting.delete(outcome.order)
    } catch (error) {
      const refused = refusedByDisk(error)
      if (refused === undefined) throw error
      const { incident, order } = outcome
      const what = outcome.sealed === undefined ? 'the evidence' : 'the temporary password'
      const why = cannotKeep(what, refused)
      // It is the bot that waits: the worker has done its part.
      const said = incidents.execute(incident, { type: 'RecordWait', order, why })
      if (said.kind === 'accepted' && said.recorded.length > 0)
        log.error({ order, why }, 'an outcome waits for the disk')
      waiting.set(order, performance.now())
      throw new TryAgain(tryAgainMs, why)
    }
  }
  const consumer = consumeOutcomes({
    ...redis,
    workerKeys,
    onOutcome: async (outcome) => {
      // Only what the ledger waits for is kept; an outcome that comes a second time brings nothing new.
      if (incidents.find(outcome.incident)?.orders.has(outcome.order) === true) await keep(outcome)
      const { order, worker, result } = outcome
      const executed = record(outcome, result)
      if (executed.kind === 'refused') {
        log.info({ order, worker, kind: result.kind }, 'an outcome came for an order that has ended')
        return
      }
      if (result.kind === 'failed') log.warn({ order, worker, why: result.sentence }, 'an order came to nothing')
      else if (outcome.final) log.info({ order, worker, kind: result.kind }, 'an order has ended')
    },
    onForgery: async (forgery) => {
      log.error(forgery, `a forged ${forgery.what} was refused`)
      incidents.execute(systemStream, { type: 'RecordForgery', ...forgery })
    },
  })
  return { ...consumer, waits: (order) => performance.now() - (waiting.get(order) ?? -waitsForMs) < waitsForMs }
}

async function keepEvidence({ order, evidence = [] }: Outcome, directory: string, keys: BotKeys): Promise<void> {
  for (const { name, digest, sealed } of evidence) {
    const stored = await storeEvidence(directory, unseal(sealed, keys.sealing.privateKey, order))
    if (stored !== digest) throw new Error(`the evidence ${name} of ${order} is not what its digest says`)
  }
}
