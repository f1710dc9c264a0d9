import { setTimeout as sleep } from 'node:timers/promises'
import type { Incidents } from '#/deciders/incidents.ts'
import type { IncidentId } from '#/incident/events.ts'
import { utc } from '#/incident/times.ts'
import type { KeptCheckpoint, Verification } from '#/ledger/verify.ts'
import { RateLimited, SlackUnavailable } from '#/slack/failures.ts'
import type { Slack } from '#/slack/start-slack.ts'
import type { ThreadMessage } from '#/slack/thread-message.ts'

/** What an incident's thread says about the ledger. */
export type ThreadFindings = {
  readonly thread: 'compared' | 'not readable' | 'no thread'
  /** What does not agree, one sentence each. */
  readonly problems: readonly string[]
  /** The checkpoints that stand in it, to be verified with the ledger. */
  readonly checkpoints: readonly KeptCheckpoint[]
}

type ReadThread = Slack['readThread']

/**
 * Compares what an incident's thread was told with what stands in the ledger: every entry that the thread shows has to be there, with the
 * hash that the thread was told. Throws RateLimited and SlackUnavailable.
 */
export async function compareThread(
  incidents: Pick<Incidents, 'find' | 'timeline'>,
  id: IncidentId,
  readThread: ReadThread,
): Promise<ThreadFindings> {
  const thread = incidents.find(id)?.thread
  if (thread === undefined) return { thread: 'no thread', problems: [], checkpoints: [] }
  const answer = await readThread(thread)
  if (answer.kind === 'not readable') return { thread: 'not readable', problems: [], checkpoints: [] }
  // What others post says nothing about the ledger, whatever it looks like.
  const ours = answer.messages.filter(({ author }) => author.kind === 'ours')
  // Read after the thread was: what the thread shows stood in the ledger before.
  const recorded = new Map(incidents.timeline(id).map(({ seq, hash }) => [seq, hash]))
  const problems = ours.flatMap((message) => disagreements(message, recorded))
  const checkpoints = ours.flatMap((message) =>
    (message.checkpoints ?? []).map((note) => ({ note, where: inThread(id) })),
  )
  return { thread: 'compared', problems, checkpoints }
}

/** The hash of a message is that of its first number. */
function disagreements({ entries, hash }: ThreadMessage, recorded: ReadonlyMap<number, string>): readonly string[] {
  return entries.flatMap((seq, index) => {
    const ours = recorded.get(seq)
    if (ours === undefined) return [`Entry ${seq}, which the thread was told of, is not in the ledger.`]
    const isAnother = index === 0 && hash !== undefined && hash !== ours
    return isAnother ? [`Entry ${seq} is not the one that the thread was told of.`] : []
  })
}

/** Records what does not hold in an incident, and so says it in its thread. Once: every look would find it anew. */
export function doubtRecord(
  incidents: Pick<Incidents, 'timeline' | 'execute'>,
  id: IncidentId,
  { problems, ledger }: { readonly problems: readonly string[]; readonly ledger?: true },
): void {
  if (problems.length === 0) return
  const last = incidents.timeline(id).findLast(({ event }) => event.type === 'RecordDoubted')?.event
  if (last?.type === 'RecordDoubted' && last.problems.join('\n') === problems.join('\n')) return
  incidents.execute(id, { type: 'DoubtRecord', problems, ...(ledger === undefined ? {} : { ledger }) })
}

/** How the threads stood when they were last compared. */
export type Witnessed = {
  /** How many could be read. */
  readonly compared: number
  readonly unreadable: readonly IncidentId[]
  readonly problems: readonly string[]
  /** ISO 8601, UTC. */
  readonly at: string
}

export type ThreadWitness = AsyncDisposable & {
  /** Undefined until the threads of all open incidents were looked at once since the start. */
  witnessed(): Witnessed | undefined
}

