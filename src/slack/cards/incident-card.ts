import type { Button } from '@slack/types'
import { quorumWords } from '#/incident/quorum.ts'
import {
  isRead,
  isRestored,
  nextStep,
  type OpenedIncident,
  openRequests,
  stepState,
  stepsOf,
  stopOf,
} from '#/incident/state.ts'
import { revoking } from '#/incident/work-state.ts'
import type { Policy } from '#/policy/policy.ts'
import { presses, type Reference } from '../references.ts'
import { isClosable } from './asking.ts'
import { type Blocks, button, context, divider, linkButton, type Message, message, row, section } from './blocks.ts'
import { stepBlocks, stepLines } from './findings.ts'
import { glassLines, reviewButton } from './glass-cards.ts'
import { holdButtons, holdLine } from './hold-cards.ts'
import { legalClockLine } from './legal-clock.ts'
import { isReading, moreMenu } from './more-menu.ts'
import { fallbackRows, restoreAgain, stepButtons } from './step-buttons.ts'
import { at, hour, line, lines, literal, type Mrkdwn, mention, moment, mrkdwn, prose, span } from './text.ts'
import { probingLine } from './verdict-words.ts'
import { whatNext } from './what-next.ts'
import { drillMark, incidentName, incidentState, progress, stopLine, subject, sweepLine } from './words.ts'

export type CardContext = {
  /** ISO 8601, UTC. The countdown is reckoned from it. */
  readonly now: string
  /** The message in the thread that holds the open request, where it is known. */
  readonly requestLink?: string
  /** What may be done by one alone. Absent: nothing is offered. */
  readonly policy?: Pick<Policy, 'hold' | 'breakGlass'>
}

/**
 * The root message of an incident: where it stands, what is next and who. Edited in place, never evidence. On a phone only the
 * first lines are seen: what it is, who is next, how far it is.
 */
export function incidentCard(incident: OpenedIncident, card: CardContext): Message {
  const state = incidentState(incident)
  const title = mrkdwn`${drillMark(incident)}${incidentName(incident)}`
  const next = whatNext(incident, card.now)
  const nextLine = next === undefined ? closedLine(incident) : mrkdwn`*Next:* ${next}`
  const meter = lines(
    ...glassLines(incident),
    probingLine(incident),
    stopLine(incident),
    holdLine(incident),
    progress(incident),
    legalClockLine(incident, card.now),
    exposure(incident, card.now),
  )
  const sweep = sweepLine(incident, card.now)
  const told = background(incident)
  const spoken = lines(
    mrkdwn`${literal(state.sign)} ${title} · ${literal(state.word)}`,
    next === undefined ? closedLine(incident) : mrkdwn`Next: ${next}`,
    meter,
    ...stepLines(incident),
    sweep,
    opening(incident, state.word),
    ...told,
    footer(incident),
  )
  const first = section(lines(mrkdwn`${literal(state.sign)} *${title}*`, nextLine, meter))
  const rest = [
    ...(incident.status === 'open' ? openPart(incident, card) : followUpRow(incident)),
    ...(told.length === 0 ? [] : [divider, context(lines(...told))]),
    context(opening(incident, state.word), footer(incident)),
  ]
  return message(spoken, [first, ...stepBlocks(incident, sweep === undefined ? [] : [sweep]), ...rest])
}

function opening(incident: OpenedIncident, word: string): Mrkdwn {
  const { severity, openedAt, openedBy, commander, target } = incident
  const address = target.email === '' ? literal('') : mrkdwn` · ${line(target.email, 80)}`
  return mrkdwn`${literal(severity.toUpperCase())} · *${literal(word)}*${address} · opened ${moment(openedAt)} by ${mention(openedBy)} · commander ${mention(commander)}`
}

/** How long tokens that nobody asks Autentico about are still believed. */
function exposure(incident: OpenedIncident, now: string): Mrkdwn | undefined {
  const { exposureEndsAt, status, firstRevokeAt, openedAt } = incident
  if (exposureEndsAt === undefined || status === 'closed') return undefined
  // Before the first revoke nothing keeps the account from getting new ones; where nothing is revoked there is nothing to wait for.
  if (firstRevokeAt === undefined)
    return incident.playbook.steps.some(({ action }) => action !== undefined && revoking.has(action))
      ? literal('⏳ access tokens are renewed until the sessions are revoked')
      : undefined
  return exposureEndsAt <= now
    ? mrkdwn`⌛ old access tokens are dead since ${literal(hour(exposureEndsAt, openedAt))}`
    : mrkdwn`⏳ old access tokens die in ${literal(span(now, exposureEndsAt))} (${literal(hour(exposureEndsAt, openedAt))})`
}

