import { glassPending } from '#/incident/glass-state.ts'
import { merged } from '#/incident/read-back.ts'
import { filledIn } from '#/incident/request-lines.ts'
import { findStep, type OpenedIncident, type Request, type StepState, stepState } from '#/incident/state.ts'
import { orderNotBegun } from '#/incident/withdrawal.ts'
import type { Policy } from '#/policy/policy.ts'
import { limits } from '../limits.ts'
import { presses, type Reference } from '../references.ts'
import { isAskable } from './asking.ts'
import { type Blocks, button, confirm, contexts, type Message, message, row, section, sections } from './blocks.ts'
import { glassState } from './glass-cards.ts'
import { holdState, keepOrLift } from './hold-cards.ts'
import { filledInLines, foundLines, requestTitle } from './request-words.ts'
import { aboutStep, fallbackRows } from './step-buttons.ts'
import { heldWords, lookedAt, progressOf } from './step-words.ts'
import { capital, clock, exactMoment, hour, line, lines, literal, type Mrkdwn, mention, mrkdwn, prose } from './text.ts'
import { approvalReasons, approvedBy, standLine, stepUpLine, whoDecides } from './verdict-words.ts'
import { drillMark, stepName } from './words.ts'

/**
 * A request in the thread. The first lines are enough on a phone: what is asked, what it does, and who decides until when, or
 * what came of it. Once it has ended the text stays and the buttons go.
 */
export function requestMessage(incident: OpenedIncident, request: Request, policy?: Alone): Message {
  const code = request.shown === undefined ? literal('') : mrkdwn`   code \`${literal(request.shown.code)}\``
  const title = mrkdwn`${drillMark(incident)}${requestTitle(incident, request)}`
  const state = stateLine(incident, request)
  const effect = effectLine(incident, request)
  const isOpen = request.end.kind === 'open'
  // While it is open the effect is what counts, afterwards what came of it.
  const first = isOpen ? lines(effect, state) : lines(state, effect)
  const warnings = lines(
    ...(request.shown?.effect.warnings ?? []).slice(0, 8).map((warning) => mrkdwn`⚠️ ${prose(warning, 300)}`),
  )
  const basis = [...seen(incident, request), ...filledInLines(incident, request)]
  // What was warned of is for the decision; after it, it stays on record in small.
  const origin = [
    askedLine(request),
    documentLine(incident, request),
    reasonLine(request),
    ...approvalReasons(request),
    ...(isOpen ? [] : [warnings, ...basis]),
  ].filter((one) => one !== undefined)
  const decided = isOpen ? [warnings, ...basis].filter((one) => one !== '') : []
  return message(lines(mrkdwn`${title}${code}`, first, ...decided, ...origin), [
    section(lines(mrkdwn`*${title}*${code}`, first)),
    ...sections(decided),
    ...contexts(origin),
    ...buttonsOf(incident, request, policy),
  ])
}

/** What the step is, where the request speaks of something else. */
function documentLine(incident: OpenedIncident, { kind, step: id }: Request): Mrkdwn | undefined {
  const step = findStep(incident, id)
  if (step === undefined || step.found !== undefined) return undefined
  if (kind === 'run') return mrkdwn`The document: ${line(step.document, 400)}`
  if (kind === 'answer') return mrkdwn`The question: ${line(step.question?.ask ?? '', 400)}`
  return kind === 'attest' && step.manual !== undefined
    ? mrkdwn`What there was to do: ${line(step.does, 400)}`
    : undefined
}

/** What the review saw. Its flags are the warnings already where somebody says that it was expected. */
function seen(incident: OpenedIncident, { step: id, kind, shown }: Request): readonly Mrkdwn[] {
  const lines = foundLines(findStep(incident, id) ?? {})
  return kind === 'expect' && shown !== undefined ? lines.slice(0, 1) : lines
}

/** What the effect says already is not said twice. */
function reasonLine({ reason, shown }: Request): Mrkdwn | undefined {
  if (reason === undefined || shown?.effect.sentence.includes(reason) === true) return undefined
  return mrkdwn`Reason: ${line(reason, 600)}`
}

function effectLine(incident: OpenedIncident, { step, shown, end }: Request): Mrkdwn | undefined {
  if (shown !== undefined) return mrkdwn`*This will:* ${line(shown.effect.sentence, 900)}`
  if (end.kind !== 'open') return undefined
  const what = capital(lookedAt(incident, findStep(incident, step)))
  return mrkdwn`${what} is being looked at. What this would do appears here, and then it can be decided.`
}

function askedLine({ requester, askedAt }: Request): Mrkdwn {
  return mrkdwn`Asked by ${mention(requester)} · ${exactMoment(askedAt)}`
}