export type WitnessOptions = {
  readonly incidents: Pick<Incidents, 'find' | 'timeline' | 'open' | 'execute'>
  readonly readThread: ReadThread
  /** Verifies the whole ledger with these checkpoints. */
  readonly verify: (checkpoints: readonly KeptCheckpoint[]) => Promise<Verification>
  readonly log: { error(fields: object, message: string): void; info(fields: object, message: string): void }
  readonly now: () => Date
  readonly afterMs: number
  /** Between two threads. Slack lets an app read about fifty pages a minute, and the clicks of people need some of them. */
  readonly spacingMs?: number
}

/**
 * Compares the thread of every open incident with the ledger, once, soon after the start. What does not agree is said in the log and the
 * incident's thread, and kept for whoever asks; what Slack does not let us read is no reason to stop.
 */
export function witnessThreads(options: WitnessOptions): ThreadWitness {
  const { incidents, readThread, verify, log, now, spacingMs = 1_500 } = options
  const stopping = new AbortController()
  const pause = async (ms: number): Promise<void> => sleep(ms, undefined, { signal: stopping.signal })
  let witnessed: Witnessed | undefined

  const patiently = async (id: IncidentId): Promise<ThreadFindings> => {
    for (;;) {
      try {
        return await compareThread(incidents, id, readThread)
      } catch (error) {
        if (!(error instanceof RateLimited || error instanceof SlackUnavailable)) throw error
        await pause(error instanceof RateLimited ? error.retryAfterMs : longestPauseMs)
      }
    }
  }

  const witness = async (): Promise<void> => {
    await pause(options.afterMs)
    const found = new Map<IncidentId, ThreadFindings>()
    for (const { id } of incidents.open()) {
      found.set(id, await patiently(id))
      await pause(spacingMs)
    }
    const checkpoints = [...found.values()].flatMap((one) => one.checkpoints)
    const report = checkpoints.length === 0 ? undefined : await verify(checkpoints)
    const problems = [...found].flatMap(([id, one]) => {
      const theirs = [...one.problems, ...ofThread(id, report)]
      doubtRecord(incidents, id, { problems: theirs })
      return theirs.map((problem) => `${id}: ${problem}`)
    })
    const compared = [...found].filter(([, one]) => one.thread === 'compared').length
    const unreadable = [...found].flatMap(([id, one]) => (one.thread === 'not readable' ? [id] : []))
    witnessed = { compared, unreadable, problems, at: now().toISOString() }
    if (problems.length > 0)
      log.error({ problems: problems.slice(0, 5) }, 'threads and the ledger do not agree: one of them was changed')
    else
      log.info(
        { threads: compared, unreadable: unreadable.length, checkpoints: checkpoints.length },
        'the threads agree with the ledger',
      )
  }

  const running = witness().catch((error: unknown) => {
    if (stopping.signal.aborted) return
    log.error({ why: error instanceof Error ? error.message : String(error) }, 'the threads could not be compared')
  })
  return {
    witnessed: () => witnessed,
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await running
    },
  }
}

/** What people are told of the threads where the program says how it is; nothing while they agree. */
export function witnessLines(witness: Pick<ThreadWitness, 'witnessed'>): readonly string[] {
  const { problems = [], at = '' } = witness.witnessed() ?? {}
  const [first] = problems
  return first === undefined
    ? []
    : [
        `⛔ A thread and the ledger do not agree, found ${utc(at)} (${first}${problems.length === 1 ? '' : `, and ${problems.length - 1} more`}). One of them was changed: stop trusting both, and call an operator.`,
      ]
}

const longestPauseMs = 30_000

function inThread(id: IncidentId): string {
  return `in the thread of ${id}`
}

/** What a verification says about the checkpoints of one thread. */
function ofThread(id: IncidentId, report: Verification | undefined): readonly string[] {
  const where = new RegExp(`${inThread(id)}\\b`)
  return (report?.problems ?? [])
    .filter(({ what }) => where.test(what))
    .map(({ seq, what }) => (seq === undefined ? what : `Entry ${seq}: ${what}`))
}
