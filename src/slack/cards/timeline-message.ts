import type { KnownBlock, RichTextBlock } from '@slack/types'
import type { OpenedIncident } from '#/incident/state.ts'
import type { TimelineLine } from '#/incident/timeline.ts'
import { limits } from '../limits.ts'
import { type Form, form, type Message, message, section, sections } from './blocks.ts'
import { at, exactMoment, line, literal, type Mrkdwn, mrkdwn, shortened, visible } from './text.ts'
import { incidentName } from './words.ts'

/** Longest part of one entry that a line shows; the ledger holds all of it. */
const longestEntry = 1200

/**
 * Several lines of the timeline as one message. Takes as many from the front as fit Slack's limits, at least one, and says
 * how many: the rest goes into the next message.
 */
export function timelineMessage(entries: readonly TimelineLine[]): {
  readonly message: Message
  readonly taken: number
} {
  const texts: Mrkdwn[] = []
  const blocks: KnownBlock[] = []
  let length = 0
  for (const entry of entries) {
    const said = timelineText(entry)
    const more = blocksOf(entry)
    if (
      texts.length > 0 &&
      (length + said.length + 1 > limits.messageText || blocks.length + more.length > limits.blocksPerMessage)
    )
      break
    texts.push(said)
    blocks.push(...more)
    length += said.length + 1
  }
  return { message: message(texts.join('\n') as Mrkdwn, blocks), taken: texts.length }
}

/** One entry as one line: number, absolute time, person, what happened, and the start of its hash. */
export function timelineText({ seq, at: when, actor, text, tone, hash }: TimelineLine): Mrkdwn {
  const [first] = parts(text)
  return mrkdwn`${literal(signs[tone])}*#${seq}*  ${exactMoment(when)}  *${at(actor)}* ${line(first, longestEntry)}  \`${literal(hash.slice(0, 4))}…\``
}

const signs = { plain: '', good: '✅ ', warning: '⚠️ ', bad: '⛔ ', waits: '⏸ ' } as const

/** What follows the first line is shown as it is, letter for letter: a checkpoint has to stay readable to other tools. */
function blocksOf(entry: TimelineLine): readonly KnownBlock[] {
  const [, rest] = parts(entry.text)
  const head = section(timelineText(entry))
  return rest.trim() === '' ? [head] : [head, exactly(rest)]
}

function parts(text: string): readonly [string, string] {
  const shown = visible(text)
  const end = shown.indexOf('\n')
  return end === -1 ? [shown, ''] : [shown.slice(0, end), shown.slice(end + 1)]
}

/** Plain text in a box, without any markup. */
function exactly(text: string): RichTextBlock {
  return {
    type: 'rich_text',
    elements: [
      { type: 'rich_text_preformatted', elements: [{ type: 'text', text: shortened(text, limits.sectionText) }] },
    ],
  }
}

/** The last lines of a timeline in a form that only the asker sees. */
export function timelineForm(incident: OpenedIncident, entries: readonly TimelineLine[]): Form {
  const last = entries.slice(-150)
  const note =
    last.length < entries.length
      ? [section(mrkdwn`The last ${last.length} of ${entries.length} entries. The export holds all of them.`)]
      : []
  return form({
    callback: 'timeline',
    title: `Timeline of ${incident.id}`,
    blocks: [section(mrkdwn`*${incidentName(incident)}*`), ...note, ...sections(last.map(timelineText))],
  })
}