/** Where the request stands: a sign, a word, who, and when. */
function stateLine(incident: OpenedIncident, request: Request): Mrkdwn | undefined {
  return lines(glassState(incident, request), whereItStands(incident, request))
}

function whereItStands(incident: OpenedIncident, request: Request): Mrkdwn | undefined {
  if (request.kind === 'hold') return holdState(incident, request)
  const { end, shown, askedAt } = request
  const time = (iso: string) => literal(hour(iso, askedAt))
  switch (end.kind) {
    case 'open':
      return shown === undefined
        ? undefined
        : lines(
            mrkdwn`🟡 *Waits for approval* by ${whoDecides(request)} until ${clock(shown.expiresAt, askedAt)}`,
            standLine(request),
            stepUpLine(incident, request),
          )
    case 'approved':
      return outcomeLines(incident, request, mrkdwn`approved by ${approvedBy(request)} ${time(end.at)}`)
    case 'alone':
      return outcomeLines(incident, request, mrkdwn`done alone by ${mention(end.by)} ${time(end.at)}`)
    case 'denied':
      return mrkdwn`🚫 *Denied* by ${mention(end.by)} ${time(end.at)}: ${line(end.reason ?? '', 600)}`
    case 'withdrawn':
      return mrkdwn`↩️ *Withdrawn* by ${mention(end.by)} ${time(end.at)}`
    case 'expired':
      return mrkdwn`⌛ *Ended* ${time(end.at)} without a decision. Ask again if it is still needed.`
    case 'voided':
      return mrkdwn`♻️ *Nothing was done:* the situation changed since this was shown. ${prose(end.reason ?? '', 600)} A fresh request is below.`
    case 'failed':
      return mrkdwn`⛔ *Nothing was done:* it could not be prepared. ${prose(end.reason ?? 'No reason was given.', 600)}`
  }
}

/** What came of an approved request. The first line says it, the next ones what was done and what is open. */
function outcomeLines(incident: OpenedIncident, request: Request, approved: Mrkdwn): Mrkdwn {
  const time = (iso: string) => literal(hour(iso, request.askedAt))
  const first = capital(approved)
  if (request.step === undefined) return mrkdwn`▶️ ${first} → *the work goes on*`
  const state = stateAfter(incident, request)
  if (state === undefined) return mrkdwn`⚪ ${first} → *over:* the review was repeated, and this was not found any more`
  switch (state.status) {
    case 'running': {
      const held = heldWords(incident, state)
      if (held !== undefined) return mrkdwn`⛔ ${first} → *${held}*`
      const does = findStep(incident, request.step)
      return state.waits === undefined
        ? lines(
            mrkdwn`${literal(state.taken === undefined ? '⏳' : '🔵')} ${first} → *${progressOf(incident, state)}*`,
            request.kind === 'run' && does?.found === undefined ? line(does?.does ?? '', 300) : undefined,
          )
        : mrkdwn`⏸ ${first} → *${literal(state.onPeople === true ? 'waits for you' : 'waits, and goes on by itself')}:* ${prose(state.waits, 400)}`
    }
    case 'proven':
      return lines(mrkdwn`✅ ${first} → *proven* ${time(state.at)}`, said(request, state.did, state.notes))
    case 'unproven':
      return state.suspended === true
        ? lines(
            mrkdwn`✅ ${first} → *suspended, proven* ${time(state.at)}`,
            literal('The step itself stays not proven.'),
            said(request, state.did, []),
          )
        : lines(
            mrkdwn`⚠️ ${first} → *done, not proven* ${time(state.at)}`,
            said(request, state.did, []),
            openLine(state.open),
          )
    case 'failed':
      return lines(
        mrkdwn`⛔ ${first} → *not done* ${time(state.at)}`,
        prose(state.sentence, 900),
        state.retry ? undefined : literal('Asking again as it is would not help.'),
      )
    case 'attested':
      return mrkdwn`✍️ ${first} → *recorded as done by hand, not proven*`
    case 'expected':
      return mrkdwn`☑️ ${first} → *recorded as expected*`
    case 'answered':
      return mrkdwn`🗳️ ${first} → *decided:* ${line(state.label, 200)}`
    case 'left-out':
      return mrkdwn`➖ ${first} → *left out since:* ${line(state.label, 200)}`
    case 'skipped':
      return mrkdwn`⏭️ ${first} → *skipped*, so it stays not proven`
    case 'waiting':
    case 'requested':
      return mrkdwn`⚪ ${first} → *not done*`
  }
}

