import type { Person } from '#/incident/people.ts'
import { type OpenedIncident, openRequests, unprovenSteps } from '#/incident/state.ts'
import { context, type Message, message, section } from './blocks.ts'
import { at, line, lines, listed, literal, type Mrkdwn, minute, mrkdwn, span } from './text.ts'
import { drillMark, incidentName } from './words.ts'

/** What is posted when an incident closes: how long it took, who did what, and what stayed unproven. */
export function summaryMessage(incident: OpenedIncident): Message {
  const { containedAt, closed, lastSeq, lastHash, refusedClicks } = incident
  const word = containedAt === undefined ? '⚠️ not contained' : '✅ contained and proven'
  const requests = [...incident.requests.values()]
  const approvers = requests.flatMap(({ end }) => (end.kind === 'approved' ? [end.by] : []))
  const body = lines(
    course(incident),
    mrkdwn`Asked by ${counted(requests.map(({ requester }) => requester))} · approved by ${counted(approvers)} · refused clicks ${refusedClicks}`,
    notified(incident),
    mrkdwn`Not proven: ${leftUnproven(incident)} · Still open: ${stillOpen(incident)}`,
    ...(closed === undefined || closed.reason === '' ? [] : [mrkdwn`Closing words: ${line(closed.reason, 900)}`]),
  )
  const title = mrkdwn`${drillMark(incident)}${incidentName(incident)} closed · ${literal(word)}`
  const head = mrkdwn`Ledger head #${lastSeq} · ${literal(lastHash.slice(0, 12))}…`
  return message(lines(title, body, head), [section(mrkdwn`*${title}*`), section(body), context(head)])
}

function course({ openedAt, firstRevokeAt, containedAt, closed }: OpenedIncident): Mrkdwn {
  const stations: readonly (readonly [string, string | undefined])[] = [
    ['Opened', openedAt],
    ['first revoke', firstRevokeAt],
    ['proven contained', containedAt],
    ['closed', closed?.at],
  ]
  const passed = stations.flatMap(([name, when]) => (when === undefined ? [] : [`${name} ${minute(when)}`])).join(' → ')
  return closed === undefined ? literal(passed) : mrkdwn`${literal(passed)} (${literal(span(openedAt, closed.at))})`
}

function counted(people: readonly Person[]): Mrkdwn {
  const counts = new Map<string, { readonly person: Person; readonly times: number }>()
  for (const person of people) {
    const key = `${person.slack.team}/${person.slack.user}`
    counts.set(key, { person, times: (counts.get(key)?.times ?? 0) + 1 })
  }
  const most = [...counts.values()].toSorted((one, other) => other.times - one.times).slice(0, 10)
  return listed(most.map(({ person, times }) => mrkdwn`${at(person)} (${times})`))
}

function notified({ notification, target }: OpenedIncident): Mrkdwn {
  if (notification === undefined) return mrkdwn`⚠️ ${line(target.username, 60)} was not notified.`
  const { by, channel, identityCheck } = notification
  return mrkdwn`Notified: ${line(channel, 200)} by ${at(by)}, identity checked by ${line(identityCheck, 300)}`
}

/** The titles of the steps without proof, each with its state. */
export function leftUnproven(incident: OpenedIncident): Mrkdwn {
  const left = unprovenSteps(incident)
  return left.length === 0
    ? literal('nothing')
    : listed(left.map(({ step, state }) => mrkdwn`${line(step.title, 80)} (${literal(words[state.status])})`))
}

const words = {
  waiting: 'not done',
  requested: 'not decided',
  running: 'still running',
  proven: 'proven',
  unproven: 'done, not proven',
  failed: 'failed',
  attested: 'done by hand',
  skipped: 'skipped',
} as const

function stillOpen(incident: OpenedIncident): Mrkdwn {
  const requests = openRequests(incident).length
  const things = [
    ...(requests === 0 ? [] : [mrkdwn`${requests} undecided`]),
    ...(incident.suspendedAt === undefined
      ? []
      : [mrkdwn`${line(incident.target.username, 60)} is suspended since ${literal(minute(incident.suspendedAt))}`]),
    ...(incident.sweep.status === 'found' ? [literal('what the last sweep found')] : []),
  ]
  return things.length === 0 ? literal('nothing') : listed(things)
}
