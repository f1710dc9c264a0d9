import type { KnownBlock, Overflow } from '@slack/types'
import { isRestored, nextStep, type OpenedIncident, stepState } from '#/incident/state.ts'
import type { StepId } from '#/playbook/playbook.ts'
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
import { at, hour, line, lines, literal, type Mrkdwn, mention, minute, moment, mrkdwn, span } from './text.ts'
import {
  drillMark,
  incidentName,
  incidentState,
  isAskable,
  isClosable,
  progress,
  stepLine,
  stepNumber,
  sweepLine,
  whatNext,
} from './words.ts'

export type CardContext = {
  /** ISO 8601, UTC. The countdown is reckoned from it. */
  readonly now: string
  /** The message in the thread that holds the open request, where it is known. */
  readonly requestLink?: string
}

/** The root message of an incident: where it stands, what is next and who. Edited in place, never evidence. */
export function incidentCard(incident: OpenedIncident, card: CardContext): Message {
  const state = incidentState(incident)
  const title = mrkdwn`${drillMark(incident)}${incidentName(incident)}`
  const next = whatNext(incident, card.now)
  const steps = incident.playbook.steps.map((step) => stepLine(incident, step))
  const sweep = sweepLine(incident, card.now)
  const meter = [progress(incident), exposure(incident, card.now)]
    .filter((part) => part !== undefined)
    .join('   ') as Mrkdwn
  const spoken = lines(
    mrkdwn`${title}. ${literal(state.word)}.`,
    next === undefined ? closedLine(incident) : mrkdwn`Next: ${next}`,
    progress(incident),
    ...steps,
    ...(sweep === undefined ? [] : [sweep]),
    footer(incident),
  )
  // On a phone only the first lines are seen: what it is, who is next, and how far it is.
  const nextLine = next === undefined ? (closedLine(incident) ?? literal('Closed.')) : mrkdwn`*Next:* ${next}`
  return message(spoken, [
    section(lines(mrkdwn`${literal(state.sign)} *${title}*`, nextLine, meter)),
    ...sections([...steps, ...(sweep === undefined ? [] : [sweep])]),
    ...(incident.status === 'open' ? openPart(incident, card) : []),
    ...summaryPart(incident),
    context(opening(incident, state.word), footer(incident)),
  ])
}

function opening(incident: OpenedIncident, word: string): Mrkdwn {
  const { severity, openedAt, openedBy, commander } = incident
  return mrkdwn`${literal(severity.toUpperCase())} · *${literal(word)}* · opened ${moment(openedAt)} by ${mention(openedBy)} · commander ${mention(commander)}`
}

function exposure({ exposureEndsAt, status, firstRevokeAt }: OpenedIncident, now: string): Mrkdwn | undefined {
  if (exposureEndsAt === undefined || status === 'closed') return undefined
  // Before the first revoke nothing keeps the account from getting new ones.
  if (firstRevokeAt === undefined) return literal('⏳ access tokens are being renewed until the sessions are revoked')
  return exposureEndsAt <= now
    ? mrkdwn`⌛ old access tokens are dead since ${literal(hour(exposureEndsAt))}`
    : mrkdwn`⏳ old access tokens die in ${literal(span(now, exposureEndsAt))} (${literal(hour(exposureEndsAt))})`
}

function closedLine({ closed, containedAt, openedAt }: OpenedIncident): Mrkdwn | undefined {
  if (closed === undefined) return undefined
  const contained =
    containedAt === undefined ? literal('⚠️ Not contained') : mrkdwn`Contained, proven ${literal(minute(containedAt))}`
  const by = 'slack' in closed.by ? mention(closed.by) : at(closed.by)
  return mrkdwn`${contained} · closed ${moment(closed.at)} by ${by} · ${literal(span(openedAt, closed.at))}`
}

function openPart(incident: OpenedIncident, card: CardContext): Blocks {
  return [...row([...nextButtons(incident, card), noteButton(incident), moreMenu(incident)]), ...fallbackRows(incident)]
}

