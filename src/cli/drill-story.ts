import { recordedChange } from '#/deciders/governance.ts'
import { recordedOf } from '#/deciders/incidents.ts'
import type { LedgerEntry } from '#/drill/page/wire.ts'
import { governanceStream } from '#/governance/events.ts'
import { governanceLine } from '#/governance/words.ts'
import type { EventType, Recorded } from '#/incident/events.ts'
import { evolve } from '#/incident/evolve.ts'
import { wayWords } from '#/incident/names.ts'
import { actorName } from '#/incident/people.ts'
import { findStep, type Incident, type OpenedIncident, orderIdOf, unopened } from '#/incident/state.ts'
import { timelineLine } from '#/incident/timeline.ts'
import type { OrderId } from '#/incident/work.ts'
import type { Entry } from '#/ledger/chain.ts'
import { type LedgerReader, openLedgerReader } from '#/ledger/reader.ts'
import { subject } from '#/slack/cards/words.ts'

/** What the ledger tells while it is being written: its entries as lines, and the incidents as they stand. */
export type Story = Disposable & {
  /** By sequence number. Another object after every new entry; the entries themselves stay the same. */
  readonly entries: () => Readonly<Record<string, LedgerEntry>>
  /** In the order they were opened. */
  readonly incidents: () => readonly OpenedIncident[]
  /** What an order is for, and when it was given; undefined for one that the ledger does not know. */
  readonly order: (id: string) => { readonly what: string; readonly at: string } | undefined
}

export type StoryOptions = {
  /** The ledger's file. It need not be there yet. */
  readonly file: string
  /** Called with what has come since the beginning, in order, after the answers above have become others. */
  readonly onNews: (fresh: readonly Recorded[]) => void
  /** Milliseconds between two looks for a new head. */
  readonly everyMs?: number
}

/** Read at once, so that a long ledger does not stop everything else. */
const batch = 500

/**
 * Follows the ledger beside the bot that writes it. It only reads, and only what is new; a bot that is killed, or a file that cannot be
 * read now, is waited for.
 */
export function followStory({ file, onNews, everyMs = 150 }: StoryOptions): Story {
  let reader: (LedgerReader & Disposable) | undefined
  let entries: Readonly<Record<string, LedgerEntry>> = {}
  let last = 0
  const incidents = new Map<string, Incident>()
  const orders = new Map<string, { readonly what: string; readonly at: string }>()

  function look(tell: (fresh: readonly Recorded[]) => void): void {
    try {
      reader ??= openLedgerReader({ file })
      while ((reader.head()?.seq ?? 0) > last) tell(take(reader))
    } catch {
      // Not there yet, or being brought up to date by the bot: looked at anew in a moment.
      reader?.[Symbol.dispose]()
      reader = undefined
    }
  }

  function take(from: LedgerReader): readonly Recorded[] {
    const found = from.read({ after: last, limit: batch })
    const fresh: Recorded[] = []
    const lines: Record<string, LedgerEntry> = {}
    for (const entry of found) {
      const recorded = recordedOf(entry)
      fresh.push(recorded)
      const incident = evolve(incidents.get(recorded.incident) ?? unopened, recorded)
      incidents.set(recorded.incident, incident)
      lines[recorded.seq] = lineOf(entry, recorded, incident)
      if (recorded.event.type === 'WorkOrdered' && incident.status !== 'unopened') {
        orders.set(orderIdOf(recorded.incident, recorded.seq), { what: workWords(recorded, incident), at: recorded.at })
      }
      last = recorded.seq
    }
    entries = { ...entries, ...lines }
    return fresh
  }

  look(() => undefined)
  const timer = setInterval(() => look(onNews), everyMs)
  timer.unref()
  return {
    entries: () => entries,
    incidents: () => [...incidents.values()].filter((incident) => incident.status !== 'unopened'),
    order: (id) => {
      // The queue may be quicker than the next look.
      if (!orders.has(id)) look(onNews)
      return orders.get(id)
    },
    [Symbol.dispose]: () => {
      clearInterval(timer)
      reader?.[Symbol.dispose]()
      reader = undefined
    },
  }
}

function lineOf(entry: Entry, recorded: Recorded, incident: Incident): LedgerEntry {
  const { seq, at, incident: stream, actor, event, hash } = recorded
  return {
    seq,
    at,
    incident: stream,
    type: event.type,
    who: actorName(actor),
    words: stream === (governanceStream as string) ? ruleWords(entry) : wordsOf(recorded, incident),
    hash,
    previous: entry.previous,
  }
}

/** What happened to the rules, on one line. */
function ruleWords(entry: Entry): string {
  const said = governanceLine(recordedChange(entry)) ?? 'put the message of a change into the channel'
  return said.split('\n')[0] ?? ''
}

/** One line, as the timeline has it; outside of an incident there is little to say. */
function wordsOf(recorded: Recorded, incident: Incident): string {
  const { event } = recorded
  const text =
    incident.status !== 'unopened'
      ? timelineLine(recorded, incident).text
      : event.type === 'ClickRefused'
        ? `was refused: ${event.tried}. ${event.sentence}`
        : event.type === 'ForgeryRefused'
          ? `refused a forged ${event.what}: ${event.why}`
          : event.type
  return text.split('\n')[0] ?? ''
}

function workWords({ event }: Recorded, incident: OpenedIncident): string {
  if (event.type !== 'WorkOrdered') return ''
  const { playbook } = incident
  const step = findStep(incident, event.step)
  if (step !== undefined) {
    const title = step.found === undefined ? step.title : `${wayWords(event.action)}: ${step.title}`
    return event.mode === 'prepare' ? `${title}: look first` : title
  }
  if (event.action === playbook.snapshot) return `Read ${subject(incident)}`
  return event.action === playbook.sweep ? 'Sweep' : event.action
}

const endings = new Set<EventType>(['StepDone', 'StepFailed', 'SnapshotTaken', 'SweepDone', 'ReadingFailed'])

/** The order that an entry ended, if it ended one. */
export function endedOrder({ event }: Recorded): OrderId | undefined {
  return 'order' in event && endings.has(event.type) ? event.order : undefined
}
