import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Incidents } from '#/deciders/incidents.ts'
import type { Poster } from '#/followers/poster.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { Person, UserId } from '#/incident/people.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { timelineLine } from '#/incident/timeline.ts'
import { RateLimited } from '#/slack/failures.ts'
import type { Slack } from '#/slack/start-slack.ts'
import type { ThreadMessage } from '#/slack/thread-message.ts'
import type { ThreadNews } from '#/slack/thread-news.ts'
import { every } from './every.ts'

/** `conversations.replies` takes about fifty calls a minute, and the poster makes some of them. */
const lookEveryMs = 1_500
const compareEveryMs = 3_600_000
const tryAgainMs = 10_000
/** What Slack does not show is asked for once more: a message that was posted this moment may not be there yet. */
const confirmAfterMs = 5_000
/** Threads of incidents that are closed are known for as long as this program runs, up to so many. */
const mostThreads = 1_000

export type WatchThreadsDeps = {
  readonly incidents: Pick<Incidents, 'open' | 'find' | 'execute' | 'timeline'>
  readonly slack: Pick<Slack, 'readThread' | 'connected' | 'roster' | 'isAsPosted'>
  readonly poster: Pick<Poster, 'postedUpTo'>
  readonly log: Logger
  readonly confirmAfterMs?: number
}

export type ThreadWatch = AsyncDisposable & {
  /** Records what Slack tells of a message, where it belongs to the thread of an incident. Never throws. */
  readonly heard: (news: ThreadNews) => Promise<void>
  /** Whether the threads can be read, as far as that was tried; otherwise why not. */
  readonly reads: () => true | string | undefined
}

/**
 * What people write, edit and delete in the threads of incidents goes on record, and so does a post of our own that somebody deleted or altered.
 * Slack tells of it while we are there. After a start, after every gap in the connection and once an hour each open thread is read as
 * well and compared with the record.
 */
export function watchThreads(deps: WatchThreadsDeps): ThreadWatch {
  const { incidents, slack, log } = deps
  const due = new Set<IncidentId>()
  const threads = new Map<string, IncidentId>()
  const stopping = new AbortController()
  const comparing: Comparing = {
    ...deps,
    confirmAfterMs: deps.confirmAfterMs ?? confirmAfterMs,
    stopping: stopping.signal,
  }
  let connected = false
  let comparedAt = Number.NEGATIVE_INFINITY
  let notBefore = 0
  let reads: true | string | undefined

  const incidentAt = (channel: string, thread: string): OpenedIncident | undefined => {
    const key = `${channel} ${thread}`
    const open = incidents.open().find((one) => one.thread?.channel === channel && one.thread.ts === thread)
    if (open !== undefined && threads.size < mostThreads) threads.set(key, open.id)
    const known = threads.get(key)
    return open ?? (known === undefined ? undefined : incidents.find(known))
  }

  const hear = async (news: ThreadNews): Promise<void> => {
    const message = news.kind === 'deleted' ? news.before : news.message
    if (message === undefined) {
      // Slack does not say whose it was: whatever thread it is missing from will tell.
      for (const { id, thread } of incidents.open()) if (thread?.channel === news.channel) due.add(id)
      return
    }
    const incident = incidentAt(news.channel, message.thread)
    if (incident === undefined) return
    try {
      await record(comparing, incident, news, () => due.add(incident.id))
    } catch (error) {
      // The thread still has it, or the record does: it is found by comparing them.
      due.add(incident.id)
      log.warn({ incident: incident.id, why: whyOf(error) }, 'what somebody wrote could not be recorded yet')
    }
  }

  const look = async (): Promise<void> => {
    const isConnected = slack.connected()
    const isDue = (isConnected && !connected) || performance.now() - comparedAt > compareEveryMs
    connected = isConnected
    if (isDue) {
      comparedAt = performance.now()
      for (const { id } of incidents.open()) due.add(id)
    }
    const [id] = due
    if (id === undefined || performance.now() < notBefore) return
    try {
      reads = (await compare(comparing, id)) ?? true
      due.delete(id)
    } catch (error) {
      notBefore = performance.now() + (error instanceof RateLimited ? error.retryAfterMs : tryAgainMs)
      if (!stopping.signal.aborted) log.info({ incident: id, why: whyOf(error) }, 'a thread could not be compared yet')
    }
  }

  const looking = every(lookEveryMs, log, look)
  return {
    heard: hear,
    reads: () => reads,
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await looking[Symbol.asyncDispose]()
    },
  }
}

