import { setTimeout as pause } from 'node:timers/promises'
import type { IncidentId, Recorded } from '#/incident/events.ts'
import type { TimelineLine } from '#/incident/line.ts'
import { type OpenedIncident, openRequests, type Request } from '#/incident/state.ts'
import { timelineLine } from '#/incident/timeline.ts'
import type { RequestId } from '#/incident/work.ts'
import type { Entry } from '#/ledger/chain.ts'

/** Where an incident's thread is. */
export type Place = { readonly channel: string; readonly ts: string }

/** What stands in a thread already, by the numbers in the messages' metadata. */
export type Posted = {
  /** The highest entry number that a message of ours carries; 0 for none. */
  readonly upTo: number
  readonly requests: ReadonlyMap<RequestId, string>
  /** A card that was posted anew because the first one was deleted. */
  readonly card?: string
}

/** The thread as the poster needs it. Every call either does it, or throws; what may be tried again throws {@link TryLater}. */
export type ThreadPort = {
  readonly postCard: (incident: OpenedIncident) => Promise<Place>
  readonly findCard: (incident: OpenedIncident) => Promise<Place | undefined>
  /** `request`: where the request that waits for a decision stands, to be linked to. `gone`: the message is not there to be changed, so a new one has to take its place. */
  readonly updateCard: (incident: OpenedIncident, at: Place, request: Place | undefined) => Promise<'updated' | 'gone'>
  readonly postCardAgain: (incident: OpenedIncident, thread: Place) => Promise<string>
  /** Puts as many of the lines as fit into one message, from the front, at least one. Says how many those were. */
  readonly postLines: (incident: OpenedIncident, thread: Place, lines: readonly TimelineLine[]) => Promise<number>
  readonly postRequest: (
    incident: OpenedIncident,
    thread: Place,
    request: Request,
    line: TimelineLine,
  ) => Promise<string>
  readonly updateRequest: (incident: OpenedIncident, at: Place, request: Request) => Promise<void>
  readonly postSummary: (incident: OpenedIncident, thread: Place, line: TimelineLine) => Promise<void>
  /** Undefined when the thread cannot be read (no history scope). */
  readonly posted: (incident: OpenedIncident, thread: Place) => Promise<Posted | undefined>
  /** What the card and a request would look like, to tell whether they have to be changed. */
  readonly looks: {
    readonly card: (incident: OpenedIncident, request: Place | undefined) => string
    readonly request: (incident: OpenedIncident, request: Request) => string
  }
}

/**
 * Slack did not take it now. With `afterMs` it said when it will, and that nothing was done; otherwise it is unknown whether it arrived:
 * look in the thread before posting again.
 */
export class TryLater extends Error {
  override readonly name = 'TryLater'
  readonly afterMs: number | undefined
  /** Slack was not asked: what it said before still holds. */
  readonly again: boolean

