import { type OpenedIncident, openRequests } from '#/incident/state.ts'
import type { VerifyReport } from '../door.ts'
import { presses } from '../references.ts'
import { context, divider, type Message, message, row, section, sections } from './blocks.ts'
import { waitingLine } from './request-message.ts'
import { line, lines, literal, type Mrkdwn, mention, minute, mrkdwn, sentence } from './text.ts'
import { drillMark, incidentName, incidentState, progress, stepLine, sweepLine, whatNext } from './words.ts'

export type ListContext = {
  readonly now: string
  /** The address of the incident's thread, where the workspace's own is known. */
  readonly threadLink: (incident: OpenedIncident) => string | undefined
}

/** One incident in a list: its name, where it stands and what is next. */
export function incidentLine(incident: OpenedIncident, { now, threadLink }: ListContext): Mrkdwn {
  const { sign, word } = incidentState(incident)
  const next = whatNext(incident, now)
  const name = mrkdwn`${drillMark(incident)}${incidentName(incident)}`
  const link = threadLink(incident)
  const where = link === undefined ? literal('') : mrkdwn` · ${threadMark(link)}`
  return lines(
    mrkdwn`${literal(sign)} *${name}* · ${literal(incident.severity.toUpperCase())} · ${literal(word)} · ${progress(incident)}${where}`,
    ...(next === undefined ? [] : [mrkdwn`      Next: ${next}`]),
  )
}

function threadMark(url: string): Mrkdwn {
  return /^https?:\/\/[\w.:-]+\/archives\/[A-Z0-9]+\/p\d+$/.test(url) ? (`<${url}|thread>` as Mrkdwn) : literal('')
}

export function incidentList(open: readonly OpenedIncident[], where: ListContext): Message {
  if (open.length === 0) return saying(literal('No incident is open. To open one: /autentico incident'))
  const shown = open.slice(0, 20)
  const rest = open.length - shown.length
  const all = [mrkdwn`*Open incidents: ${open.length}*`, ...shown.map((incident) => incidentLine(incident, where))]
  return message(lines(...all), [...sections(all), ...(rest > 0 ? [context(mrkdwn`and ${rest} more`)] : [])])
}

/** Everything about one incident, for the one who asked. */
export function statusMessage(incident: OpenedIncident, where: ListContext): Message {
  const sweep = sweepLine(incident, where.now)
  const all = [
    incidentLine(incident, where),
    mrkdwn`Opened ${literal(minute(incident.openedAt))} by ${mention(incident.openedBy)} · commander ${mention(incident.commander)}`,
    ...incident.playbook.steps.map((step) => stepLine(incident, step)),
    ...(sweep === undefined ? [] : [sweep]),
    ...openRequests(incident).map((request) => waitingLine(incident, request)),
    mrkdwn`entry ${incident.lastSeq} · ${literal(incident.lastHash.slice(0, 6))}…`,
  ]
  return message(lines(...all), sections(all))
}

export function verifyMessage(incident: OpenedIncident, report: VerifyReport): Message {
  const { ok, entries, head, checkpoints, thread, problems } = report
  const verdict = ok
    ? mrkdwn`✅ *The ledger holds.*`
    : mrkdwn`⛔ *The ledger does not hold.* Stop trusting it and look into this first.`
  const compared = {
    compared: 'the thread of {} agrees as far as it was read',
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
    mrkdwn`\`/autentico timeline INC-n\` everything that happened in it`,
    mrkdwn`\`/autentico verify INC-n\` recomputes the ledger and compares it with the thread`,
    mrkdwn`Inside an incident's thread Slack allows no commands: use the buttons on its messages, *Add to timeline* in the menu of a message, or the Home tab of this app.`,
  ]
  const all = about === undefined ? usage : [about, ...usage]
  return message(lines(...all), sections(all))
}

/** A message of one sentence. */
export function saying(text: Mrkdwn): Message {
  return message(text, [section(text)])
}

export type HomeContext = ListContext & {
  readonly viewer: string
  readonly open: readonly OpenedIncident[]
  readonly recent: readonly OpenedIncident[]
  readonly drill: boolean
  /** How the program is, one line each. */
  readonly status: readonly string[]
}

/** The Home tab: what waits for the viewer first, then what is open, what was, and how the program is. */
export function homeView(home: HomeContext): { readonly type: 'home'; readonly blocks: Message['blocks'] } {
  const { open, recent, viewer, status } = home
  const waiting = open.flatMap((incident) =>
    openRequests(incident).flatMap((request) =>
      request.requester.slack.user === viewer ? [] : [waitingLine(incident, request)],
    ),
  )
  const closed = recent.filter((incident) => incident.status === 'closed').slice(0, 10)
  return {
    type: 'home',
    blocks: [
      section(mrkdwn`*${literal(home.drill ? '🧪 DRILL · ' : '')}Autentico Responder*`),
      ...row([
        {
          type: 'button',
          text: { type: 'plain_text', text: 'Open an incident', emoji: false },
          action_id: presses.openForm,
          style: 'primary',
        },
      ]),
      ...part('Waits for a decision by somebody like you', waiting, 'Nothing waits for a decision.'),
      ...part(
        'Open incidents',
        open.slice(0, 20).map((incident) => incidentLine(incident, home)),
        'No incident is open.',
      ),
      ...(closed.length === 0
        ? []
        : part(
            'Closed lately',
            closed.map((incident) => incidentLine(incident, home)),
            '',
          )),
      ...(status.length === 0 ? [] : [divider, context(lines(...status.slice(0, 15).map((one) => line(one, 150))))]),
    ],
  }
}

function part(title: string, items: readonly Mrkdwn[], none: string): Message['blocks'] {
  return [
    divider,
    ...sections([mrkdwn`*${literal(title)}*`, ...(items.length === 0 ? [literal(none)] : items)]).slice(0, 12),
  ]
}
