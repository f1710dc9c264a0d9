import type { IncidentEvent } from './events.ts'
import type { TimelineLine } from './line.ts'
import type { Actor } from './people.ts'

type Said = Pick<TimelineLine, 'headline'> & Partial<Pick<TimelineLine, 'details' | 'tone' | 'forThread' | 'text'>>
type Event<T extends IncidentEvent['type']> = Extract<IncidentEvent, { type: T }>

/** The message stands in the thread itself, so the line is for the timeline and the export only. */
export function writtenLine({ text, files = [], late, editedTs, last }: Event<'MessageWritten'>): Said {
  const attached = files.length === 0 ? [] : [`With ${files.map((name) => `${quote(name)}`).join(', ')}.`]
  const found = late === true ? ['Found when the thread was read again.'] : []
  const changed = editedTs === undefined ? [] : ['It had been edited before it was recorded.']
  return last === true
    ? {
        headline: `wrote: ${quote(text)}`,
        details: [...attached, 'So many messages have been recorded here that those after it are not.'],
        tone: 'warning',
      }
    : { headline: `wrote: ${quote(text)}`, details: [...attached, ...changed, ...found], forThread: false }
}

/** `when`: the message's own moment in words. */
export function editedLine(
  { author, before, after, late, last }: Event<'MessageEdited'>,
  { actor, when }: { readonly actor: Actor; readonly when: string },
): Said {
  const own = 'slack' in actor && actor.slack.user === author.slack.user
  const whose = own ? 'their message' : `a message of @${author.name}`
  const noticed = [
    ...(late === true ? ['Noticed when the thread was read again.'] : []),
    ...(last === true ? ['It was edited so often that further edits of it are not recorded.'] : []),
  ]
  const headline = `edited ${whose} of ${when}`
  if (before === undefined)
    return {
      headline,
      details: ['What it said before is not known.', `After: ${quote(after)}`, ...noticed],
      tone: 'warning',
    }
  return {
    headline,
    details:
      before === after
        ? [
            `It is recorded as ${quote(after)} before and after: what changed was removed as a secret, or lies beyond what is recorded.`,
            ...noticed,
          ]
        : [`Before: ${quote(before)}`, `After: ${quote(after)}`, ...noticed],
    tone: 'warning',
  }
}

/** Slack does not say who deleted it. */
export function deletedLine(
  { author, before, late }: Event<'MessageDeleted'>,
  { when }: { readonly when: string },
): Said {
  return {
    headline: `noticed that a message of @${author.name} of ${when} was deleted`,
    details: [
      before === undefined ? 'What it said is not known.' : `It said: ${quote(before)}`,
      ...(late === true ? ['Noticed when the thread was read again.'] : []),
    ],
    tone: 'warning',
  }
}

export function postsDeletedLine({ entries, card }: Event<'PostsDeleted'>): Said {
  const lines =
    entries.length === 0
      ? []
      : [
          `${entries.length === 1 ? 'a line of the record was' : 'lines of the record were'} deleted from this thread: ${numbers(entries)}`,
        ]
  const root = card === true ? ['the card of this incident was deleted'] : []
  return {
    headline: `noticed that ${[...root, ...lines].join(', and ')}`,
    details: ['The ledger still holds every entry; `/autentico timeline` shows them.'],
    tone: 'bad',
  }
}

/** Slack does not say who altered it, but it lets nobody do so without the token of the bot. */
export function postsAlteredLine({ entries }: Event<'PostsAltered'>): Said {
  const [what, which] =
    entries.length === 1 ? ['a line of the record says', 'it was'] : ['lines of the record say', 'they were']
  return {
    headline: `noticed that ${what} something else in this thread than when ${which} posted: ${numbers(entries)}`,
    details: [
      'Only whoever has the token of the bot can alter them: an operator has to revoke it and set a fresh one.',
      'The ledger still holds every entry; `/autentico timeline` shows them.',
    ],
    tone: 'bad',
  }
}

/** On one line: what somebody wrote must not pass for lines of ours. */
function quote(text: string): string {
  return `“${text.replaceAll(/\s+/g, ' ')}”`
}

/** "entry 31", "entries 31 to 33 and 40" */
function numbers(entries: readonly number[]): string {
  const runs: { from: number; to: number }[] = []
  for (const seq of entries.toSorted((one, other) => one - other)) {
    const run = runs.at(-1)
    if (run !== undefined && run.to === seq - 1) run.to = seq
    else runs.push({ from: seq, to: seq })
  }
  const words = runs.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`))
  const last = words.pop() ?? ''
  const list = words.length === 0 ? last : `${words.join(', ')} and ${last}`
  return `${entries.length === 1 ? 'entry' : 'entries'} ${list}`
}
