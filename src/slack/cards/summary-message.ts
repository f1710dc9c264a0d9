import type { Person } from '#/incident/people.ts'
import { type OpenedIncident, openRequests, stepState, unprovenSteps } from '#/incident/state.ts'
import { presses } from '../references.ts'
import { button, context, type Message, message, row, section } from './blocks.ts'
import { glassSummary } from './glass-cards.ts'
import { holdSummary } from './hold-cards.ts'
import { at, capital, hour, line, lines, listed, literal, type Mrkdwn, minute, mrkdwn, span } from './text.ts'
import { drillMark } from './words.ts'

/** What is posted when an incident closes: how long it took, who did what, and what stayed unproven. */
export function summaryMessage(incident: OpenedIncident): Message {
  const { id, target, containedAt, closed, lastSeq, lastHash, refusedClicks } = incident
  const word = containedAt === undefined ? '⚠️ not contained' : '✅ contained and proven'
  const requests = [...incident.requests.values()]
  const approvers = requests.flatMap(({ end, approvals }) =>
    end.kind === 'approved' ? approvals.map(({ by }) => by) : [],
  )
  const body = lines(
    course(incident),
    mrkdwn`Asked by ${counted(requests.map(({ requester }) => requester))} · approved by ${counted(approvers)} · refused clicks ${refusedClicks}`,
    ...glassSummary(incident),
    notified(incident),
    ...holdSummary(incident),
    ...decisions(incident),
    findingsLine(incident),
    awareLine(incident),
    mrkdwn`Not proven: ${leftUnproven(incident)} · Still open: ${stillOpen(incident)}`,
    followUps(incident),
    ...(closed === undefined || closed.reason === '' ? [] : [mrkdwn`Closing words: ${line(closed.reason, 900)}`]),
  )
  const title = mrkdwn`${drillMark(incident)}${literal(id)} · ${line(target.username, 60)} · closed · ${literal(word)}`
  const head = mrkdwn`Ledger head #${lastSeq} · ${literal(lastHash.slice(0, 12))}… · checkpoint below · the whole record: \`responder export ${literal(id)}\``
  const pack = button('Evidence pack', presses.pack, { of: 'incident', incident: id })
  return message(lines(title, body, head), [section(mrkdwn`*${title}*`), section(body), context(head), ...row([pack])])
}

/** "Opened 2026-11-23 03:14 → first revoke 03:16 → proven contained 03:31 → closed 03:40 UTC (26 min)" */
function course({ openedAt, firstRevokeAt, containedAt, closed }: OpenedIncident): Mrkdwn {
  const stations: readonly (readonly [string, string | undefined])[] = [
    ['first revoke', firstRevokeAt],
    ['proven contained', containedAt],
    ['closed', closed?.at],
  ]
  const passed = stations.flatMap(([name, when]) =>
    when === undefined ? [] : [`${name} ${withoutZone(hour(when, openedAt))}`],
  )
  const all = [`Opened ${withoutZone(minute(openedAt))}`, ...passed].join(' → ')
  return closed === undefined
    ? literal(`${all} UTC`)
    : mrkdwn`${literal(`${all} UTC`)} (${literal(span(openedAt, closed.at))})`
}

/** Several moments in a row share the zone that stands behind the last one. */
function withoutZone(time: string): string {
  return time.replace(/ UTC$/, '')
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

/** Where nobody had to be told, nothing is said of it. */
function notified({ notification, target, playbook }: OpenedIncident): Mrkdwn | undefined {
  if (notification === undefined)
    return playbook.steps.some(({ needsNotification }) => needsNotification === true)
      ? mrkdwn`⚠️ ${line(target.username, 60)} was not notified.`
      : undefined
  const { by, channel, identityCheck } = notification
  return mrkdwn`Notified: ${line(channel, 200)} by ${at(by)}, identity checked by ${line(identityCheck, 300)}`
}

/** "Decided: Notify the affected users and the authority: yes, both · signed by @ana and @bao" */
function decisions(incident: OpenedIncident): readonly Mrkdwn[] {
  return incident.playbook.steps.flatMap((step) => {
    const state = stepState(incident, step.id)
    return state.status === 'answered'
      ? [mrkdwn`🗳️ ${line(step.title, 80)}: ${line(state.label, 160)} · signed by ${listed(state.by.map(at))}`]
      : []
  })
}

/** "Findings: 12 · 8 expected · 3 proven · 1 skipped" */
function findingsLine(incident: OpenedIncident): Mrkdwn | undefined {
  const findings = [...incident.found.values()].flat()
  if (findings.length === 0) return undefined
  const counts = Map.groupBy(findings, ({ id }) => words[stepState(incident, id).status])
  return literal(
    [`Findings: ${findings.length}`, ...[...counts].map(([word, { length }]) => `${length} ${word}`)].join(' · '),
  )
}

function awareLine({ legalClock }: OpenedIncident): Mrkdwn | undefined {
  if (legalClock === undefined) return undefined
  const { awareAt, endsAt } = legalClock
  return mrkdwn`⚖️ Aware since ${literal(minute(awareAt))} · the time that the law gives ends ${literal(minute(endsAt))}`
}

function followUps({ from, followedBy }: OpenedIncident): Mrkdwn | undefined {
  const said = [
    ...(from === undefined ? [] : [`Follows from ${from}`]),
    ...(followedBy.length === 0 ? [] : [`followed by ${followedBy.map(({ id }) => id).join(', ')}`]),
  ]
  return said.length === 0 ? undefined : capital(line(said.join(' · '), 300))
}

/** The titles of the steps without proof, each with its state. */
export function leftUnproven(incident: OpenedIncident): Mrkdwn {
  const all = unprovenSteps(incident)
  const left = all.slice(0, longestList)
  const rest = all.length - left.length
  return all.length === 0
    ? literal('nothing')
    : listed([
        ...left.map(({ step, state }) => mrkdwn`${line(step.title, 80)} (${literal(words[state.status])})`),
        ...(rest === 0 ? [] : [mrkdwn`${rest} more`]),
      ])
}

/** How many steps and findings a sentence names. */
const longestList = 12

const words = {
  waiting: 'not done',
  requested: 'not decided',
  running: 'still running',
  proven: 'proven',
  unproven: 'done, not proven',
  failed: 'failed',
  attested: 'done by hand',
  expected: 'expected',
  answered: 'decided',
  'left-out': 'left out',
  skipped: 'skipped',
} as const

/** What an incident leaves behind that somebody has to know of. */
export function stillOpen(incident: OpenedIncident): Mrkdwn {
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
