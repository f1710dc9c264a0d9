import { createHash, type KeyObject, randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Autentico } from '#/autentico/connect.ts'
import type { WorkResult } from '#/incident/work.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import { lockAccount } from './account-lock.ts'
import { type ActionContext, type ActionTimes, CannotBeDone, type Reach, type Report } from './actions/action.ts'
import { actions } from './actions/index.ts'
import { type BackOff, jittered } from './back-off.ts'
import { GiveUp, HandBack, type Taken, TryAgain } from './consumer.ts'
import { meaningOf } from './failures.ts'
import type { Journal, Remembered } from './journal.ts'
import type { Log } from './log.ts'
import { longestNote, type SharedMemory } from './memory.ts'
import { isFinal, type Outcome, signNotice, signOutcome } from './outcome.ts'
import type { Envelope } from './signing.ts'
import type { StopSigns } from './stops.ts'
import { judgeOrder, type WorkOrder } from './work-order.ts'

export type TakerDeps = {
  readonly name: string
  readonly autentico: Autentico
  readonly reach: Reach
  readonly botKeys: readonly KeyObject[]
  readonly signingKey: KeyObject
  readonly sealTo: KeyObject
  readonly redis: Redis
  readonly prefix: string
  readonly journal: Journal
  readonly memory: SharedMemory
  readonly stops: StopSigns
  /** Sends what the journal holds; throws when Redis does not take it. */
  readonly flush: () => Promise<void>
  readonly log: Log
  readonly now: () => Date
  readonly times: ActionTimes
  readonly backOff: BackOff
  readonly randomBytes: (size: number) => Buffer
  readonly lockMs: number
  /** `ms`: from when it was issued, or might be begun, until it ended. */
  readonly ended?:
    | ((order: { readonly action: ActionName; readonly result: WorkResult['kind']; readonly ms: number }) => void)
    | undefined
}

/**
 * What a worker does with a message from the order queue. When it returns, the order has ended and Redis has its outcome.
 * Nothing is done for what is not signed, has been done, or whose time is over.
 */
export function orderTaker(deps: TakerDeps): (message: Taken) => Promise<void> {
  const { botKeys, journal, memory, now } = deps

  return async (message) => {
    const changes = (action: WorkOrder['action']): boolean => actions[action].changes
    const judged = judgeOrder(message.content, { botKeys, jobId: message.id, now: now(), changes })
    if (judged.kind === 'forged') return refuse(deps, message, judged)

    const { order } = judged
    journal.take(order.id, laterBy(order.expiresAt, 86_400_000))
    const known = await recall(deps, order.id)
    if (known.final !== undefined) return repeat(deps, order, known.final)
    const say = speaker(deps, order, message.attempt)
    if (judged.kind === 'expired') {
      await say.last({ result: tooLate(order, known) })
      return tell(deps, order, 'failed')
    }
    // Held by an emergency stop, it leaves the queue. The bot issues it again when two people let it go on.
    const halted = { kind: 'halted', begun: known.begunAt !== undefined, attempt: message.attempt } as const
    if (await isHeld(deps, order)) return say.arrived(halted)
    const waitMs = order.notBefore === undefined ? 0 : Date.parse(order.notBefore) - now().getTime()
    if (waitMs > 0) throw new TryAgain(waitMs, 'It is not time yet.')

    const report = await attempt(deps, { order, known, message, say })
    if (report === 'halted') return say.arrived({ ...halted, begun: journal.recall(order.id)?.begunAt !== undefined })
    await say.last(report)
    tell(deps, order, report.result.kind)
    if (report.result.kind !== 'failed')
      deps.log.info({ order: order.id, action: order.action, ended: report.result.kind }, 'order ended')
    await memory.end(order.id, say.ended())
  }
}

function tell({ ended, now }: TakerDeps, order: WorkOrder, result: WorkResult['kind']): void {
  const since = Date.parse(order.notBefore ?? order.issuedAt)
  ended?.({ action: order.action, result, ms: Math.max(0, now().getTime() - since) })
}

async function recall({ memory }: TakerDeps, order: WorkOrder['id']): Promise<Remembered> {
  try {
    return await memory.recall(order)
  } catch (error) {
    throw new TryAgain(
      1_000,
      `Redis could not be asked about ${order}: ${error instanceof Error ? error.name : 'no answer'}.`,
    )
  }
}

/** Reported under its own digest, so that the same forgery met twice is reported once while the first report is kept. */
async function refuse(
  { name, journal, signingKey, flush, log, now }: TakerDeps,
  { id }: Taken,
  { why, digest }: { readonly why: string; readonly digest: string },
): Promise<never> {
  log.warn({ job: id.slice(0, 100), why, digest }, 'a work order was refused')
  const notice = {
    worker: name,
    at: now().toISOString(),
    what: 'work order',
    why,
    digest,
    jobId: id.slice(0, 200),
  } as const
  journal.say({
    order: '',
    id: `forged-${digest.slice(0, 32)}`,
    kind: 'notice',
    envelope: signNotice(notice, signingKey),
    final: false,
  })
  await delivered(flush)
  throw new GiveUp(why)
}

