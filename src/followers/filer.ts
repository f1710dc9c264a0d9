import { setTimeout as pause } from 'node:timers/promises'
import type { FileRef } from '#/incident/account.ts'
import type { IncidentId, Recorded } from '#/incident/events.ts'
import { type FiledEvidence, filesOf } from '#/incident/files.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { EvidenceAltered, EvidenceMissing } from '#/ledger/evidence.ts'
import { fileComment, fileNotice, type NotThere } from '#/slack/cards/file-message.ts'
import { concernsToken, SlackRejected, SlackUnavailable } from '#/slack/failures.ts'
import type { Privacy, ThreadFiles } from '#/slack/thread-files.ts'
import { type Place, ThreadLost, TryLater } from './poster.ts'
import { translated } from './thread.ts'

export type FilerDeps = {
  readonly find: (id: IncidentId) => OpenedIncident | undefined
  readonly timeline: (id: IncidentId) => readonly Recorded[]
  /** The bytes with this digest. Throws {@link EvidenceMissing} or {@link EvidenceAltered}. */
  readonly evidence: (digest: string) => Promise<Uint8Array>
  /** The evidence pack of an incident, as of its entry `seq`: the same bytes each time. */
  readonly pack: (incident: IncidentId, seq: number, stopping: AbortSignal) => Promise<Uint8Array>
  readonly files: Pick<ThreadFiles, 'find' | 'privacyOf' | 'upload' | 'share' | 'tell'>
  /** Told once when a thread takes neither files nor words. `again` tries it anew. */
  readonly onLost: (id: IncidentId, error: ThreadLost) => void
  /** The last entry at the start of the program: files up to it may have been given to Slack by one that was cut short. */
  readonly startedAfter: number
  /** How long Slack may take between saying yes to a file and showing it. */
  readonly settleMs?: number
  /** How long to wait before the second look into the thread; each further one waits twice as long. */
  readonly lookAfterMs?: number
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic?: () => number
}

export type Filer = {
  readonly handle: (recorded: readonly Recorded[]) => Promise<void>
  /** Tries the threads anew that took nothing. What Slack does to it is no failure. */
  readonly again: () => Promise<void>
  /** Puts nothing more, so that the program can end. */
  readonly stop: () => void
}

type File = FiledEvidence & FileRef
type Given = { readonly at: number; readonly times: number }

/** Slack has been seen to say yes to a file and never show it; more than once is no accident. */
const mostTimes = 3

/**
 * Ledger to thread, for files: what a step's entry names is put into the incident's thread, once. Slack shows a file a while after it
 * said yes, and a file has no metadata, so the filer looks for its name: before it gives a file to Slack, and until it is there. What
 * cannot be put there is told in the thread, with the way to fetch it; nothing waits for that.
 */