function nextButtons(incident: OpenedIncident, { requestLink }: CardContext): readonly ReturnType<typeof button>[] {
  const of: Reference = { of: 'incident', incident: incident.id }
  const { secret, facts, snapshotFailed } = incident
  const step = nextStep(incident)
  const buttons = []
  if (facts === undefined && snapshotFailed !== undefined) {
    buttons.push(button('Read the account again', presses.readSnapshot, of, { style: 'primary' }))
  }
  if (step !== undefined) {
    const about: Reference = { of: 'step', incident: incident.id, step: step.id }
    const state = stepState(incident, step.id)
    if (state.status === 'requested' && requestLink !== undefined)
      buttons.push(linkButton(`Open step ${stepNumber(incident, step)}`, requestLink, presses.link))
    if (isAskable(incident, step)) {
      const words =
        state.status === 'failed'
          ? `Try step ${stepNumber(incident, step)} again`
          : `Ask for step ${stepNumber(incident, step)}`
      buttons.push(button(words, presses.ask, about, { style: 'primary' }))
    }
    if (step.needsNotification === true && incident.notification === undefined) {
      buttons.push(button(`Record how ${incident.target.username} was told…`, presses.notify, of))
    }
  }
  if (incident.sweep.status === 'found' && !isRestored(incident))
    buttons.push(button('Sweep again', presses.readSweep, of))
  if (secret?.state === 'sealed')
    buttons.push(
      button('Show the temporary password…', presses.secret, {
        of: 'order',
        incident: incident.id,
        order: secret.order,
      }),
    )
  if (isClosable(incident)) buttons.push(button('Close…', presses.close, of, { style: 'primary' }))
  return buttons
}

/** What may be done about a step that was done but could not be proven. A row each: a row takes every action once. */
export function fallbackRows(incident: OpenedIncident, only?: StepId): Blocks {
  return incident.playbook.steps.flatMap((step) => {
    if ((only !== undefined && step.id !== only) || stepState(incident, step.id).status !== 'unproven') return []
    const about: Reference = { of: 'step', incident: incident.id, step: step.id }
    const suspend = step.fallbacks?.includes('suspend') === true && incident.suspendedAt === undefined
    return row([
      suspend ? button(`Suspend ${incident.target.username} instead`, presses.suspend, about) : undefined,
      step.fallbacks?.includes('attest') === true
        ? button(`I did step ${stepNumber(incident, step)} by hand…`, presses.attest, about)
        : undefined,
    ])
  })
}

function noteButton(incident: OpenedIncident): ReturnType<typeof button> {
  return button('Add note…', presses.note, { of: 'incident', incident: incident.id })
}

function moreMenu(incident: OpenedIncident): Overflow {
  const of = writeReference({ of: 'incident', incident: incident.id })
  const step = nextStep(incident)
  const swept = (incident.sweep.status === 'clean' || incident.sweep.status === 'found') && !isRestored(incident)
  return {
    type: 'overflow',
    action_id: presses.more,
    options: [
      option('Take command', `${presses.take}|${of}`),
      ...(step === undefined
        ? []
        : [
            option(
              `Skip step ${stepNumber(incident, step)}…`,
              `${presses.skip}|${writeReference({ of: 'step', incident: incident.id, step: step.id })}`,
            ),
          ]),
      option('Timeline', `${presses.timeline}|${of}`),
      swept
        ? option('Sweep again', `${presses.readSweep}|${of}`)
        : option('Read the account again', `${presses.readSnapshot}|${of}`),
      option('Close…', `${presses.close}|${of}`),
    ],
  }
}

function summaryPart({ summary, factWarnings }: OpenedIncident): readonly KnownBlock[] {
  const warnings = factWarnings.slice(0, 5).map((warning) => mrkdwn`⚠️ ${line(warning, 300)}`)
  const said = summary.trim() === '' ? [] : [mrkdwn`What happened: ${line(summary, 500)}`]
  return warnings.length + said.length === 0 ? [] : [divider, context(lines(...said, ...warnings))]
}

function footer({ lastSeq, lastHash }: OpenedIncident): Mrkdwn {
  return mrkdwn`entry ${lastSeq} · ${literal(lastHash.slice(0, 6))}…`
}
