import type { KnownBlock } from '@slack/types'
import type { TimelineLine } from '#/incident/line.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { utc } from '#/incident/times.ts'
import { limits } from '../limits.ts'
import { boxed, contexts, type Form, form, type Message, message, section, sections } from './blocks.ts'
import {
  at,
  exactMoment,
  fitted,
  isOfSlack,
  line,
  lines,
  literal,
  type Mrkdwn,
  mention,
  mrkdwn,
  prose,
  visible,
} from './text.ts'
import { drillMark, incidentName } from './words.ts'

/** Longest headline that a line shows; the ledger holds all of it. */
const longestHeadline = 600
const longestDetail = 500

/**
 * Several lines of the timeline as one message. Takes as many from the front as fit Slack's limits, at least one, and says
 * how many: the rest goes into the next message.
 */
export function timelineMessage(entries: readonly TimelineLine[]): {
  readonly message: Message
  readonly taken: number
} {
  if (entries.length > crowded) return crowdedMessage(entries)
  const texts: Mrkdwn[] = []
  const blocks: KnownBlock[] = []
  let length = 0
  for (const entry of entries) {
    const spoken = spokenLine(entry)
    const more = blocksOf(entry)
    if (
      texts.length > 0 &&
      (length + spoken.length + 1 > limits.messageText || blocks.length + more.length > limits.blocksPerMessage)
    )
      break
    texts.push(spoken)
    blocks.push(...more)
    length += spoken.length + 1
  }
  return { message: message(texts.join('\n') as Mrkdwn, blocks), taken: texts.length }
}

/** More lines than this at once come faster than Slack takes messages: they are drawn close together, so that the thread keeps up. */
const crowded = 20

/** A line each, without boxes. It ends with a line that has more to say than fits on one: that one is drawn as always. */
function crowdedMessage(entries: readonly TimelineLine[]): { readonly message: Message; readonly taken: number } {
  const texts: Mrkdwn[] = []
  let length = 0
  for (const entry of entries) {
    const [, rest] = parts(entry.headline)
    const isLast = rest.trim() !== ''
    const spoken = isLast ? spokenLine(entry) : crowdedLine(entry)
    if (length + spoken.length + 1 > limits.crowdedText) break
    texts.push(spoken)
    length += spoken.length + 1
    if (isLast) {
      const blocks = [...sections(texts.slice(0, -1)), ...blocksOf(entry)]
      return { message: { text: texts.join('\n'), blocks }, taken: texts.length }
    }
  }
  return { message: { text: texts.join('\n'), blocks: sections(texts) }, taken: texts.length }
}

/** What ties it to the ledger is kept; the reader's own time is left to the lines around a burst. */
function crowdedLine(entry: TimelineLine): Mrkdwn {
  const { seq, at: when, code, hash, drill } = entry
  const shown = code === undefined ? literal('') : mrkdwn` · code ${literal(code)}`
  const tie = mrkdwn`${drillMark({ drill })}#${seq} · ${literal(utc(when))}${shown} · ${literal(hash.slice(0, 4))}…`
  return [whatHappened(entry), ...detailLines(entry), tie].join(' · ') as Mrkdwn
}

/** Everything that the blocks say, as one line for screen readers and notifications: what happened comes first. */
function spokenLine(entry: TimelineLine): Mrkdwn {
  const last = origin(entry)
  const said = [whatHappened(entry), ...detailLines(entry)].join(' · ') as Mrkdwn
  // What ties it to the ledger is never what is cut.
  return mrkdwn`${fitted(said, limits.messageText - last.length - 3)} · ${last}`
}

const signs = { plain: '', good: '✅ ', warning: '⚠️ ', bad: '⛔ ', waits: '⏸ ' } as const

function whatHappened({ actor, headline, tone }: TimelineLine): Mrkdwn {
  const [first] = parts(headline)
  return mrkdwn`${literal(signs[tone])}*${at(actor)}* ${line(first, longestHeadline)}`
}

function detailLines({ details, mentions, calling, link }: TimelineLine): readonly Mrkdwn[] {
  const called = mentions.map(mention).join(', ') as Mrkdwn
  return [
    ...details.map((detail) => prose(detail, longestDetail)),
    ...(mentions.length === 0 ? [] : [mrkdwn`${literal(calling)} ${called}`]),
    ...(link === undefined ? [] : [messageMark(link)]),
  ]
}

/** The entry's number, absolute time and hash: what ties the line to the ledger. */
function origin({ seq, at: when, hash, code, drill }: TimelineLine): Mrkdwn {
  const shown = code === undefined ? literal('') : mrkdwn` · code ${literal(code)}`
  return mrkdwn`${drillMark({ drill })}#${seq} · ${exactMoment(when)}${shown} · ${literal(hash.slice(0, 4))}…`
}

function messageMark(url: string): Mrkdwn {
  return isOfSlack(url) ? (`<${url}|the message>` as Mrkdwn) : mrkdwn`the message: ${line(url, 300)}`
}

/** What follows the first line is shown as it is, letter for letter: a checkpoint has to stay readable to other tools. */
function blocksOf(entry: TimelineLine): readonly KnownBlock[] {
  const [, rest] = parts(entry.headline)
  const [calls, told] = entry.mentions.length > 0 ? [detailLines(entry), []] : [[], detailLines(entry)]
  return [
    // Slack notifies nobody of a mention in a context.
    section(lines(whatHappened(entry), ...calls)),
    ...(rest.trim() === '' ? [] : [boxed(rest)]),
    ...contexts([...told, origin(entry)]),
  ]
}

function parts(text: string): readonly [string, string] {
  const shown = visible(text)
  const end = shown.indexOf('\n')
  return end === -1 ? [shown, ''] : [shown.slice(0, end), shown.slice(end + 1)]
}

/** The last lines of a timeline in a form that only the asker sees: a list, so the number comes first. */
export function timelineForm(incident: OpenedIncident, entries: readonly TimelineLine[]): Form {
  const last = entries.slice(-150)
  const note =
    last.length < entries.length
      ? [section(mrkdwn`The last ${last.length} of ${entries.length} entries. The export holds all of them.`)]
      : []
  return form({
    callback: 'timeline',
    title: `Timeline of ${incident.id}`,
    blocks: [
      section(mrkdwn`*${drillMark(incident)}${incidentName(incident)}*`),
      ...note,
      ...sections(last.map(listedLine)),
    ],
  })
}

/** "#28  2026-11-23 03:18:02 UTC  @ana asked: Reset MFA of alice  1c90…" */
function listedLine(entry: TimelineLine): Mrkdwn {
  const { seq, at: when, actor, text, tone, hash } = entry
  const [first] = parts(text)
  return mrkdwn`*#${seq}*  ${literal(utc(when))}  ${literal(signs[tone])}*${at(actor)}* ${prose(first, longestListed)}  ${literal(hash.slice(0, 4))}…`
}

const longestListed = 1200