export function createFiler(deps: FilerDeps): Filer {
  const { settleMs = 30_000, lookAfterMs = 2_000, monotonic = () => performance.now() } = deps
  const start = monotonic()
  const stopping = new AbortController()
  /** When a file was last given to Slack, by its name. */
  const given = new Map<string, Given>()
  const lost = new Map<IncidentId, readonly File[]>()
  /** The last entry that was dealt with, also where a later one of the same batch failed. */
  let finished = 0
  let turn: Promise<unknown> = Promise.resolve()

  /** One at a time: the entries and the clock may both want to put the same file. */
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work)
    turn = mine.catch(() => undefined)
    return mine
  }

  const wait = async (ms: number): Promise<void> => {
    await pause(ms, undefined, { signal: stopping.signal }).catch(() => undefined)
    if (stopping.signal.aborted) throw new TryLater('The program is stopping.', { again: true })
  }

  const put = async (incident: OpenedIncident, thread: Place, file: File): Promise<void> => {
    for (let looks = 0; ; looks += 1) {
      const there = await deps.files.find(thread, file.fileName)
      if (there.kind === 'read' && there.found) break
      const last = given.get(file.fileName) ?? (file.seq <= deps.startedAfter ? { at: start, times: 0 } : undefined)
      if (there.kind === 'read' && last !== undefined && monotonic() - last.at < settleMs) {
        await wait(lookAfterMs * 2 ** Math.min(looks, 4))
        continue
      }
      const times = last?.times ?? 0
      const not = times < mostTimes ? await give(incident, thread, { file, times }) : ({ why: 'not shown' } as const)
      if (not !== undefined) await deps.files.tell(thread, fileNotice(incident, file, not), file.fileName)
      if (not !== undefined || there.kind === 'not readable') break
    }
    given.delete(file.fileName)
  }

  /** That it cannot be made is no reason to hold up other files. */
  const pack = async (file: File): Promise<Uint8Array | NotThere> =>
    deps.pack(file.incident, file.seq, stopping.signal).catch((error: unknown) => {
      if (stopping.signal.aborted) throw error
      return { why: 'not made', says: error instanceof Error ? error.message : String(error) }
    })

  /** Gives the file to Slack, or says why not. */
  const give = async (
    incident: OpenedIncident,
    thread: Place,
    { file, times }: { readonly file: File; readonly times: number },
  ): Promise<NotThere | undefined> => {
    const bytes = await (file.isPack === true ? pack(file) : deps.evidence(file.digest).catch(unlessLost))
    if ('why' in bytes) return bytes
    const mayNot = async () => (file.privateOnly ? notIn(await deps.files.privacyOf(thread.channel)) : undefined)
    try {
      const before = await mayNot()
      if (before !== undefined) return before
      const { id } = await deps.files.upload(file.fileName, bytes, stopping.signal)
      // Sending may take a while, and nobody sees the bytes before this moment.
      const now = await mayNot()
      if (now !== undefined) return now
      const comment = fileComment(incident, file)
      await deps.files.share(thread, { id, title: file.title, comment }).catch((error: unknown) => {
        // It may be there although no answer came.
        if (error instanceof SlackUnavailable) given.set(file.fileName, { at: monotonic(), times })
        throw error
      })
    } catch (error) {
      if (error instanceof SlackRejected && !concernsToken(error))
        return { why: 'refused', says: `${error.code}. ${error.remedy}` }
      throw error
    }
    given.set(file.fileName, { at: monotonic(), times: times + 1 })
    return undefined
  }

  /** Where there is no thread yet, the entry that says it was started brings the file here again. */
  const place = async (id: IncidentId, file: File): Promise<void> => {
    const incident = deps.find(id)
    if (incident?.thread === undefined) return
    await put(incident, incident.thread, file).catch((error: unknown) => {
      throw whatNow(error)
    })
  }

  return {
    stop: () => stopping.abort(),
    handle: async (recorded) =>
      inTurn(async () => {
        for (const one of recorded.filter(({ seq }) => seq > finished)) {
          const id = one.incident
          for (const file of becauseOf(one, deps.timeline)) {
            await place(id, file).catch((error: unknown) => {
              if (!(error instanceof ThreadLost)) throw error
              if (!lost.has(id)) deps.onLost(id, error)
              lost.set(id, [...(lost.get(id) ?? []), file])
            })
          }
          finished = one.seq
        }
      }),
    again: async () =>
      inTurn(async () => {
        for (const [id, files] of lost) {
          const left = [...files]
          try {
            for (const file of files) {
              await place(id, file)
              left.shift()
            }
          } catch (error) {
            if (!(error instanceof ThreadLost || error instanceof TryLater)) throw error
          }
          if (left.length === 0) lost.delete(id)
          else lost.set(id, left)
        }
      }),
  }
}

/** The files that may have to be put into a thread now that this entry is there. */
function becauseOf(recorded: Recorded, timeline: FilerDeps['timeline']): readonly File[] {
  if (recorded.event.type !== 'ThreadStarted') return filesOf(recorded)
  return timeline(recorded.incident)
    .filter(({ seq }) => seq < recorded.seq)
    .flatMap(filesOf)
}

function unlessLost(error: unknown): NotThere {
  if (error instanceof EvidenceMissing) return { why: 'missing' }
  if (error instanceof EvidenceAltered) return { why: 'altered' }
  throw error
}

/** Why a file that names people may not be put into a channel. */
function notIn(channel: Privacy): NotThere | undefined {
  switch (channel.kind) {
    case 'private':
      return undefined
    case 'open':
      return { why: 'channel open' }
    case 'shared':
      return { why: 'channel shared' }
    case 'unknown':
      return { why: 'channel unknown', says: channel.why }
  }
}

/** A token that is not good any more holds everything up until it is: nothing could be told in the thread either. */
function whatNow(error: unknown): unknown {
  if (error instanceof SlackRejected && concernsToken(error)) return new TryLater(error.message, { cause: error })
  return translated(error)
}