/** Where the step stood when this request was over; undefined where it is no longer part of the incident. A later request for the same step began from there. */
function stateAfter({ requests, steps }: OpenedIncident, { id, step }: Request): StepState | undefined {
  if (step === undefined) return undefined
  const ofStep = [...requests.values()].filter((one) => one.step === step)
  const later = ofStep[ofStep.findIndex((one) => one.id === id) + 1]
  return later?.before ?? steps.get(step)
}

/** What was warned of before need not be said again. */
function said({ shown }: Request, did: readonly string[], notes: readonly string[]): Mrkdwn {
  const known = new Set(shown?.effect.warnings)
  return prose([...did, ...notes.filter((note) => !known.has(note))].join(' '), 900)
}

function openLine(open: readonly string[]): Mrkdwn | undefined {
  if (open.length === 0) return undefined
  const unique = merged(open)
  const more = unique.length > 3 ? literal(` And ${unique.length - 3} more.`) : literal('')
  return mrkdwn`Open: ${prose(unique.slice(0, 3).join(' '), 600)}${more}`
}

function isLatest({ requests }: OpenedIncident, { id, step }: Request): boolean {
  return [...requests.values()].findLast((one) => one.step === step)?.id === id
}

function buttonsOf(incident: OpenedIncident, request: Request, policy: Alone | undefined): Blocks {
  if (incident.status === 'closed') return []
  if (request.end.kind !== 'open') return afterwards(incident, request)
  return row(request.kind === 'hold' ? keepOrLift(incident, request) : decisionButtons(incident, request, policy))
}

/** What may be done by one alone. */
type Alone = Pick<Policy, 'breakGlass'>

function decisionButtons(
  incident: OpenedIncident,
  request: Request,
  policy: Alone | undefined,
): readonly ReturnType<typeof button>[] {
  const { id, shown, step } = request
  const about: Reference = {
    of: 'request',
    incident: incident.id,
    request: id,
    ...(shown === undefined ? {} : { digest: shown.digest }),
  }
  const withdraw = button('Withdraw', presses.withdraw, about)
  if (shown === undefined) return [withdraw]
  const { effect, code } = shown
  const subject = findStep(incident, step)
  const name = subject === undefined ? '' : ` ${stepName(incident, subject)}`
  const approve =
    effect.confirmByTyping === undefined && shown.rule?.reason !== true
      ? button('Approve', presses.approve, about, {
          style: 'primary',
          confirm: confirm({
            title: `Approve${name} · code ${code}?`,
            text: questionOf(incident, request),
            yes: effect.verb,
            danger: true,
          }),
        })
      : button('Approve…', presses.approveByTyping, about, { style: 'primary' })
  return [approve, button('Deny…', presses.deny, about), withdraw, ...glassButton(incident, request, { about, policy })]
}

/** Offered only where the policy lets somebody do it alone; whether this person may is asked when it is pressed. */
function glassButton(
  incident: OpenedIncident,
  { id, action, kind }: Request,
  { about, policy }: { readonly about: Reference; readonly policy: Alone | undefined },
): readonly ReturnType<typeof button>[] {
  const { allowed = false, by = [] } = policy?.breakGlass ?? {}
  // Never for these, whatever the policy says.
  if (kind === 'hold' || action === 'restore-access') return []
  if (!allowed || by.length === 0 || glassPending(incident).some(({ request }) => request === id)) return []
  return [button('Break glass…', presses.breakGlass, about, { style: 'danger' })]
}

/** What is asked before an approval counts, with what was filled in as far as there is room for it; the message has all of it. */
function questionOf(incident: OpenedIncident, request: Request): string {
  const question = request.shown?.effect.question ?? ''
  const given = filledIn(incident, request.step, request.inputs).map(({ label, value }) => `${label}: ${value}`)
  if (given.length === 0) return question
  const whole = `${question} Filled in: ${given.join(' · ')}`
  return whole.length <= limits.confirmText ? whole : `${question} What was filled in stands in the message.`
}

/** Trying again, or another way, where the latest request of a step left it open. */
function afterwards(incident: OpenedIncident, request: Request): Blocks {
  const step = findStep(incident, request.step)
  if (step === undefined || !isLatest(incident, request)) return []
  const state = stepState(incident, step.id)
  const order = orderNotBegun(incident, request)
  const about: Reference = { of: 'request', incident: incident.id, request: request.id }
  if (order !== undefined)
    return order.withdrawing === undefined ? row([button('Withdraw', presses.withdraw, about)]) : []
  const again =
    state.status === 'failed' && state.retry && isAskable(incident, step)
      ? row([
          button(`Try ${stepName(incident, step)} again`, presses.ask, aboutStep(incident, step), { style: 'primary' }),
        ])
      : []
  return [...again, ...fallbackRows(incident, step.id)]
}
