import { type OpenedIncident, type Request, stepState } from '#/incident/state.ts'
import { presses, type Reference } from '../references.ts'
import { type Blocks, button, confirm, context, type Message, message, row, section } from './blocks.ts'
import { fallbackRows } from './incident-card.ts'
import { at, clock, exactMoment, hour, line, lines, literal, type Mrkdwn, mention, mrkdwn } from './text.ts'
import { drillMark, isAskable, requestTitle, stepNumber } from './words.ts'

/**
 * A request in the thread: what is asked, what it does, who asked and until when. Once it has ended the text stays, the
 * buttons go, and what came of it stands below.
 */
export function requestMessage(incident: OpenedIncident, request: Request): Message {
  const title = mrkdwn`${drillMark(incident)}${requestTitle(incident, request)}`
  const code = request.shown === undefined ? literal('') : mrkdwn`   code \`${literal(request.shown.code)}\``
  const body = lines(documentLine(incident, request), reasonLine(request), effectLine(request))
  const warnings = lines(
    ...(request.shown?.effect.warnings ?? []).slice(0, 8).map((warning) => mrkdwn`⚠️ ${line(warning, 300)}`),
  )
  const asked = askedLine(request)
  const end = endLine(incident, request)
  return message(lines(mrkdwn`${title}${code}`, end, effectLine(request), warnings, asked), [
    section(mrkdwn`*${title}*${code}`),
    section(body),
    ...(warnings === '' ? [] : [section(warnings)]),
    context(asked),
    ...(end === undefined ? [] : [section(end)]),
    ...buttonsOf(incident, request),
  ])
}

function documentLine(incident: OpenedIncident, { kind, step: id }: Request): Mrkdwn | undefined {
  const step = incident.playbook.steps.find((one) => one.id === id)
  return step === undefined || kind !== 'run' ? undefined : mrkdwn`_The document:_ ${line(step.document, 400)}`
}

function reasonLine({ reason }: Request): Mrkdwn | undefined {
  return reason === undefined ? undefined : mrkdwn`Reason: ${line(reason, 600)}`
}

function effectLine({ shown, end }: Request): Mrkdwn {
  if (shown !== undefined) return mrkdwn`*This will:* ${line(shown.effect.sentence, 900)}`
  return literal(
    end.kind === 'open'
      ? 'The account is being looked at. What this would do appears here, and then it can be decided.'
      : 'It ended before its effect was known.',
  )
}

function askedLine({ requester, askedAt, shown, end }: Request): Mrkdwn {
  const open = shown !== undefined && end.kind === 'open'
  const until = open ? mrkdwn` · ends ${clock(shown.expiresAt)} · needs 1 approval by somebody else` : literal('')
  return mrkdwn`Asked by ${mention(requester)} · ${exactMoment(askedAt)}${until}`
}

function endLine(incident: OpenedIncident, request: Request): Mrkdwn | undefined {
  const { end } = request
  switch (end.kind) {
    case 'open':
      return undefined
    case 'approved':
      return mrkdwn`✅ Approved by ${mention(end.by)} ${literal(hour(end.at))} · ${resultOf(incident, request)}`
    case 'denied':
      return mrkdwn`🚫 Denied by ${mention(end.by)} ${literal(hour(end.at))}: ${line(end.reason ?? '', 600)}`
    case 'withdrawn':
      return mrkdwn`↩️ Withdrawn by ${mention(end.by)} ${literal(hour(end.at))}.`
    case 'expired':
      return mrkdwn`⌛ Ended ${literal(hour(end.at))} without a decision. Ask again if it is still needed.`
    case 'voided':
      return mrkdwn`♻️ Nothing was done: the situation changed since this was shown. ${line(end.reason ?? '', 600)} A fresh request is below.`
    case 'failed':
      return mrkdwn`⛔ Could not be prepared: ${line(end.reason ?? 'no reason was given', 600)}`
  }
}

/** What came of an approved request, as far as its step tells. A later request for the same step has the last word. */
function resultOf(incident: OpenedIncident, request: Request): Mrkdwn {
  if (!isLatest(incident, request)) return literal('a later request for this step has taken over.')
  const state = stepState(incident, request.step)
  switch (state.status) {
    case 'running':
      return state.waits === undefined
        ? literal('running…')
        : mrkdwn`waits, and goes on by itself: ${line(state.waits, 400)}`
    case 'proven':
      return mrkdwn`*proven* ${literal(hour(state.at))}: ${line([...state.did, ...state.notes].join(' '), 900)}`
    case 'unproven':
      return mrkdwn`⚠️ *done, not proven* ${literal(hour(state.at))}: ${line([...state.did, ...state.open].join(' '), 900)}`
    case 'failed':
      return mrkdwn`⛔ *not done* ${literal(hour(state.at))}: ${line(state.sentence, 900)}`
    case 'attested':
      return mrkdwn`✍️ *recorded as done by hand, not proven*, on the word of ${line(state.by.map(({ name }) => `@${name}`).join(' and '))}.`
    case 'skipped':
      return literal('⏭️ skipped, so it stays not proven.')
    case 'waiting':
    case 'requested':
      return literal('not done.')
  }
}

function isLatest({ requests }: OpenedIncident, { id, step }: Request): boolean {
  return [...requests.values()].findLast((one) => one.step === step)?.id === id
}

function buttonsOf(incident: OpenedIncident, request: Request): Blocks {
  if (incident.status === 'closed') return []
  return request.end.kind === 'open' ? row(decisionButtons(incident, request)) : afterwards(incident, request)
}

function decisionButtons(incident: OpenedIncident, { id, shown }: Request): readonly ReturnType<typeof button>[] {
  const about: Reference = {
    of: 'request',
    incident: incident.id,
    request: id,
    ...(shown === undefined ? {} : { digest: shown.digest }),
  }
  const withdraw = button('Withdraw', presses.withdraw, about)
  if (shown === undefined) return [withdraw]
  const { effect } = shown
  const approve =
    effect.confirmByTyping === undefined
      ? button('Approve', presses.approve, about, {
          style: 'primary',
          confirm: confirm({
            title: `Approve (${shown.code})?`,
            text: effect.question,
            yes: effect.verb,
            danger: true,
          }),
        })
      : button('Approve…', presses.approveByTyping, about, { style: 'primary' })
  return [approve, button('Deny…', presses.deny, about, { style: 'danger' }), withdraw]
}

/** Trying again, or another way, where the latest request of a step left it open. */
function afterwards(incident: OpenedIncident, request: Request): Blocks {
  const step = incident.playbook.steps.find(({ id }) => id === request.step)
  if (step === undefined || !isLatest(incident, request)) return []
  const failed = stepState(incident, step.id).status === 'failed' && isAskable(incident, step)
  const words = `Try step ${stepNumber(incident, step)} again`
  const again = failed
    ? row([button(words, presses.ask, { of: 'step', incident: incident.id, step: step.id }, { style: 'primary' })])
    : []
  return [...again, ...fallbackRows(incident, step.id)]
}

/** Who a request waits for, for a list: "step 3 of INC-7, asked by @ana, code 7QF-2K". */
export function waitingLine(incident: OpenedIncident, request: Request): Mrkdwn {
  const code =
    request.shown === undefined
      ? literal('being looked at')
      : mrkdwn`code \`${literal(request.shown.code)}\`, ends ${clock(request.shown.expiresAt)}`
  return mrkdwn`🟡 *${literal(incident.id)}* ${requestTitle(incident, request)} · asked by ${at(request.requester)} · ${code}`
}
