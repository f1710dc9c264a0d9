import type { Button, Overflow } from '@slack/types'
import {
  isRepeatable,
  isRestored,
  nextStep,
  type OpenedIncident,
  openRequests,
  stepState,
  stopOf,
} from '#/incident/state.ts'
import type { PlaybookStep, StepId } from '#/playbook/playbook.ts'
import { presses, type Reference, writeReference } from '../references.ts'
import {
  type Blocks,
  button,
  context,
  divider,
  linkButton,
  type Message,
  message,
  option,
  row,
  section,
  sections,
} from './blocks.ts'
import { at, hour, line, lines, literal, type Mrkdwn, mention, moment, mrkdwn, prose, span } from './text.ts'
import { whatNext } from './what-next.ts'
import {
  drillMark,
  incidentName,
  incidentState,
  isAskable,
  isClosable,
  progress,
  stepLine,
  stepNumber,
  stopLine,
  sweepLine,
} from './words.ts'

export type CardContext = {
  /** ISO 8601, UTC. The countdown is reckoned from it. */
  readonly now: string
  /** The message in the thread that holds the open request, where it is known. */
  readonly requestLink?: string
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
  const meter = lines(stopLine(incident), progress(incident), exposure(incident, card.now))
  const steps = incident.playbook.steps.map((step) => stepLine(incident, step))
  const sweep = sweepLine(incident, card.now)
  const spoken = lines(
    mrkdwn`${literal(state.sign)} ${title} · ${literal(state.word)}`,
    next === undefined ? closedLine(incident) : mrkdwn`Next: ${next}`,
    meter,
    ...steps,
    sweep,
    opening(incident, state.word),
    ...background(incident),
    footer(incident),
  )
  const told = background(incident)
  return message(spoken, [
    section(lines(mrkdwn`${literal(state.sign)} *${title}*`, nextLine, meter)),
    ...sections([...steps, ...(sweep === undefined ? [] : [sweep])]),
    ...(incident.status === 'open' ? openPart(incident, card) : []),
    ...(told.length === 0 ? [] : [divider, context(lines(...told))]),
    context(opening(incident, state.word), footer(incident)),
  ])
}

function opening(incident: OpenedIncident, word: string): Mrkdwn {
  const { severity, openedAt, openedBy, commander, target } = incident
  const address = target.email === '' ? literal('') : mrkdwn` · ${line(target.email, 80)}`
  return mrkdwn`${literal(severity.toUpperCase())} · *${literal(word)}*${address} · opened ${moment(openedAt)} by ${mention(openedBy)} · commander ${mention(commander)}`
}