/** What people are told where the program says how it is; nothing while all is well. `missing`: what Slack said when we started. */
export function threadLines(
  watch: Pick<ThreadWatch, 'reads'> | undefined,
  missing: string | undefined,
): readonly string[] {
  const reads = watch?.reads()
  const why = typeof reads === 'string' ? reads : reads === undefined ? missing : undefined
  return why === undefined ? [] : [`⚠️ What people edit and delete in the threads of incidents is not noticed. ${why}`]
}

type Comparing = Omit<WatchThreadsDeps, 'confirmAfterMs'> & {
  readonly confirmAfterMs: number
  readonly stopping: AbortSignal
}

async function record(
  { incidents, slack }: Comparing,
  incident: OpenedIncident,
  news: ThreadNews,
  compareSoon: () => void,
): Promise<void> {
  const { id, thread } = incident
  if (news.kind === 'deleted') {
    const { ts, before } = news
    if (before?.author.kind === 'ours') return compareSoon()
    if (before?.author.kind !== 'person') return
    const author = await slack.roster.person(before.author.user as UserId)
    incidents.execute(id, { type: 'RecordDeletion', ts, author, before: before.text, late: false })
    return
  }
  const { message } = news
  if (message.ts === thread?.ts) {
    if (message.isTombstone) incidents.execute(id, { type: 'RecordLostPosts', entries: [], card: true })
    return
  }
  if (isAlteredLine(incident, news)) return compareSoon()
  if (message.author.kind !== 'person') return
  const author = await slack.roster.person(message.author.user as UserId)
  if (news.kind === 'written') recordWritten({ incidents }, id, { message, author, late: false })
  else if (message.edited !== undefined) {
    const { by, ts: editedTs } = message.edited
    const person = by === undefined ? author : await slack.roster.person(by as UserId)
    const before = news.before === undefined ? {} : { before: news.before.text }
    const { ts, text: after } = message
    incidents.execute(id, { type: 'RecordEdit', ts, person, author, ...before, after, editedTs, late: false })
  }
}

/** Whether a line of ours seems to say something else now. Slack tells of our own edits as well: of requests, which go on. */
function isAlteredLine({ requests }: OpenedIncident, news: ThreadNews): boolean {
  if (news.kind !== 'changed' || news.before === undefined || news.message.digest === news.before.digest) return false
  return isLine(news.message, new Set([...requests.values()].flatMap(({ shown }) => shown?.seq ?? [])))
}

/** A post of ours that we never edit: it shows entries, and none of them is a request, which is drawn anew as it goes on. */
function isLine({ author, entries }: ThreadMessage, requests: ReadonlySet<number>): boolean {
  return author.kind === 'ours' && entries.length > 0 && !entries.some((seq) => requests.has(seq))
}

function recordWritten(
  { incidents }: Pick<Comparing, 'incidents'>,
  id: IncidentId,
  { message, author, late }: { readonly message: ThreadMessage; readonly author: Person; readonly late: boolean },
): void {
  const { ts, text, files, edited } = message
  const change = edited === undefined ? {} : { editedTs: edited.ts }
  incidents.execute(id, { type: 'RecordMessage', ts, person: author, text, files, ...change, late })
}