/** The order was done before. Its outcome is given again; nothing else happens. */
async function repeat({ journal, flush }: TakerDeps, { id }: WorkOrder, final: Envelope): Promise<void> {
  journal.say({ order: id, id: `${id}.${randomUUID()}`, kind: 'outcome', envelope: final, final: true })
  await delivered(flush)
}

async function isHeld({ stops }: TakerDeps, order: WorkOrder): Promise<boolean> {
  try {
    return await stops.holds(order)
  } catch {
    throw new TryAgain(1_000, 'Redis could not be asked whether the work is stopped.')
  }
}

/** The emergency stop was met before something would have been changed. */
class Halted extends Error {
  override readonly name = 'Halted'
}

type Speaker = {
  /** Something on the way, which need not have arrived before the work goes on. */
  note(result: WorkResult): void
  /** The same, but when it returns Redis has it. */
  arrived(result: WorkResult): Promise<void>
  /** How the order ended. When it returns, Redis has it. */
  last(report: Report): Promise<void>
  ended(): Envelope
}

function speaker({ name, journal, signingKey, flush, now }: TakerDeps, order: WorkOrder, attempts: number): Speaker {
  let ended: Envelope | undefined
  function say(report: Report): Envelope {
    const outcome: Outcome = {
      ...report,
      order: order.id,
      incident: order.incident,
      worker: name,
      attempt: attempts,
      at: now().toISOString(),
      final: isFinal(report.result),
    }
    const envelope = signOutcome(outcome, signingKey)
    journal.say({ order: order.id, id: `${order.id}.${randomUUID()}`, kind: 'outcome', envelope, final: outcome.final })
    return envelope
  }
  return {
    note(result) {
      say({ result })
      void flush().catch(() => undefined)
    },
    async arrived(result) {
      say({ result })
      await delivered(flush)
    },
    async last(report) {
      ended = say(report)
      await delivered(flush)
    },
    ended() {
      if (ended === undefined) throw new Error(`${order.id} has not ended`)
      return ended
    },
  }
}

/** The order stays in the queue until its outcome has arrived; taken again, the journal answers. */
async function delivered(flush: () => Promise<void>): Promise<void> {
  try {
    await flush()
  } catch {
    throw new TryAgain(1_000, 'The outcome could not be delivered yet.')
  }
}

type Attempt = { readonly order: WorkOrder; readonly known: Remembered; readonly message: Taken; readonly say: Speaker }

async function attempt(deps: TakerDeps, what: Attempt): Promise<Report | 'halted'> {
  try {
    return await run(deps, what)
  } catch (error) {
    if (error instanceof Halted) return 'halted'
    // Stopping cuts what is under way off, and then nothing may be written any more. Whoever takes the order next reads what is true.
    if (what.message.signal.aborted) throw new HandBack('The worker is stopping.')
    return afterFailure(deps, what, error)
  }
}

async function run(deps: TakerDeps, { order, known, message, say }: Attempt): Promise<Report> {
  const action = actions[order.action]
  const changing = order.mode === 'run' && action.changes
  // An id is whatever Autentico says it is; its digest fits any key.
  const key = `${deps.prefix}:account:${createHash('sha256').update(order.target.id).digest('hex').slice(0, 32)}`
  await using lock = changing ? await lockAccount(deps.redis, { key, ms: deps.lockMs }) : undefined
  if (changing && lock === undefined) throw new TryAgain(jittered(1), 'Another order changes this account.')
  const isNew = known.begunAt === undefined && known.waits === undefined
  if (order.mode === 'run' && (isNew || (order.resumed !== undefined && message.attempt === 1)))
    say.note({ kind: 'started', attempt: message.attempt })

  const mayUndo = async (): Promise<void> => {
    if (message.signal.aborted) throw new HandBack('The worker is stopping.')
    await lock?.fence()
  }
  const fence = async (): Promise<void> => {
    await mayUndo()
    if (await isHeld(deps, order)) throw new Halted('The work was stopped.')
  }
  const what = { order, known, message, say }
  const ctx = await contextOf(deps, order, known, {
    fence,
    mayUndo,
    waits: (why) => notice(deps, what, { why }),
    asks: (why) => notice(deps, what, { why, onPeople: true }),
    tell: teller(deps, say),
  })
  if (order.mode === 'run') return await action.run(ctx)
  if (action.prepare === undefined)
    throw new CannotBeDone(`There is nothing to prepare for ${order.action}.`, { retry: false })
  return { result: await action.prepare(ctx) }
}

