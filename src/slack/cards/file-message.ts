import type { FileRef } from '#/incident/account.ts'
import type { FiledEvidence } from '#/incident/files.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { context, type Message, message, section } from './blocks.ts'
import { exactMoment, line, lines, literal, type Mrkdwn, mrkdwn, prose, sentence } from './text.ts'
import { drillMark } from './words.ts'

/** Why a file that belongs into the thread is not there. */
export type NotThere =
  | { readonly why: 'missing' }
  | { readonly why: 'altered' }
  | { readonly why: 'channel open' }
  | { readonly why: 'channel shared' }
  | { readonly why: 'channel unknown'; readonly says: string }
  | { readonly why: 'refused'; readonly says: string }
  /** A pack could not be made. */
  | { readonly why: 'not made'; readonly says: string }
  /** Slack took it, more than once, and shows nothing. */
  | { readonly why: 'not shown' }

type File = FiledEvidence & FileRef

/** What stands over a file in the thread: what it is, which evidence, and since when. */
export function fileComment(incident: OpenedIncident, file: File): Mrkdwn {
  const kept = file.privateOnly
    ? literal('\nIt names people who are affected: do not pass it on from this channel.')
    : literal('')
  return mrkdwn`${drillMark(incident)}*${line(file.title, longestTitle)}* · ${literal(file.isPack === true ? '' : 'evidence of ')}${origin(file)}${kept}`
}

/** What stands in the thread in the place of a file: why it is not there, and how it is fetched. */
export function fileNotice(incident: OpenedIncident, file: File, not: NotThere): Message {
  const text = lines(
    mrkdwn`${drillMark(incident)}⚠️ *${line(file.title, longestTitle)}* is not here as a file: ${reason(not)}`,
    not.why === 'missing' || not.why === 'altered'
      ? sentence(`Restore \`DATA_DIR/evidence/${file.digest}\` from a backup, then ${fetching(file)}`)
      : sentence(`Whoever runs the bot: ${fetching(file)}`),
  )
  return message(text, [
    section(text),
    context(file.isPack === true ? mrkdwn`It holds ${origin(file)}` : mrkdwn`Evidence of ${origin(file)}`),
  ])
}

const longestTitle = 150

function reason(not: NotThere): Mrkdwn {
  switch (not.why) {
    case 'missing':
      return sentence('it is not in the evidence folder of the bot any more.')
    case 'altered':
      return sentence('the bytes in the evidence folder of the bot are not the ones that were recorded.')
    case 'channel open':
      return sentence('it names people who are affected, and everybody in the workspace can join this channel.')
    case 'channel shared':
      return sentence('it names people who are affected, and this channel is shared with another workspace or company.')
    case 'channel unknown':
      return mrkdwn`${sentence('it names people who are affected, and Slack does not say who can join this channel.')} ${prose(not.says)}`
    case 'not made':
      return mrkdwn`${sentence('it could not be made:')} ${prose(not.says)}`
    case 'refused':
      return mrkdwn`${sentence('Slack refuses it:')} ${prose(not.says)}`
    case 'not shown':
      return sentence('Slack took it, more than once, and does not show it.')
  }
}

function fetching({ incident, isPack }: File): string {
  if (isPack === true) return `fetch it with \`npm run responder -- export ${incident} --out ${incident}.zip\`.`
  return `fetch it with \`npm run responder -- export ${incident} --files <folder>\`.`
}

function origin({ seq, at, digest, isPack }: File): Mrkdwn {
  if (isPack === true) return mrkdwn`the ledger up to #${seq} · ${exactMoment(at)}`
  return mrkdwn`#${seq} · ${exactMoment(at)} · SHA-256 ${literal(digest)}`
}
