import type { Logger } from 'pino'
import type { Config } from '#/config.ts'
import { type Incidents, recordedOf } from '#/deciders/incidents.ts'
import { createDispatcher, type Dispatcher } from '#/followers/dispatcher.ts'
import { stopKeeper } from '#/followers/keep-stopped.ts'
import type { OrderId } from '#/incident/work.ts'
import { cannotKeep, refusedByDisk } from '#/ledger/disk.ts'
import type { Ledger } from '#/ledger/ledger.ts'
import type { OrderQueue } from '#/work/order-queue.ts'
import type { StopBoard } from '#/work/stops.ts'
import type { Vault } from '#/work/vault.ts'
import { every } from './every.ts'
import { followLedger, soon } from './follow-ledger.ts'

/** How often something is tried again that the disk refused. */
const diskAgainMs = 1_000

/** Gives the orders that follow from what is recorded, from now on until it is closed. */
export function startDispatcher({
  ledger,
  incidents,
  queue,
  stops,
  vault,
  config,
  log,
}: {
  readonly ledger: Ledger
  readonly incidents: Incidents
  readonly queue: OrderQueue
  readonly stops: StopBoard
  readonly vault: Vault
  readonly config: Pick<Config, 'orderTtlMs'>
  readonly log: Logger
}): AsyncDisposable & Pick<Dispatcher, 'isHeldUp'> {
  const { handle, again, isHeldUp } = createDispatcher({
    find: (id) => incidents.find(id),
    entry: (seq) => recordedAt(ledger, seq),
    issue: async (order) => void (await queue.issue(order)),
    keepStopped: stopKeeperOf(queue, stops),
    release: async (id) => stops.clear(id),
    cancel: async (order) => queue.cancel(order),
    settle: (id, order, { gone }) => void incidents.execute(id, { type: 'SettleWithdrawal', order, gone }),
    expected: () => expectedFindings(ledger),
    sealTo: (order) => keyFor(vault, order),
    wait(id, order, why) {
      const said = incidents.execute(id, { type: 'RecordWait', order, why })
      if (said.kind === 'accepted' && said.recorded.length > 0) log.error({ order, why }, 'an order waits for the disk')
    },
    orderTtlMs: config.orderTtlMs,
  })
  const following = followLedger({
    ledger,
    name: 'dispatcher',
    handle: async (entries) => handle(entries.map(recordedOf)),
    log,
    retryIn: soon,
  })
  const trying = every(diskAgainMs, log, again)
  return {
    isHeldUp,
    async [Symbol.asyncDispose]() {
      await trying[Symbol.asyncDispose]()
      await following[Symbol.asyncDispose]()
    },
  }
}

function recordedAt(ledger: Ledger, seq: number): ReturnType<typeof recordedOf> | undefined {
  const entry = ledger.entry(seq)
  return entry === undefined ? undefined : recordedOf(entry)
}

function keyFor(vault: Vault, order: OrderId): { readonly key: string } | { readonly why: string } {
  try {
    return { key: vault.keyFor(order) }
  } catch (error) {
    const refused = refusedByDisk(error)
    if (refused === undefined) throw error
    return { why: cannotKeep('the temporary password', refused) }
  }
}

/** What people have said of findings, in any incident. Reviews are rare, so this is read when one is ordered. */
function expectedFindings(ledger: Ledger): readonly string[] {
  const keys = ledger
    .streams({ having: 'FindingExpected' })
    .flatMap((id) => ledger.stream(id).map(recordedOf))
    .flatMap(({ event }) => (event.type === 'FindingExpected' ? [event.finding] : []))
  return [...new Set(keys)].slice(-mostExpected)
}

/** What fits into an order; the oldest are asked about again. */
const mostExpected = 2_000

/** Tells the workers of a stop, and takes out of the queue what they have not begun. */
export function stopKeeperOf(queue: OrderQueue, stops: StopBoard): ReturnType<typeof stopKeeper> {
  return stopKeeper({
    publish: async (notice) => stops.publish(notice),
    withdraw: async (order) => queue.withdraw(order),
  })
}