  constructor(
    message: string,
    options: { readonly afterMs?: number; readonly again?: boolean; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.afterMs = options.afterMs
    this.again = options.again === true
  }
}

/** Slack said no and will keep saying no: the channel is archived, the bot was removed. Somebody has to mend it. */
export class ThreadLost extends Error {
  override readonly name = 'ThreadLost'
}

export type PosterDeps = {
  readonly find: (id: IncidentId) => OpenedIncident | undefined
  /** What happened in an incident behind an entry, in order. */
  readonly timeline: (id: IncidentId, after: number) => readonly Recorded[]
  readonly startThread: (id: IncidentId, place: Place) => void
  readonly thread: ThreadPort
  /** Told once when a thread cannot be written to. The ledger goes on; `redraw` fills the thread in once it can be reached again. */
  readonly onLost: (id: IncidentId, error: ThreadLost) => void
  /** The entries up to here were finished in an earlier batch. */
  readonly position: () => number
  /** Milliseconds between two messages in one channel. Slack allows about one a second. */
  readonly spacingMs: number
}

/** What the poster remembers of an incident between two batches. All of it can be read back from the thread. */
type Memory = {
  posted: number
  sure: boolean
  card: string | undefined
  readonly requests: Map<RequestId, string>
  readonly looks: Map<string, string>
}

export type Poster = {
  readonly handle: (entries: readonly Entry[]) => Promise<void>
  /**
   * Draws the cards of incidents anew where a countdown has moved on, and fills in threads that could not be written to, or have
   * not been looked at since the start. Never throws.
   */
  readonly redraw: (ids: readonly IncidentId[]) => Promise<void>
  /** Where the message of a request stands. Undefined: it is not posted yet, or the thread has not been looked at since the start. */
  readonly requestPlace: (id: IncidentId, request: RequestId) => Place | undefined
  /** The lines of all entries up to this one stand in the thread. Undefined: that is not sure right now. */
  readonly postedUpTo: (id: IncidentId) => number | undefined
  /** Posts nothing more, so that the program can end: what waits for its turn throws, and is posted after the next start. */
  readonly stop: () => void
}

/**
 * Ledger to thread: every entry that people should see, in order and once. How far a thread has come stands in the thread
 * itself, in the messages' metadata; after a crash or a time-out the poster looks there before it posts again. When it lags, it
 * folds lines into one message. The card is edited in place and is never evidence.
 */
export function createPoster(deps: PosterDeps): Poster {
  const memories = new Map<IncidentId, Memory>()
  const stopping = new AbortController()
  const pace = createPace(deps.spacingMs, stopping.signal)
  const limits = createLimits()
  const drawing = new Map<IncidentId, Promise<void>>()
  /** Threads that could not be written to, and how far each of them had come for sure. */
  const lost = new Map<IncidentId, number>()

  const memoryOf = (id: IncidentId): Memory => {
    const known = memories.get(id)
    if (known !== undefined) return known
    const fresh: Memory = { posted: 0, sure: false, card: undefined, requests: new Map(), looks: new Map() }
    memories.set(id, fresh)
    return fresh
  }

  /** One at a time for each incident: the batch and the clock may both want to draw. */
  const inTurn = (id: IncidentId, work: () => Promise<void>): Promise<void> => {
    const turn = (drawing.get(id) ?? Promise.resolve())
      .catch(() => undefined)
      .then(work)
      .finally(() => {
        // Nobody waits behind it: an incident that is closed leaves nothing.
        if (drawing.get(id) === turn) drawing.delete(id)
      })
    drawing.set(id, turn)
    return turn
  }

  const catchUp = async (id: IncidentId, finished: number): Promise<void> => {
    const incident = deps.find(id)
    if (incident === undefined) return
    const memory = memoryOf(id)
    const from = Math.min(finished, lost.get(id) ?? finished)
    try {
      await bringUpToDate({ deps, pace, limits, memory, incident, from })
      lost.delete(id)
    } catch (error) {
      if (isLimit(error)) throw error
      memory.sure = false
      if (!(error instanceof ThreadLost)) throw error
      if (!lost.has(id)) deps.onLost(id, error)
      lost.set(id, from)
    }
    const now = deps.find(id)
    // A closed incident changes no more, but its card may still have to be drawn once.
    if (now?.status === 'closed' && memory.sure) memories.delete(id)
  }

  return {
    requestPlace(id, request) {
      const ts = memories.get(id)?.requests.get(request)
      const channel = deps.find(id)?.thread?.channel
      return ts === undefined || channel === undefined ? undefined : { channel, ts }
    },
    postedUpTo(id) {
      const memory = memories.get(id)
      return memory?.sure === true && !lost.has(id) ? memory.posted : undefined
    },
    stop: () => stopping.abort(),
    async handle(entries) {
      const touched = Map.groupBy(entries.filter(isShown), ({ incident }) => incident as IncidentId)
      const results = await Promise.allSettled(
        [...touched].map(([id, [first]]) => inTurn(id, () => catchUp(id, (first?.seq ?? 1) - 1))),
      )
      const failed = results.find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
    async redraw(ids) {
      // A lost incident may have been closed meanwhile.
      const all = new Set([...ids, ...lost.keys()])
      await Promise.allSettled(
        [...all].map((id) =>
          inTurn(id, async () => {
            const incident = deps.find(id)
            const memory = memories.get(id)
            if (memory?.sure !== true) await catchUp(id, deps.position())
            else if (incident?.thread !== undefined)
              await draw({ deps, pace, limits, memory, incident, from: deps.position() }, incident.thread)
          }),
        ),
      )
    },
  }
}

/**
 * What people write stands in the thread already, and changes nothing that the card speaks of but the number of the last entry. That
 * follows when the card is drawn the next time; at once, a lively talk would use up what Slack allows for edits.
 */
function isShown({ type, body }: Entry): boolean {
  return type !== 'MessageWritten' || (typeof body === 'object' && body !== null && 'last' in body)
}

type Turn = {
  readonly deps: PosterDeps
  readonly pace: Pace
  readonly limits: Limits
  readonly memory: Memory
  readonly incident: OpenedIncident
  /** The entries up to here were finished in an earlier batch. */
  readonly from: number
}

async function bringUpToDate(turn: Turn): Promise<void> {
  const { deps, limits, memory, incident } = turn
  const { id, channel } = incident
  try {
    await limits.during(`posting in ${channel}`, async () => writeDue(turn))
  } catch (error) {
    const { thread } = deps.find(id) ?? incident
    // A limit on posting is none on editing: the card goes on showing how things are.
    if (isLimit(error) && memory.sure && thread !== undefined) await draw(turn, thread)
    throw error
  }
}

/** Posts what is due, and draws what is edited in place. */
async function writeDue(turn: Turn): Promise<void> {
  const { deps, memory, incident } = turn
  const thread = incident.thread ?? (await startThread(turn))
  if (!memory.sure) await lookBack(turn, deps.find(incident.id) ?? incident, thread)
  await postDue(turn, thread)
  await draw(turn, thread)
}

async function draw({ deps, limits, memory, ...turn }: Turn, thread: Place): Promise<void> {
  const incident = deps.find(turn.incident.id) ?? turn.incident
  await limits.during(`editing in ${incident.channel}`, async () => {
    await drawRequests(deps, memory, incident, thread)
    await drawCard(deps, memory, incident, thread)
  })
}

async function postDue({ deps, pace, memory, from, ...turn }: Turn, thread: Place): Promise<void> {
  const { id } = turn.incident
  let { incident } = turn
  for (;;) {
    const news = deps.timeline(id, memory.posted)
    incident = deps.find(id) ?? incident
    const lines = news
      .map((recorded) => ({ recorded, line: timelineLine(recorded, incident) }))
      .filter(({ line }) => line.forThread)
    const chunk = nextMessage(lines)
    if (chunk.length === 0) break
    await pace(thread.channel)
    memory.sure = false
    const taken = await postChunk({ deps, memory }, { incident, thread, chunk }).catch((error: unknown) => {
      memory.sure = isLimit(error)
      throw error
    })
    memory.sure = true
    memory.posted = chunk[taken - 1]?.line.seq ?? memory.posted
  }
  memory.posted = Math.max(memory.posted, from)
}

async function startThread({ deps, pace, incident }: Turn): Promise<Place> {
  // The card may be there already: posted, and then the program was killed before it could say so.
  const found = await deps.thread.findCard(incident)
  if (found === undefined) await pace(incident.channel)
  const place = found ?? (await deps.thread.postCard(incident))
  deps.startThread(incident.id, place)
  return place
}

/** Reads from the thread how far it has come. Where it cannot be read, the follower's own position has to do. */
async function lookBack({ deps, memory, from }: Turn, incident: OpenedIncident, thread: Place): Promise<void> {
  const posted = await deps.thread.posted(incident, thread)
  memory.sure = true
  if (posted === undefined) {
    memory.posted = Math.max(memory.posted, from)
    return
  }
  memory.posted = posted.upTo
  memory.card = posted.card
  for (const [request, ts] of posted.requests) memory.requests.set(request, ts)
}

type Written = { readonly recorded: Recorded; readonly line: TimelineLine }

/** Most lines that are folded into one message. How many really fit is Slack's business. */
const mostLines = 120

/** The next message: a request or a summary by itself, or the plain lines that stand together, up to the next checkpoint. */
function nextMessage(lines: readonly Written[]): readonly Written[] {
  const [first] = lines
  if (first === undefined || standsAlone(first)) return lines.slice(0, 1)
  const alone = lines.findIndex(standsAlone)
  const checkpoint = lines.findIndex(({ recorded }) => recorded.event.type === 'CheckpointSigned')
  const ends = [alone, checkpoint === -1 ? -1 : checkpoint + 1, mostLines].filter((end) => end !== -1)
  return lines.slice(0, Math.min(...ends))
}

function standsAlone({ recorded, line }: Written): boolean {
  const { type } = recorded.event
  return type === 'RequestShown' || type === 'IncidentClosed' || line.forChannel
}

/** Posts the chunk, or as much of its front as fits, and says how many lines that was. */
async function postChunk(
  { deps, memory }: Pick<Turn, 'deps' | 'memory'>,
  {
    incident,
    thread,
    chunk,
  }: { readonly incident: OpenedIncident; readonly thread: Place; readonly chunk: readonly Written[] },
): Promise<number> {
  const [first] = chunk
  if (first === undefined) return 0
  const { event } = first.recorded
  const request = event.type === 'RequestShown' ? incident.requests.get(event.request) : undefined
  if (request !== undefined) {
    memory.requests.set(request.id, await deps.thread.postRequest(incident, thread, request, first.line))
    memory.looks.set(request.id, deps.thread.looks.request(incident, request))
    return 1
  }
  if (event.type === 'IncidentClosed') {
    await deps.thread.postSummary(incident, thread, first.line)
    return 1
  }
  return deps.thread.postLines(
    incident,
    thread,
    chunk.map(({ line }) => line),
  )
}

async function drawRequests(deps: PosterDeps, memory: Memory, incident: OpenedIncident, thread: Place): Promise<void> {
  for (const [id, ts] of memory.requests) {
    const request = incident.requests.get(id)
    if (request === undefined) continue
    const look = deps.thread.looks.request(incident, request)
    if (memory.looks.get(id) === look) continue
    await deps.thread.updateRequest(incident, { channel: thread.channel, ts }, request)
    memory.looks.set(id, look)
  }
}

async function drawCard(deps: PosterDeps, memory: Memory, incident: OpenedIncident, thread: Place): Promise<void> {
  // A hold has its buttons on the card itself.
  const open = openRequests(incident).find(({ kind }) => kind !== 'hold')
  const posted = open === undefined ? undefined : memory.requests.get(open.id)
  const request = posted === undefined ? undefined : { channel: thread.channel, ts: posted }
  const look = deps.thread.looks.card(incident, request)
  if (memory.looks.get('card') === look) return
  const ts = memory.card ?? thread.ts
  if ((await deps.thread.updateCard(incident, { channel: thread.channel, ts }, request)) === 'gone') {
    memory.card = await deps.thread.postCardAgain(incident, thread)
  }
  memory.looks.set('card', look)
}

type Pace = (channel: string) => Promise<void>

/** Waits until the channel's turn has come; throws once we stop. Callers of different channels do not wait for each other. */
function createPace(spacingMs: number, stopping: AbortSignal): Pace {
  const next = new Map<string, number>()
  return async (channel) => {
    const now = performance.now()
    const turn = Math.max(now, next.get(channel) ?? 0)
    next.set(channel, turn + spacingMs)
    if (turn > now) await pause(turn - now, undefined, { signal: stopping }).catch(() => undefined)
    if (stopping.aborted) throw new TryLater('The program is stopping.', { again: true })
  }
}

type Limit = TryLater & { readonly afterMs: number }

function isLimit(error: unknown): error is Limit {
  return error instanceof TryLater && error.afterMs !== undefined
}

/** What Slack takes nothing of for a while, channel by channel. */
type Limits = {
  /** Does it, unless it is limited: then it throws what Slack said, and Slack is left alone. */
  readonly during: (what: string, work: () => Promise<void>) => Promise<void>
}

function createLimits(): Limits {
  const known = new Map<string, { readonly until: number; readonly why: string }>()
  return {
    async during(what, work) {
      const limit = known.get(what)
      const afterMs = (limit?.until ?? 0) - performance.now()
      if (limit !== undefined && afterMs > 0) throw new TryLater(limit.why, { afterMs, again: true })
      known.delete(what)
      try {
        await work()
      } catch (error) {
        if (isLimit(error) && !error.again)
          known.set(what, { until: performance.now() + error.afterMs, why: error.message })
        throw error
      }
    },
  }
}