/** How long tokens that nobody asks Autentico about are still believed. */
function exposure(
  { exposureEndsAt, status, firstRevokeAt, openedAt }: OpenedIncident,
  now: string,
): Mrkdwn | undefined {
  if (exposureEndsAt === undefined || status === 'closed') return undefined
  // Before the first revoke nothing keeps the account from getting new ones.
  if (firstRevokeAt === undefined) return literal('⏳ access tokens are renewed until the sessions are revoked')
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
  if (stopOf(incident) !== undefined)
    return row([...resumeButtons(incident, card), noteButton(incident), moreMenu(incident)])
  return [
    ...row([...nextButtons(incident, card), noteButton(incident), ...stopButtons(incident), moreMenu(incident)]),
    // While something is being decided or done, that comes first.
    ...(isBusy(incident) ? [] : fallbackRows(incident)),
  ]
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

function isBusy(incident: OpenedIncident): boolean {
  return (
    openRequests(incident).length > 0 ||
    incident.playbook.steps.some(({ id }) => stepState(incident, id).status === 'running')
  )
}

function nextButtons(incident: OpenedIncident, { requestLink }: CardContext): readonly Button[] {
  const of: Reference = { of: 'incident', incident: incident.id }
  const { secret, facts, snapshotFailed } = incident
  const step = nextStep(incident)
  const buttons: Button[] = []
  if (facts === undefined && snapshotFailed !== undefined && !isReading(incident))
    buttons.push(button('Read the account again', presses.readSnapshot, of, { style: 'primary' }))
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

function stepButtons(incident: OpenedIncident, step: PlaybookStep, requestLink: string | undefined): readonly Button[] {
  const number = stepNumber(incident, step)
  const state = stepState(incident, step.id)
  const about: Reference = { of: 'step', incident: incident.id, step: step.id }
  const buttons: Button[] = []
  if (state.status === 'requested') {
    const request = { of: 'request', incident: incident.id, request: state.request } as const
    // As long as it is being looked at, no message of its own carries its buttons.
    if (incident.requests.get(state.request)?.shown === undefined)
      buttons.push(button('Withdraw the request', presses.withdraw, request))
    else if (requestLink !== undefined) buttons.push(linkButton(`Open step ${number}`, requestLink, presses.link))
  }
  if (isAskable(incident, step) && !(state.status === 'failed' && !state.retry)) {
    const words = state.status === 'failed' ? `Try step ${number} again` : `Ask for step ${number}`
    buttons.push(button(words, presses.ask, about, { style: 'primary' }))
  }
  if (step.needsNotification === true && incident.notification === undefined) {
    const words = `Record how ${incident.target.username} was told…`
    buttons.push(button(words, presses.notify, { of: 'incident', incident: incident.id }))
  }
  return buttons
}

/** The temporary password ran out unseen: access can be given back once more. */
function restoreAgain(incident: OpenedIncident): readonly Button[] {
  return repeatable(incident).map((step) =>
    button(`Ask for step ${stepNumber(incident, step)} again`, presses.ask, {
      of: 'step',
      incident: incident.id,
      step: step.id,
    }),
  )
}

function repeatable(incident: OpenedIncident): readonly PlaybookStep[] {
  return incident.playbook.steps.filter(
    (step) => isRepeatable(incident, step) && stepState(incident, step.id).status === 'proven',
  )
}

/** What may be done about a step that could not be proven, or not be done. A row each: a row takes every action once. */
export function fallbackRows(incident: OpenedIncident, only?: StepId): Blocks {
  return incident.playbook.steps.flatMap((step) => {
    const state = stepState(incident, step.id)
    const isStuck = state.status === 'unproven' || state.status === 'failed'
    if ((only !== undefined && step.id !== only) || !isStuck) return []
    const number = stepNumber(incident, step)
    const about: Reference = { of: 'step', incident: incident.id, step: step.id }
    const suspend = step.fallbacks?.includes('suspend') === true && incident.suspendedAt === undefined
    return row([
      isWorthAnother(incident, step) ? button(`Try step ${number} again`, presses.ask, about) : undefined,
      suspend ? button(`Suspend ${incident.target.username} instead`, presses.suspend, about) : undefined,
      step.fallbacks?.includes('attest') === true
        ? button(`I did step ${number} by hand…`, presses.attest, about)
        : undefined,
    ])
  })
}

/** Whether a step that is done but not proven may come out otherwise. What nobody can see without the database stays unseen. */
function isWorthAnother(incident: OpenedIncident, step: PlaybookStep): boolean {
  const state = stepState(incident, step.id)
  if (state.status !== 'unproven' || state.suspended === true) return false
  return state.lost === true || incident.facts?.database !== false || step.fallbacks === undefined
}

function noteButton(incident: OpenedIncident): Button {
  return button('Add note…', presses.note, { of: 'incident', incident: incident.id })
}

function isReading({ orders, playbook }: OpenedIncident): boolean {
  return [...orders.values()].some(({ action }) => action === playbook.snapshot || action === playbook.sweep)
}

/** What is possible besides what is next. Nothing stands here that would be refused to everybody. */
function moreMenu(incident: OpenedIncident): Overflow {
  const of = writeReference({ of: 'incident', incident: incident.id })
  const take = option('Take command', `${presses.take}|${of}`)
  const timeline = option('Timeline', `${presses.timeline}|${of}`)
  if (stopOf(incident) !== undefined) return { type: 'overflow', action_id: presses.more, options: [take, timeline] }
  const { status } = incident.sweep
  const isSwept = (status === 'clean' || status === 'found') && !isRestored(incident)
  const sweepAgain = status === 'found' ? [] : [option('Sweep again', `${presses.readSweep}|${of}`)]
  const readAgain = isSwept ? sweepAgain : [option('Read the account again', `${presses.readSnapshot}|${of}`)]
  return {
    type: 'overflow',
    action_id: presses.more,
    options: [take, ...stepOptions(incident), timeline, ...(isReading(incident) ? [] : readAgain)],
  }
}

function stepOptions(incident: OpenedIncident): readonly ReturnType<typeof option>[] {
  const step = nextStep(incident)
  if (step === undefined) return incident.secret?.state === 'shown' ? handOverAgain(incident) : []
  const state = stepState(incident, step.id)
  const number = stepNumber(incident, step)
  const about = writeReference({ of: 'step', incident: incident.id, step: step.id })
  if (state.status === 'requested' || state.status === 'running') return []
  return [
    option(`Skip step ${number}…`, `${presses.skip}|${about}`),
    // It is said not to help as things are; things may change.
    ...(state.status === 'failed' && !state.retry && isAskable(incident, step)
      ? [option(`Try step ${number} again`, `${presses.ask}|${about}`)]
      : []),
  ]
}

/** That the temporary password was taken out does not mean that it could be read: Slack may have failed, or the form been closed. */
function handOverAgain(incident: OpenedIncident): readonly ReturnType<typeof option>[] {
  return repeatable(incident).map((step) => {
    const about = writeReference({ of: 'step', incident: incident.id, step: step.id })
    return option(`Ask for step ${stepNumber(incident, step)} again`, `${presses.ask}|${about}`)
  })
}

function background({ summary, factWarnings }: OpenedIncident): readonly Mrkdwn[] {
  return [
    ...(summary.trim() === '' ? [] : [mrkdwn`What happened: ${line(summary, 500)}`]),
    ...factWarnings.slice(0, 5).map((warning) => mrkdwn`⚠️ ${prose(warning, 300)}`),
  ]
}

function footer({ lastSeq, lastHash }: OpenedIncident): Mrkdwn {
  return mrkdwn`entry ${lastSeq} · ${literal(lastHash.slice(0, 6))}…`
}
