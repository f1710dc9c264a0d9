import { governanceStream, type RecordedChange } from '#/governance/events.ts'
import type { RequestedChange } from '#/governance/state.ts'
import { governanceLine } from '#/governance/words.ts'
import type { TimelineLine } from '#/incident/line.ts'
import { isPerson } from '#/incident/people.ts'
import { escalatedLine, remindedLine } from '#/incident/reminder-lines.ts'
import { utc } from '#/incident/times.ts'
import type { Entry } from '#/ledger/chain.ts'
import { type Place, ThreadLost } from './poster.ts'

/** The channel as the noticeboard needs it. Every call does it, or throws TryLater or ThreadLost. */
export type Board = {
  /** Posts the message of a change. `key` is what `find` finds it by. */
  readonly postChange: (change: RequestedChange) => Promise<Place>
  /** Edits it. One that somebody deleted is not posted again: what came of it stands in the ledger. */
  readonly updateChange: (place: Place, change: RequestedChange) => Promise<void>
  /** Posts a line of its own, about what nobody asked for beforehand. */
  readonly postNotice: (key: string, text: string) => Promise<Place>
  /** Looked for from `since` on (ISO 8601). Undefined: it is not there, or the channel cannot be read. */
  readonly find: (key: string, since: string) => Promise<Place | undefined>
  /** Posts the lines below a message, as many as fit. Says how many those were. */
  readonly postLines: (place: Place, lines: readonly TimelineLine[]) => Promise<number>
  /** Which of these entries stand below a message. Undefined: it cannot be read. */
  readonly posted: (place: Place, seqs: readonly number[]) => Promise<ReadonlySet<number> | undefined>
  /** What the message of a change looks like, to tell whether it has to be edited. */
  readonly look: (change: RequestedChange) => string
}

export type NoticeboardDeps = {
  readonly change: (id: RequestedChange['id']) => RequestedChange | undefined
  readonly pending: () => readonly RequestedChange[]
  /** Everything that was recorded of the rules, in order. */
  readonly timeline: () => readonly RecordedChange[]
  /** Records where the message of a change stands. */
  readonly shown: (id: RequestedChange['id'], place: Place) => void
  readonly board: Board
  readonly drill: boolean
  /** Told when the channel does not take a message for good. The ledger goes on without it. */
  readonly onLost: (key: string, error: ThreadLost) => void
}

export type Noticeboard = {
  readonly handle: (entries: readonly Entry[]) => Promise<void>
  /** Posts what waits for a decision and could not be posted when it was asked for. Never throws. */
  readonly redraw: () => Promise<void>
}

/** What stands together in the channel: a change with everything about it, or one thing that nobody asked for beforehand. */
type Item = { readonly key: string; readonly entries: readonly RecordedChange[] }

/** What is remembered of an item between two batches. All of it can be read back from Slack. */
type Memory = { place?: Place; posted?: Set<number>; look?: string }

/**
 * Changes of the rules, shown in the incident channel: a message for each, edited when it is decided, and below it a line for every
 * entry, with the checkpoints that cover them. At-least-once: after a crash it looks in Slack before it posts again.
 */
export function createNoticeboard(deps: NoticeboardDeps): Noticeboard {
  const memories = new Map<string, Memory>()
  let turn: Promise<void> = Promise.resolve()
  /** One after the other: the batch and the clock may both want to post. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    turn = turn.catch(() => undefined).then(work)
    return turn
  }

  const bringUpToDate = async ({ key, entries }: Item, finished: number): Promise<void> => {
    const memory = memories.get(key) ?? {}
    memories.set(key, memory)
    try {
      await show({ deps, memory, key, entries, finished })
    } catch (error) {
      // Whether it arrived is unknown: look before posting again.
      memories.delete(key)
      if (!(error instanceof ThreadLost)) throw error
      deps.onLost(key, error)
    }
  }

  return {
    async handle(entries) {
      const news = entries.filter(({ incident }) => incident === governanceStream)
      const [first] = news
      if (first === undefined) return
      const numbers = new Set(news.map(({ seq }) => seq))
      await inTurn(async () => {
        for (const item of itemsOf(deps.timeline()))
          if (item.entries.some(({ seq }) => numbers.has(seq))) await bringUpToDate(item, first.seq - 1)
      })
    },
    async redraw() {
      const unseen = new Set<string>(deps.pending().flatMap(({ id, place }) => (place === undefined ? [id] : [])))
      if (unseen.size === 0) return
      await inTurn(async () => {
        for (const item of itemsOf(deps.timeline())) if (unseen.has(item.key)) await bringUpToDate(item, 0)
      }).catch(() => undefined)
    },
  }
}

type Showing = {
  readonly deps: NoticeboardDeps
  readonly memory: Memory
  readonly key: string
  readonly entries: readonly RecordedChange[]
  /** The entries up to here were finished in an earlier batch. */
  readonly finished: number
}