function closedLine({ closed, containedAt, openedAt }: OpenedIncident): Mrkdwn {
  if (closed === undefined) return literal('Closed.')
  const contained =
    containedAt === undefined
      ? literal('⚠️ Not contained')
      : mrkdwn`Contained, proven ${literal(hour(containedAt, openedAt))}`
  const by = 'slack' in closed.by ? mention(closed.by) : at(closed.by)
  return mrkdwn`${contained} · closed ${literal(hour(closed.at, openedAt))} by ${by} · ${literal(span(openedAt, closed.at))}`
}

function openPart(incident: OpenedIncident, card: CardContext): Blocks {
  const { menu, rest } = moreMenu(incident, card.policy)
  const alone = row([...holdButtons(incident), reviewButton(incident)])
  if (stopOf(incident) !== undefined)
    return [...alone, ...row([...resumeButtons(incident, card), noteButton(incident), menu]), ...row(rest)]
  return [
    ...alone,
    ...row([...nextButtons(incident, card), noteButton(incident), ...stopButtons(incident), menu]),
    ...row(rest),
    // While something is being decided or done, that comes first.
    ...(isUnderWay(incident) ? [] : fallbackRows(incident)),
  ]
}

/** What was done may call for another playbook also once this incident is closed. */
function followUpRow(incident: OpenedIncident): Blocks {
  const { followUps = [] } = incident.playbook
  return followUps.length === 0
    ? []
    : row([button('Start a follow-up…', presses.followUp, { of: 'incident', incident: incident.id })])
}

/** While the work is stopped there is one thing to decide: whether it goes on. */
function resumeButtons(incident: OpenedIncident, { requestLink }: CardContext): readonly Button[] {
  const isAsked = openRequests(incident).some(({ kind }) => kind === 'resume')
  if (isAsked) return requestLink === undefined ? [] : [linkButton('Open the request', requestLink, presses.link)]
  return [button('Ask to resume', presses.resume, { of: 'incident', incident: incident.id })]
}

/** Once all is settled nothing is left to be stopped. */
function stopButtons(incident: OpenedIncident): readonly Button[] {
  if (isClosable(incident)) return []
  return [button('Stop…', presses.stop, { of: 'incident', incident: incident.id }, { style: 'danger' })]
}

function isUnderWay(incident: OpenedIncident): boolean {
  return (
    openRequests(incident).some(({ kind }) => kind !== 'hold') ||
    stepsOf(incident).some(({ id }) => stepState(incident, id).status === 'running')
  )
}

function nextButtons(incident: OpenedIncident, { requestLink }: CardContext): readonly Button[] {
  const of: Reference = { of: 'incident', incident: incident.id }
  const { secret, snapshotFailed } = incident
  const step = nextStep(incident)
  const buttons: Button[] = []
  if (!isRead(incident) && snapshotFailed !== undefined && !isReading(incident))
    buttons.push(button(`Read ${subject(incident)} again`, presses.readSnapshot, of, { style: 'primary' }))
  if (step !== undefined) buttons.push(...stepButtons(incident, step, requestLink))
  if (incident.sweep.status === 'found' && !isRestored(incident))
    buttons.push(button('Sweep again', presses.readSweep, of))
  if (secret?.state === 'sealed') {
    const about = { of: 'order', incident: incident.id, order: secret.order } as const
    buttons.push(button('Show the temporary password…', presses.secret, about, { style: 'primary' }))
  }
  if (secret?.state === 'destroyed' && step === undefined) buttons.push(...restoreAgain(incident))
  // What is still to be handed over comes before the end.
  const closing = secret?.state === 'sealed' ? {} : ({ style: 'primary' } as const)
  if (isClosable(incident)) buttons.push(button('Close…', presses.close, of, closing))
  return buttons
}

function noteButton(incident: OpenedIncident): Button {
  return button('Add note…', presses.note, { of: 'incident', incident: incident.id })
}

function background(incident: OpenedIncident): readonly Mrkdwn[] {
  const { summary, factWarnings, from, followedBy } = incident
  const followers = followedBy.slice(-5).map(({ id, playbook }) => `${id} · ${playbook}`)
  return [
    ...(from === undefined ? [] : [mrkdwn`Follows from ${literal(from)}`]),
    ...(followers.length === 0 ? [] : [mrkdwn`Followed by ${line(followers.join(', '), 400)}`]),
    ...(summary.trim() === '' ? [] : [mrkdwn`What happened: ${line(summary, 500)}`]),
    ...quorumLine(incident),
    ...factWarnings.slice(0, 5).map((warning) => mrkdwn`⚠️ ${prose(warning, 300)}`),
  ]
}

/** How many could approve when it was opened; the request says who can now. */
function quorumLine({ quorum, openedBy, status }: OpenedIncident): readonly Mrkdwn[] {
  return quorum === undefined || status === 'closed'
    ? []
    : [mrkdwn`Counted at the opening: ${line(quorumWords(quorum, `@${openedBy.name}`), 300)}`]
}

function footer({ lastSeq, lastHash }: OpenedIncident): Mrkdwn {
  return mrkdwn`entry ${lastSeq} · ${literal(lastHash.slice(0, 6))}…`
}
