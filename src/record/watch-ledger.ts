import type { Head } from '#/ledger/chain.ts'
import type { Ledger } from '#/ledger/ledger.ts'
import { LedgerWriteFailed } from '#/ledger/ledger.ts'
import type { KeptCheckpoint, Verification } from '#/ledger/verify.ts'
import { type VerifyTask, verifyInThread } from './verify-in-thread.ts'

/** What the last verification in the background found. */
export type Verified = {
  readonly ok: boolean
  /** Up to this entry all was well. */
  readonly seq: number
  /** ISO 8601, UTC: when that was found. */
  readonly at: string
  /** The first thing that does not hold. */
  readonly problem: string | undefined
}

/** Looks after the ledger while the bot works: whether it can be written, and whether what stands in it still holds. */
export type LedgerWatch = AsyncDisposable & {
  /** Why nothing can be recorded right now, and since when. Undefined: the last write was taken. */
  trouble(): { readonly why: string; readonly since: string } | undefined
  /** Told of a write that was refused elsewhere, so that it is known at once. */
  failed(error: LedgerWriteFailed): void
  verified(): Verified | undefined
  /** Verifies the whole ledger now, with these checkpoints that were kept elsewhere. One at a time: it waits for the one under way. */
  verifyNow(checkpoints?: readonly KeptCheckpoint[]): Promise<Verification>
}

export type LedgerWatchOptions = {
  readonly ledger: Pick<Ledger, 'size' | 'tryWriting'>
  readonly dataDir: string
  /** Between two verifications of what is new; the whole ledger is verified soon after the start and then every six hours. */
  readonly everyMs: number
  readonly log: { error(fields: object, message: string): void; info(fields: object, message: string): void }
  readonly now?: () => Date
  readonly tryEveryMs?: number
  readonly wholeEveryMs?: number
}

/** Not at once: who starts the bot waits for other things first. */
const firstAfterMs = 30_000

export function watchLedger(options: LedgerWatchOptions): LedgerWatch {
  const { ledger, dataDir, everyMs, log, now = () => new Date(), tryEveryMs = 5_000 } = options
  const { wholeEveryMs = 6 * 3_600_000 } = options
  const stopping = new AbortController()
  let trouble: { readonly why: string; readonly since: string } | undefined
  let verified: Verified | undefined
  let head: Head | undefined
  let wholeAt = Number.NEGATIVE_INFINITY
  let last: Promise<unknown> = Promise.resolve()

  const failed = (error: LedgerWriteFailed): void => {
    if (trouble === undefined)
      log.error({ why: error.message }, 'the ledger cannot be written: nothing is done until it can')
    trouble = { why: error.code, since: trouble?.since ?? now().toISOString() }
  }
  const tryWriting = (): void => {
    try {
      ledger.tryWriting()
      if (trouble !== undefined) log.info({ since: trouble.since }, 'the ledger can be written again')
      trouble = undefined
    } catch (error) {
      if (!(error instanceof LedgerWriteFailed)) throw error
      failed(error)
    }
  }

  const verify = async (task: VerifyTask): Promise<Verification> => {
    const next = last.then(async () => verifyInThread(task, stopping.signal))
    last = next.catch(() => undefined)
    const report = await next
    keep(task, report)
    return report
  }
  const keep = ({ from }: VerifyTask, { ok, problems, head: reached }: Verification): void => {
    if (from === undefined) wholeAt = now().getTime()
    if (ok) head = reached ?? head
    else
      log.error({ problems: problems.slice(0, 5) }, 'the ledger is damaged: what stands in it is not what was recorded')
    const [first] = problems
    const problem =
      first === undefined ? undefined : `${first.seq === undefined ? '' : `entry ${first.seq}: `}${first.what}`
    verified = { ok, seq: head?.seq ?? 0, at: now().toISOString(), problem }
  }
  const inBackground = async (): Promise<void> => {
    if (now().getTime() - wholeAt >= wholeEveryMs) return void (await verify({ dataDir }))
    // What was found damaged is looked at as a whole again, at the slower pace.
    if (verified?.ok === true && ledger.size() > (head?.seq ?? 0)) await verify({ dataDir, from: head })
  }
  const look = (): void =>
    void inBackground().catch((error: unknown) => {
      if (stopping.signal.aborted) return
      log.error({ why: error instanceof Error ? error.message : String(error) }, 'the ledger could not be verified')
    })

  const timers = [setInterval(tryWriting, tryEveryMs), setInterval(look, everyMs)]
  const first = setTimeout(look, Math.min(everyMs, firstAfterMs))
  return {
    trouble: () => trouble,
    failed,
    verified: () => verified,
    verifyNow: async (checkpoints = []) => verify({ dataDir, checkpoints }),
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer)
      clearTimeout(first)
      stopping.abort()
      await last
    },
  }
}