async function show(showing: Showing): Promise<void> {
  const { deps, memory, key } = showing
  const place = memory.place ?? (await rootOf(showing))
  if (place === undefined) return
  memory.place = place
  await postDue(showing, place)
  const change = deps.change(key as RequestedChange['id'])
  if (change === undefined) return
  const look = deps.board.look(change)
  if (memory.look === look) return
  await deps.board.updateChange(place, change)
  memory.look = look
}

/** Where the message stands; posts it where it is not there yet. */
async function rootOf({ deps, memory, key, entries, finished }: Showing): Promise<Place | undefined> {
  const change = deps.change(key as RequestedChange['id'])
  if (change?.place !== undefined) return change.place
  // It may be there already: posted, and then the program was killed before it could say so.
  const [first] = entries
  const found = first === undefined ? undefined : await deps.board.find(key, first.at)
  if (change === undefined) {
    const isOld = first === undefined || first.seq <= finished
    const said = first === undefined ? undefined : governanceLine(first)
    return found ?? (isOld || said === undefined ? undefined : deps.board.postNotice(key, saidBy(first, said)))
  }
  const place = found ?? (await deps.board.postChange(change))
  if (found === undefined) memory.look = deps.board.look(change)
  deps.shown(change.id, place)
  return place
}

function saidBy({ actor, event }: RecordedChange, said: string): string {
  const operator = event.type === 'SigningKeyRotated' ? `The operator ${event.operator}` : 'The bot'
  return `${isPerson(actor) ? `@${actor.name}` : operator} ${said}.`
}

async function postDue({ deps, memory, entries, finished }: Showing, place: Place): Promise<void> {
  // The first of them is what the message itself says.
  const lines = entries.slice(1).flatMap((entry) => lineOf(entry, deps))
  if (lines.length === 0) return
  memory.posted ??= new Set(
    (await deps.board.posted(
      place,
      lines.map(({ seq }) => seq),
    )) ?? lines.map(({ seq }) => seq).filter((seq) => seq <= finished),
  )
  const { posted } = memory
  for (;;) {
    const due = lines.filter(({ seq }) => !posted.has(seq))
    if (due.length === 0) return
    const taken = await deps.board.postLines(place, due)
    for (const { seq } of due.slice(0, taken)) posted.add(seq)
  }
}

/** The stream taken apart by what each entry is about. A checkpoint belongs to what it was signed for. */
function itemsOf(timeline: readonly RecordedChange[]): readonly Item[] {
  const items = new Map<string, RecordedChange[]>()
  let latest: string | undefined
  for (const recorded of timeline) {
    const key = keyOf(recorded) ?? (recorded.event.type === 'CheckpointSigned' ? latest : undefined)
    if (vouchedFor.has(recorded.event.type)) latest = key
    if (key === undefined) continue
    const entries = items.get(key)
    if (entries === undefined) items.set(key, [recorded])
    else entries.push(recorded)
  }
  return [...items].map(([key, entries]) => ({ key, entries }))
}

function keyOf({ event, seq }: RecordedChange): string | undefined {
  switch (event.type) {
    case 'ChangeRequested':
    case 'ChangeShown':
    case 'ChangeApproved':
    case 'ChangeDenied':
    case 'ChangeStepUpStarted':
    case 'ChangeStepUpFailed':
    case 'ChangeReminded':
    case 'ChangeEscalated':
    case 'ChangeWithdrawn':
    case 'ChangeExpired':
    case 'ChangeRefused':
      return event.id
    case 'PolicyAdopted':
    case 'KeyRegistered':
      return event.change
    case 'KeyRevoked':
      return event.change ?? `${governanceStream}-${seq}`
    case 'SigningKeyRotated':
      return `${governanceStream}-${seq}`
    case 'CheckpointSigned':
      return undefined
  }
}

/** What a checkpoint is signed for, and what is good news. */
const vouchedFor: ReadonlySet<string> = new Set(['PolicyAdopted', 'KeyRegistered', 'KeyRevoked', 'SigningKeyRotated'])

function lineOf(recorded: RecordedChange, deps: Pick<NoticeboardDeps, 'change' | 'drill'>): readonly TimelineLine[] {
  const { seq, at, actor, hash, event } = recorded
  const text = governanceLine(recorded)
  if (text === undefined) return []
  const tone = vouchedFor.has(event.type) ? 'good' : event.type === 'ChangeRefused' ? 'warning' : 'plain'
  return [
    {
      seq,
      at,
      actor,
      hash,
      text,
      headline: text,
      details: [],
      mentions: [],
      calling: 'For',
      tone,
      drill: deps.drill,
      forThread: true,
      forChannel: false,
      ...calledUpon(event, deps),
    },
  ]
}

/** What calls upon people names until when it can be decided, and them. */
function calledUpon(
  event: RecordedChange['event'],
  { change }: Pick<NoticeboardDeps, 'change'>,
): Partial<TimelineLine> {
  if (event.type !== 'ChangeReminded' && event.type !== 'ChangeEscalated') return {}
  const about = { name: event.id, until: utc(change(event.id)?.expiresAt ?? '') }
  return event.type === 'ChangeReminded' ? remindedLine(event, about) : escalatedLine(event, about)
}