/** Reads the thread and records what it says otherwise than the record. Gives the reason when Slack does not let us read it. */
async function compare(comparing: Comparing, id: IncidentId): Promise<string | undefined> {
  const { incidents, slack } = comparing
  const before = incidents.find(id)
  if (before?.thread === undefined) return undefined
  const expected = expectedIn(comparing, before)
  const read = await slack.readThread(before.thread)
  if (read.kind === 'not readable') return read.why

  const people = new Map<string, Promise<Person>>()
  const personOf = async (user: string): Promise<Person> => {
    const known = people.get(user) ?? slack.roster.person(user as UserId)
    people.set(user, known)
    return known
  }
  for (const message of read.messages) {
    if (message.ts !== before.thread.ts && message.author.kind === 'person')
      await recordLate(comparing, id, { message, user: message.author.user, personOf })
  }

  const missing = missingFrom(read.messages, expected, before)
  const altered = alteredAmong(read.messages, comparing, before)
  if (missing.messages.length === 0 && missing.entries.length === 0 && !missing.card && altered.length === 0)
    return undefined
  await pause(comparing.confirmAfterMs, undefined, { signal: comparing.stopping })
  const again = await slack.readThread(before.thread)
  if (again.kind === 'not readable') return again.why
  const sure = missingFrom(again.messages, expected, before)
  const still = new Set(sure.messages)
  for (const ts of missing.messages)
    if (still.has(ts)) incidents.execute(id, { type: 'RecordDeletion', ts, late: true })
  const gone = new Set(sure.entries)
  const entries = missing.entries.filter((seq) => gone.has(seq))
  incidents.execute(id, { type: 'RecordLostPosts', entries, card: missing.card && sure.card })
  const stillAltered = new Set(alteredAmong(again.messages, comparing, before))
  incidents.execute(id, { type: 'RecordAlteredPosts', entries: altered.filter((seq) => stillAltered.has(seq)) })
  return undefined
}

/** The entries whose lines do not say what they said when Slack took them. What is not known to have said anything is left alone. */
function alteredAmong(
  messages: readonly ThreadMessage[],
  { slack, incidents }: Pick<Comparing, 'slack' | 'incidents'>,
  { id, thread, postsAltered }: OpenedIncident,
): readonly number[] {
  if (thread === undefined) return []
  const shown = incidents.timeline(id).filter(({ event }) => event.type === 'RequestShown')
  const requests = new Set(shown.map(({ seq }) => seq))
  const altered = messages.filter(
    (message) =>
      isLine(message, requests) &&
      message.digest !== undefined &&
      slack.isAsPosted({ channel: thread.channel, ts: message.ts }, message.digest) === false,
  )
  return altered.flatMap(({ entries }) => entries).filter((seq) => !postsAltered.has(seq))
}

/** Written or edited while we were not there. */
async function recordLate(
  { incidents }: Comparing,
  id: IncidentId,
  {
    message,
    user,
    personOf,
  }: {
    readonly message: ThreadMessage
    readonly user: string
    readonly personOf: (user: string) => Promise<Person>
  },
): Promise<void> {
  const { ts, text: after, edited } = message
  const known = incidents.find(id)?.messages.get(ts)
  if (known === undefined) {
    recordWritten({ incidents }, id, { message, author: await personOf(user), late: true })
  } else if (edited !== undefined && edited.ts !== known.editedTs) {
    const person = edited.by === undefined ? {} : { person: await personOf(edited.by) }
    incidents.execute(id, {
      type: 'RecordEdit',
      ts,
      ...person,
      author: known.by,
      after,
      editedTs: edited.ts,
      late: true,
    })
  }
}

/** What the thread has to show by now. */
type Expected = {
  readonly messages: readonly string[]
  readonly entries: readonly number[]
  /** The lines up to here are posted; undefined: how far they are, only the thread itself can tell. */
  readonly upTo: number | undefined
}

function expectedIn({ incidents, poster }: Comparing, incident: OpenedIncident): Expected {
  return {
    messages: [...incident.messages].filter(([, { gone }]) => gone !== true).map(([ts]) => ts),
    entries: incidents
      .timeline(incident.id)
      .filter((recorded) => timelineLine(recorded, incident).forThread && !incident.postsGone.entries.has(recorded.seq))
      .map(({ seq }) => seq),
    upTo: poster.postedUpTo(incident.id),
  }
}

function missingFrom(
  messages: readonly ThreadMessage[],
  expected: Expected,
  { thread, postsGone }: OpenedIncident,
): { readonly messages: readonly string[]; readonly entries: readonly number[]; readonly card: boolean } {
  const there = new Set(messages.map(({ ts }) => ts))
  const shown = new Set(messages.filter(({ author }) => author.kind === 'ours').flatMap(({ entries }) => entries))
  const upTo = expected.upTo ?? Math.max(0, ...shown)
  return {
    messages: expected.messages.filter((ts) => !there.has(ts)),
    entries: expected.entries.filter((seq) => seq <= upTo && !shown.has(seq)),
    card: !postsGone.card && messages.some(({ ts, isTombstone }) => isTombstone && ts === thread?.ts),
  }
}

function whyOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
