import { amount } from '#/incident/amount.ts'
import type { OpenedIncident, Request } from '#/incident/state.ts'
import type { VerifyReport } from '../door.ts'
import { context, type Message, message, section, sections } from './blocks.ts'
import { stepLines } from './findings.ts'
import { legalClockLine } from './legal-clock.ts'
import { requestTitle } from './request-words.ts'
import {
  at,
  clock,
  isOfSlack,
  line,
  lines,
  literal,
  type Mrkdwn,
  mention,
  minute,
  mrkdwn,
  sentence,
  span,
} from './text.ts'
import { standInShort } from './verdict-words.ts'
import { whatNext } from './what-next.ts'
import { drillMark, incidentName, incidentState, progress, stopLine, sweepLine } from './words.ts'

export type ListContext = {
  readonly now: string
  /** The address of the incident's thread, where the workspace's own is known. */
  readonly threadLink: (incident: OpenedIncident) => string | undefined
}

/** One incident in a list: its name, how far it is, and what is next or how it ended. */
export function incidentLine(incident: OpenedIncident, { now, threadLink }: ListContext): Mrkdwn {
  const { sign, word } = incidentState(incident)
  const next = whatNext(incident, now)
  const link = threadMark(threadLink(incident))
  return lines(
    mrkdwn`${literal(sign)} *${drillMark(incident)}${incidentName(incident)}* · ${literal(word)}${link}`,
    mrkdwn`${literal(incident.severity.toUpperCase())} · ${progress(incident)}`,
    stopLine(incident),
    incident.status === 'open' ? legalClockLine(incident, now) : undefined,
    next === undefined ? endLine(incident) : mrkdwn`Next: ${next}`,
  )
}

function endLine({ closed, openedAt }: OpenedIncident): Mrkdwn | undefined {
  if (closed === undefined) return undefined
  return mrkdwn`Closed ${literal(minute(closed.at))} by ${at(closed.by)} · ${literal(span(openedAt, closed.at))}`
}

/** The link to a thread, to put behind a line; nothing while the address is not known. */
export function threadMark(url: string | undefined): Mrkdwn {
  return url !== undefined && isOfSlack(url) ? (` · <${url}|thread>` as Mrkdwn) : literal('')
}

export function incidentList(open: readonly OpenedIncident[], where: ListContext): Message {
  if (open.length === 0) return saying(sentence('No incident is open. To open one: `/autentico incident`'))
  const shown = open.slice(0, 20)
  const rest = open.length - shown.length
  const all = [mrkdwn`*Open incidents: ${open.length}*`, ...shown.map((incident) => incidentLine(incident, where))]
  return message(lines(...all), [
    ...all.flatMap((one) => sections([one])),
    ...(rest > 0 ? [context(mrkdwn`and ${rest} more`)] : []),
  ])
}

/** Everything about one incident, for the one who asked. */
export function statusMessage(incident: OpenedIncident, where: ListContext): Message {
  const sweep = sweepLine(incident, where.now)
  const steps = [...stepLines(incident), ...(sweep === undefined ? [] : [sweep])]
  const origin = mrkdwn`Opened ${literal(minute(incident.openedAt))} by ${mention(incident.openedBy)} · commander ${mention(incident.commander)} · entry ${incident.lastSeq} · ${literal(incident.lastHash.slice(0, 6))}…`
  const first = incidentLine(incident, where)
  return message(lines(first, ...steps, origin), [...sections([first]), ...sections(steps), context(origin)])
}

/** What a request is and until when it waits: "INC-7 · Step 3 · Reset MFA". */
export function waitingLine(incident: OpenedIncident, request: Request): Mrkdwn {
  const { shown } = request
  const what = mrkdwn`${drillMark(incident)}*${literal(incident.id)}* · ${line(incident.target.username, 60)} · ${requestTitle(incident, request)}`
  const state =
    shown === undefined
      ? literal('being looked at')
      : mrkdwn`waits for approval until ${clock(shown.expiresAt, request.askedAt)} · code \`${literal(shown.code)}\`${standInShort(request)}`
  return lines(mrkdwn`🟡 ${what}`, mrkdwn`asked by ${at(request.requester)} · ${state}`)
}

export function verifyMessage(incident: OpenedIncident, report: VerifyReport): Message {
  const { ok, entries, head, checkpoints, thread, threadCheckpoints, problems } = report
  const verdict = ok
    ? mrkdwn`✅ *The ledger holds.*`
    : mrkdwn`⛔ *The ledger does not hold.* Stop trusting it and look into this first.`
  const compared = {
    compared: `the thread of {} ${ok ? 'agrees as far as it was read' : 'was compared'}, ${amount(threadCheckpoints, 'checkpoint')} in it`,
    'not readable': 'the thread of {} could not be read, so it was not compared (scope `groups:history`)',
    'no thread': '{} has no thread yet',
  }[thread].replace('{}', incident.id)
  const facts = mrkdwn`${entries} entries, ${checkpoints} checkpoints, head #${head.seq} \`${literal(head.hash.slice(0, 12))}…\`; ${sentence(compared)}.`
  const faults = problems.slice(0, 20).map((problem) => mrkdwn`⛔ ${line(problem, 300)}`)
  return message(lines(verdict, facts, ...faults), sections([verdict, facts, ...faults]))
}

/** What `/autentico help` says, and every command that was not understood, after the sentence `about` it. */
export function helpMessage(about?: Mrkdwn): Message {
  const usage = [
    literal('What /autentico can do:'),
    mrkdwn`\`/autentico incident [playbook] [target]\` opens an incident: a form first, nothing happens before you send it`,
    mrkdwn`\`/autentico list\` the open incidents and what each waits for`,
    mrkdwn`\`/autentico status [INC-n]\` where one incident stands`,
    mrkdwn`\`/autentico stop INC-n\` or \`all\`: nothing more is done there, at once; add why`,
    mrkdwn`\`/autentico resume INC-n\` or \`all\`: asks for stopped work to go on; somebody else approves`,
    mrkdwn`\`/autentico timeline INC-n\` everything that happened in it`,
    mrkdwn`\`/autentico verify INC-n\` recomputes the ledger and compares it with the thread`,
    mrkdwn`\`/autentico policy\` the rules that requests are decided under, and asking for others`,
    mrkdwn`\`/autentico key\` terminal keys: registering one, and taking one away`,
  ]
  const inThreads = mrkdwn`Slack allows no commands inside a thread. Use the buttons there, *Add to timeline* in the menu of a message, or the Home tab of this app.`
  const said = about === undefined ? [] : [about]
  return message(lines(...said, ...usage, inThreads), [...sections(said), ...sections(usage), context(inThreads)])
}

/** A message of one sentence. */
export function saying(text: Mrkdwn): Message {
  return message(text, [section(text)])
}