async function contextOf(
  deps: TakerDeps,
  order: WorkOrder,
  known: Remembered,
  {
    fence,
    mayUndo,
    waits,
    asks,
    tell,
  }: Pick<ActionContext['progress'], 'fence' | 'mayUndo' | 'waits' | 'asks' | 'tell'>,
): Promise<ActionContext> {
  const { autentico, reach, memory, now, times, sealTo } = deps
  const requestIds = latest(mostRequestIds)
  let begunAt = known.begunAt
  let notes = known.notes
  const keep = async (): Promise<void> => {
    begunAt ??= now().toISOString()
    await memory.begin(order.id, begunAt, notes)
  }
  return {
    order,
    reach,
    now,
    times,
    sealTo,
    randomBytes: deps.randomBytes,
    autentico: await autentico
      .tracing(({ requestId }) => void (requestId === undefined || requestIds.add(requestId)))
      .trusted(),
    requestIds: requestIds.all,
    progress: {
      get begunAt() {
        return begunAt
      },
      note: (name) => notes[name],
      noteOf: async (other, name) => (await recall(deps, other)).notes[name],
      async begin(found) {
        notes = { ...notes, ...found }
        await keep()
      },
      async remember(name, value) {
        // Longer, the others would not believe a word of it, and begin anew.
        if (value.length > longestNote) throw new RangeError(`${name} is too long for the memory of an order`)
        notes = { ...notes, [name]: value }
        await keep()
      },
      fence,
      mayUndo,
      waits,
      asks,
      tell,
    },
  }
}

/** An order that concerns everybody makes tens of thousands of calls; the record needs no more than its last ones. */
const mostRequestIds = 1_000

function latest(most: number): { readonly add: (text: string) => void; readonly all: () => readonly string[] } {
  const kept = new Set<string>()
  return {
    add(text) {
      kept.add(text)
      const [oldest] = kept
      if (kept.size > most && oldest !== undefined) kept.delete(oldest)
    },
    all: () => [...kept],
  }
}

const tellEveryMs = 2_000

/** Says how far an order is, seldom enough for the record, and not at all of what is over in a moment. */
function teller({ now }: TakerDeps, say: Speaker): ActionContext['progress']['tell'] {
  let last = now().getTime()
  return (progress) => {
    const at = now().getTime()
    if (at - last < tellEveryMs) return
    last = at
    say.note({ kind: 'progress', ...progress })
  }
}

/** Says once what an order waits for. */
function notice(
  { journal }: TakerDeps,
  { order, known, message, say }: Attempt,
  what: { readonly why: string; readonly onPeople?: true },
): void {
  if ((journal.recall(order.id) ?? known).waits === what.why) return
  journal.wait(order.id, what.why)
  say.note({ kind: 'waiting', ...what, attempt: message.attempt })
}

/** Tries again later, says that it failed, or lets go: the only place where a failure of the outside decides about an order. */
function afterFailure(deps: TakerDeps, what: Attempt, error: unknown): Report {
  const { log, now, backOff } = deps
  const { order, message, known } = what
  const begun = begunOf(deps.journal.recall(order.id) ?? known)
  const meaning = meaningOf(error)
  switch (meaning.kind) {
    case 'leave':
      throw meaning.error
    case 'fail':
      return { result: { ...meaning, kind: 'failed', ...begun } }
    case 'bug':
      log.error({ err: error, order: order.id }, 'a fault of our own stopped an order')
      return {
        result: {
          kind: 'failed',
          sentence: 'The worker stopped on a fault of its own; its log says more.',
          retry: true,
          ...begun,
        },
      }
    case 'wait': {
      notice(deps, what, { why: meaning.why })
      const wanted =
        meaning.until === undefined
          ? Math.max(jittered(message.attempt, backOff), meaning.soonMs ?? 0)
          : meaning.until.getTime() - now().getTime()
      // Not past its end, so that it is told in time that it came to nothing.
      throw new TryAgain(Math.max(0, Math.min(wanted, Date.parse(order.expiresAt) - now().getTime())), meaning.why)
    }
  }
}

function tooLate({ expiresAt, issuedAt }: WorkOrder, { waits, begunAt }: Remembered): WorkResult {
  const minutes = Math.max(1, Math.round((Date.parse(expiresAt) - Date.parse(issuedAt)) / 60_000))
  const age = `The approval is older than ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`
  const state = begunAt === undefined ? 'so nothing was done' : 'and the work, though begun, could not be ended'
  const why = waits === undefined ? '' : ` The last thing in the way: ${waits}`
  return { kind: 'failed', sentence: `${age}, ${state}; ask again.${why}`, retry: true, ...begunOf({ begunAt }) }
}

/** Whether something may have been changed before it failed. */
function begunOf({ begunAt }: { readonly begunAt?: string | undefined }): { readonly begun?: true } {
  return begunAt === undefined ? {} : { begun: true }
}

function laterBy(at: string, ms: number): string {
  return new Date(Date.parse(at) + ms).toISOString()
}
