import { type ActionName, onlyReads } from '#/playbook/actions.ts'
import { readInputs } from '#/playbook/inputs.ts'
import { leftOutBy } from '#/playbook/playbook.ts'
import { isInstance } from './account.ts'
import { groupsFor, identityOf, lapsedApprovals, weigh, whyNotRespond, whyNotReview } from './approval.ts'
import { breakGlass, breakGlassNow, type RequestRules, reviewGlass, whyNotCloseUnreviewed } from './break-glass.ts'
import type { Command, PersonCommand, ProgramCommand, WorkerCommand } from './commands.ts'
import { accepted, because, type Decision, refused, refusedFor } from './decision.ts'
import type { IncidentEvent, RequestKind } from './events.ts'
import {
  afterConfirming,
  isHoldOrder,
  liftAgain,
  placeHold,
  settleHolds,
  supersede,
  whyNotCloseHeld,
  whyNotWhileHeld,
  whyNotWhileLifting,
} from './hold.ts'
import { correctAwareness, legalClockFrom, remindOfLegalClock } from './legal-clock.ts'
import { longestText } from './limits.ts'
import { recordDeletion, recordEdit, recordLostPosts, recordMessage } from './messages.ts'
import { fits, recordOutcome } from './outcome.ts'
import { askedAnew } from './outdated.ts'
import { type Standing, samePerson } from './people.ts'
import { type Refusal, refusalSentence } from './refusals.ts'
import { escalateRequest, nudge, remindOfRequest } from './reminders.ts'
import { effectOfDecision, nextRequestId, ofStep, ruleOf, shown, stepsLeft } from './requests.ts'
import {
  containmentSteps,
  findStep,
  type Incident,
  type IncidentStep,
  isRead,
  isRepeatable,
  isRestored,
  isSettled,
  nextStep,
  type OpenedIncident,
  openRequests,
  quoted,
  type Request,
  stepState,
  stepsOf,
  targetOf,
} from './state.ts'
import { begunStepUp, endedStepUp, whyNotSteppedUp } from './step-up.ts'
import {
  afterResume,
  askToResume,
  resumeToo,
  stoppedFromTheStart,
  stopWork,
  whyNotResume,
  whyNotWhileStopped,
} from './stop.ts'
import type { Surroundings } from './surroundings.ts'
import { orderSweep, settle } from './sweep.ts'
import { atAndAgo, requestName, utc } from './timeline.ts'
import { isFact, orderNotBegun, settleWithdrawal, takeBack, whyNotTakenBack } from './withdrawal.ts'

/** Why a secret is destroyed when its time is over. */
const unseen = 'nobody looked at it in time'

/**
 * The only place that says yes or no: a command against the state gives events, or a refusal. It changes nothing and asks
 * nobody. The same command on the same state always gives the same answer.
 */
export function decide(incident: Incident, command: Command, around: Surroundings): Decision {
  if (command.type === 'OpenIncident') return openIncident(incident, command, around)
  if (command.type === 'RecordForgery') {
    const { what, why, digest } = command
    return accepted({ type: 'ForgeryRefused', what, why, digest })
  }
  if (incident.status === 'unopened') return refused('no_such_incident')
  if (command.type === 'RecordOutcome') return decideOutcome(incident, command, around)
  if ('by' in command) return decidePerson(incident, command, around)
  return decideProgram(incident, command, around)
}

function openIncident(
  incident: Incident,
  command: Extract<Command, { type: 'OpenIncident' }>,
  around: Surroundings,
): Decision {
  const { by, playbook, severity, summary, target, targetIsBot, channel, drill, from } = command
  const refusal = whyNotRespond(by, target)
  if (refusal !== undefined) return refusedFor(refusal)
  if (incident.status !== 'unopened') return refused('incident_exists')
  const isWhole = isInstance(target)
  if (playbook.target === 'account' && isWhole) return refused('target_needed', { what: `“${playbook.title}”` })
  if (playbook.target === 'instance' && !isWhole) return refused('target_is_instance', { what: `“${playbook.title}”` })
  if (targetIsBot) return refused('target_is_bot')
  const other = around.open.find((open) => open.playbook.id === playbook.id && open.target.id === target.id)
  // Two incidents for one account under one playbook would undo each other's proof.
  if (other !== undefined) {
    const since = `${utc(other.openedAt)} by @${other.openedBy.name}`
    return refused('target_has_incident', { who: target.username, what: `${other.id} is open since ${since}` })
  }
  if (summary.length > longestText) return refused('text_too_long')
  const legalClock = legalClockFrom(playbook, command.awareAt ?? around.now, around)
  if (legalClock === 'future') return refused('awareness_wrong')

  return accepted(
    {
      type: 'IncidentOpened',
      playbook,
      playbookDigest: around.digestOf(playbook),
      policyDigest: around.policyDigest,
      ...(command.quorum === undefined ? {} : { quorum: command.quorum }),
      severity,
      summary,
      target,
      channel,
      drill,
      ...(from === undefined ? {} : { from }),
      ...(legalClock === undefined ? {} : { legalClock }),
    },
    { type: 'WorkOrdered', mode: 'run', action: playbook.snapshot },
    ...stoppedFromTheStart(around),
  )
}

function decidePerson(
  incident: OpenedIncident,
  command: Exclude<PersonCommand, { type: 'OpenIncident' }>,
  around: Surroundings,
): Decision {
  // Some have their own list of people; everything else is for responders.
  const refusal = hasOwnPeople(command) ? undefined : whyNotRespond(command.by, incident.target)
  if (refusal !== undefined) return refusedFor(refusal)
  // The record is wanted most once all is over.
  if (command.type === 'AskForPack') return accepted({ type: 'PackRequested' })
  if (incident.status === 'closed') return refused('incident_not_open')
  const stopped = setsInMotion(incident, command) ? whyNotWhileStopped(incident) : undefined
  if (stopped !== undefined) return refusedFor(stopped)

  switch (command.type) {
    case 'AskForStep':
      return askForStep(incident, command, around)
    case 'ApproveRequest':
      return approveRequest(incident, command, around)
    case 'BeginStepUp':
      return beginStepUp(incident, command, around)
    case 'DenyRequest':
      return denyRequest(incident, command, around)
    case 'WithdrawRequest':
      return withdrawRequest(incident, command, around)
    case 'HoldTarget':
      return placeHold(incident, command.by, around)
    case 'LiftAgain':
      return liftAgain(incident, command.request, around)
    case 'BreakGlass':
      return breakGlass(incident, command, around, rulesOf(incident, around))
    case 'ReviewGlass':
      return reviewGlass(incident, command, around)
    case 'ReadAgain':
      return readAgain(incident, command.what, around)
    case 'StopWork':
      return stopWork(incident, command)
    case 'AskToResume':
      return askToResume(incident, command, around)
    case 'TakeCommand':
      return samePerson(incident.commander, command.by.person)
        ? refused('already_commander')
        : accepted({ type: 'CommanderNamed', commander: command.by.person })
    case 'AddNote':
      return addNote(command)
    case 'RecordNotification':
      return recordNotification(command)
    case 'ShowSecret':
      return showSecret(incident, command, around)
    case 'CorrectAwareness':
      return correctAwareness(incident, command, around)
    case 'CloseIncident':
      return closeIncident(incident, command.reason)
  }
}

function hasOwnPeople({ type }: PersonCommand): boolean {
  return (
    type === 'ApproveRequest' ||
    type === 'BeginStepUp' ||
    type === 'DenyRequest' ||
    type === 'HoldTarget' ||
    type === 'BreakGlass' ||
    type === 'ReviewGlass'
  )
}

/** What an emergency stop holds up. What is read, noted, turned down or taken back goes on. */
function setsInMotion(incident: OpenedIncident, command: Exclude<PersonCommand, { type: 'OpenIncident' }>): boolean {
  switch (command.type) {
    case 'AskForStep':
    case 'ReadAgain':
    case 'ShowSecret':
    case 'CloseIncident':
    case 'HoldTarget':
    case 'LiftAgain':
      return true
    case 'ApproveRequest':
    case 'BeginStepUp':
    case 'BreakGlass':
      return incident.requests.get(command.request)?.kind !== 'resume'
    case 'StopWork':
    case 'AskToResume':
    case 'DenyRequest':
    case 'WithdrawRequest':
    case 'TakeCommand':
    case 'AddNote':
    case 'CorrectAwareness':
    case 'RecordNotification':
    case 'AskForPack':
    case 'ReviewGlass':
      return false
  }
}

function askForStep(
  incident: OpenedIncident,
  command: Extract<Command, { type: 'AskForStep' }>,
  around: Surroundings,
): Decision {
  const step = findStep(incident, command.step)
  if (step === undefined) return refused('no_such_step')
  const refusal = whyNotAsk(incident, step, command)
  if (refusal !== undefined) return refusedFor(refusal)
  const { by, kind, answer } = command
  const read = readInputs(kind === 'run' ? (step.inputs ?? []) : [], (id) => command.inputs?.[id] ?? '', around.now)
  if (read.kind === 'wrong') return refused('inputs_wrong', { what: Object.values(read.errors).join(' ') })
  const { inputs } = read

  const action = actionOf(step, command)
  const given = Object.keys(inputs).length === 0 ? {} : { inputs }
  // What only reads needs no second person.
  if (action !== undefined && onlyReads(action))
    return accepted({ type: 'WorkOrdered', mode: 'run', action, step: step.id, ...given })

  const request = nextRequestId(incident)
  const reason = command.reason?.trim()
  const asked: IncidentEvent = {
    type: 'StepRequested',
    request,
    step: step.id,
    kind,
    requester: by.person,
    identity: identityOf(by),
    ...(action === undefined ? {} : { action }),
    ...(reason === undefined || reason === '' ? {} : { reason }),
    ...given,
    ...(kind !== 'answer' || answer === undefined ? {} : { answer }),
  }
  if (action !== undefined)
    return accepted(asked, { type: 'WorkOrdered', mode: 'prepare', action, step: step.id, request })

  // Nothing outside is touched, so there is nothing to look at first: the effect is what the words say.
  const about = {
    id: request,
    step: step.id,
    kind,
    reason: reason ?? '',
    ...(kind === 'answer' && answer !== undefined ? { answer } : {}),
  }
  const effect = effectOfDecision(incident, step, about)
  return accepted(asked, shown(incident, { request: about, effect }, around))
}

function whyNotAsk(
  incident: OpenedIncident,
  step: IncidentStep,
  command: Extract<Command, { type: 'AskForStep' }>,
): Refusal | undefined {
  const { kind, reason, answer } = command
  const state = stepState(incident, step.id)
  if (state.status === 'requested') {
    const open = incident.requests.get(state.request)
    return because('request_open', open === undefined ? {} : { who: `@${open.requester.name}` })
  }
  if (state.status === 'running') return because('step_running')
  const isOver =
    isFinal.has(state.status) || (state.status === 'proven' && !(kind === 'run' && isRepeatable(incident, step)))
  if (isOver) return because('step_settled', { what: overWords[state.status] ?? state.status })

  const early = whyTooEarly(incident, step)
  if (early !== undefined) return early

  const notOffered = whyNotOffered(step, command)
  if (notOffered !== undefined) return notOffered
  if (kind !== 'run' && kind !== 'suspend' && (reason === undefined || reason.trim() === ''))
    return because('reason_missing')
  if (reason !== undefined && reason.length > longestText) return because('text_too_long')
  if (kind === 'suspend' || kind === 'attest') {
    // What only people can do has no other way to wait for.
    const byHand = kind === 'attest' && step.manual !== undefined
    const stuck = byHand || state.status === 'unproven' || state.status === 'failed'
    const offered = stuck && ((byHand && step.found === undefined) || step.fallbacks?.includes(kind) === true)
    return offered ? undefined : because('fallback_not_offered')
  }
  if (kind === 'answer')
    return step.question?.answers.some(({ id }) => id === answer) === true ? undefined : because('answer_unknown')
  if (kind !== 'run') return undefined
  if (!isRead(incident)) {
    return because('snapshot_first', incident.snapshotFailed === undefined ? {} : { what: incident.snapshotFailed })
  }
  return (
    whyNotWhileHeld(incident, { action: actionOf(step, command), account: targetOf(incident, step).id }) ??
    (step.kind === 'recovery' ? whyNotRecover(incident, step) : undefined)
  )
}

/** States that nothing leads out of. */
const isFinal: ReadonlySet<string> = new Set(['skipped', 'expected', 'answered', 'left-out'])

const overWords: Readonly<Record<string, string>> = { 'left-out': 'left out', expected: 'recorded as expected' }

/** A finding is spoken for, or dealt with in one of its ways; a question is answered; what people do by hand is no worker's work. */
function whyNotOffered(
  step: IncidentStep,
  { kind, action }: Extract<Command, { type: 'AskForStep' }>,
): Refusal | undefined {
  const what = step.title
  const isSkip = kind === 'skip' || kind === 'skip-rest'
  if (step.found !== undefined) {
    const { ways } = step.found.finding
    const offered =
      kind === 'run' ? action !== undefined && ways.includes(action) : kind !== 'answer' && kind !== 'suspend'
    return offered ? undefined : because('way_not_offered', { what })
  }
  if (kind === 'expect' || (action !== undefined && action !== step.action)) return because('way_not_offered', { what })
  if (step.question !== undefined) return kind === 'answer' || isSkip ? undefined : because('way_not_offered', { what })
  if (step.manual !== undefined) return kind === 'attest' || isSkip ? undefined : because('way_not_offered', { what })
  return kind === 'answer' ? because('way_not_offered', { what }) : undefined
}

/** The findings of one review may be dealt with in any order. */
function whyTooEarly(incident: OpenedIncident, step: IncidentStep): Refusal | undefined {
  const all = stepsOf(incident)
  const earlier = all
    .slice(
      0,
      all.findIndex(({ id }) => id === step.id),
    )
    .filter(({ found }) => found === undefined || found.by !== step.found?.by)
  const first = earlier.find(({ id }) => !isSettled(stepState(incident, id)))
  return first === undefined ? undefined : because('step_not_next', { what: quoted(first) })
}

/** Why a request that was right to make is not right to approve any more: something came in between. */
function whyNotNow(
  incident: OpenedIncident,
  request: Request,
  by: Standing,
  around: Surroundings,
): Refusal | undefined {
  const { step: id, kind, action, shown: seen } = request
  if (kind === 'resume') return whyNotResume(incident, request, by, around)
  if (kind === 'hold') return undefined
  const step = findStep(incident, id)
  if (step === undefined) return because('no_such_step')
  const early = whyTooEarly(incident, step) ?? whyNotWhileLifting(incident, request, around)
  if (early !== undefined) return early
  // A worker compares what it is about to do with what was shown. Where no worker is asked, it is compared here.
  if (
    action === undefined &&
    effectOfDecision(incident, step, { ...request, kind }).sentence !== seen?.effect.sentence
  ) {
    return because('shown_differs')
  }
  return kind === 'run' && step.kind === 'recovery' ? whyNotRecover(incident, step) : undefined
}

/** Nothing is given back before containment has been swept and the user has been told. */
function whyNotRecover(incident: OpenedIncident, step: IncidentStep): Refusal | undefined {
  if (step.needsNotification === true && incident.notification === undefined) {
    return because('notification_first', { who: incident.target.username })
  }
  const { sweep } = incident
  // Everything before was skipped with approval: there is nothing whose proof could be repeated.
  if (
    sweep.status === 'none' &&
    containmentSteps(incident).every(({ id }) => stepState(incident, id).status === 'skipped')
  )
    return undefined
  if (sweep.status === 'due') return because('sweep_first', { what: `is due at ${utc(sweep.at)}` })
  if (sweep.status === 'found') return because('sweep_first', { what: `found: ${sweep.open.join(' ')}` })
  return sweep.status === 'clean' ? undefined : because('sweep_first')
}

function approveRequest(
  incident: OpenedIncident,
  command: Extract<Command, { type: 'ApproveRequest' }>,
  around: Surroundings,
): Decision {
  const { by, able, earlier = [] } = command
  const asked = incident.requests.get(command.request)
  if (asked === undefined) return refusedFor(whyNotReviewAny(incident, by, around) ?? because('no_open_request'))
  const rule = ruleOf(asked, around.policy)
  const lapsed = lapsedApprovals(earlier, { incident, request: asked, rule, open: around.open })
  const request = {
    ...asked,
    approvals: asked.approvals.filter((one) => !lapsed.some((gone) => samePerson(gone.by, one.by))),
  }
  const { dismissals, satisfied } = weigh(by, { incident, request, rule, open: around.open, able })
  const [dismissal] = dismissals
  if (dismissal !== undefined) return refusedFor(dismissal.reason)
  const ended = whyEnded(request, around)
  if (ended !== undefined) return refusedFor(ended)
  const { shown: seen } = request
  if (seen === undefined) return refused('request_not_ready')
  if (seen.digest !== command.digest) return refused('shown_differs')
  if (seen.policyDigest !== undefined && seen.policyDigest !== around.policyDigest) return refused('policy_changed')
  const notNow = whyNotNow(incident, request, by, around)
  if (notNow !== undefined) return refusedFor(notNow)
  const word = seen.effect.confirmByTyping
  if (word !== undefined && command.typed?.trim() !== word) return refused('confirm_by_typing', { what: `“${word}”` })
  const reason = command.reason?.trim() ?? ''
  if (rule.reason && reason === '') return refused('reason_missing')
  if (reason.length > longestText) return refused('text_too_long')
  // Last of all: nobody is sent to sign in for an approval that would not count anyway.
  const notSteppedUp = whyNotSteppedUp(incident, request, command, around)
  if (notSteppedUp !== undefined) return refusedFor(notSteppedUp)
  const { stepUp } = command
  const yes = {
    request: request.id,
    ...ofStep(request),
    digest: seen.digest,
    ...(reason === '' ? {} : { reason }),
    ...(stepUp === undefined ? {} : { stepUp }),
  }
  const unclear = lapsed.find(({ reason }) => reason.code === 'standing_unknown')
  if (unclear !== undefined) return refused('earlier_unknown', { who: `@${unclear.by.name}` })
  const gone = lapsed.map(({ by, reason }): IncidentEvent => {
    return { type: 'ApprovalLapsed', request: request.id, ...ofStep(request), by, why: refusalSentence(reason) }
  })
  if (!satisfied)
    return accepted(...gone, { type: 'ApprovalGiven', ...yes, identity: identityOf(by), groups: groupsFor(by, rule) })
  return accepted(...gone, { type: 'StepApproved', ...yes }, ...afterApproval(incident, request, by, around))
}

/** Of a request that nobody made, only those who might decide on one learn that there is none. */
function whyNotReviewAny(incident: OpenedIncident, by: Standing, { policy, open }: Surroundings): Refusal | undefined {
  const rules = [policy.standard, ...Object.values(policy.rules)]
  const groups = [...new Set(rules.flatMap(({ from, deny }) => [...from, ...deny]))]
  return whyNotReview(by, { incident, target: incident.target, groups, open })
}

/** Everything but the sign-in has to be as for an approval. */
function beginStepUp(
  incident: OpenedIncident,
  command: Extract<Command, { type: 'BeginStepUp' }>,
  around: Surroundings,
): Decision {
  const { alone, reason = '' } = command
  const approval =
    alone === undefined
      ? approveRequest(incident, { ...command, type: 'ApproveRequest' }, around)
      : breakGlass(incident, { ...command, ...alone, type: 'BreakGlass', reason }, around, rulesOf(incident, around))
  if (approval.kind === 'accepted') return refused('step_up_idle')
  if (approval.refusal.code !== 'step_up_needed') return approval
  return accepted(...begunStepUp(incident, command))
}

function afterApproval(
  incident: OpenedIncident,
  request: Request,
  { person }: Standing,
  around: Surroundings,
): readonly IncidentEvent[] {
  if (request.kind === 'resume') return afterResume(incident, request, person)
  if (request.kind === 'hold') return afterConfirming(request, person)
  const { step, id, reason = '' } = request
  if (step === undefined) throw new Error(`request ${id} to ${request.kind} names no step`)
  switch (request.kind) {
    case 'run':
    case 'suspend':
      if (request.action === undefined) throw new Error(`request ${id} to ${request.kind} names no action`)
      return [{ type: 'WorkOrdered', mode: 'run', action: request.action, step, request: id }]
    case 'attest':
      return settle(incident, [{ type: 'StepAttested', step, request: id, note: reason }], around)
    case 'expect':
      return settle(incident, [expected(incident, { step, request: id, note: reason })], around)
    case 'answer':
      return settle(incident, [answered(incident, request)], around)
    case 'skip':
      return settle(incident, [{ type: 'StepSkipped', step, request: id, reason }], around)
    case 'skip-rest':
      return settle(
        incident,
        stepsLeft(incident, step).map((rest) => ({ type: 'StepSkipped', step: rest.id, request: id, reason })),
        around,
      )
  }
}

function expected(
  incident: OpenedIncident,
  about: Omit<Extract<IncidentEvent, { type: 'FindingExpected' }>, 'type' | 'finding'>,
): Extract<IncidentEvent, { type: 'FindingExpected' }> {
  const finding = findStep(incident, about.step)?.found?.finding.key
  if (finding === undefined) throw new Error(`${about.step} is no finding`)
  return { type: 'FindingExpected', ...about, finding }
}

function answered(
  incident: OpenedIncident,
  { step: id, id: request, answer: chosen, reason: note = '' }: Request,
): Extract<IncidentEvent, { type: 'QuestionAnswered' }> {
  const step = findStep(incident, id)
  const answer = step?.question?.answers.find((one) => one.id === chosen)
  if (step?.question === undefined || answer === undefined) throw new Error(`request ${request} answers no question`)
  // What was settled before the question was answered stays as it is.
  const leftOut = leftOutBy(step.question, answer.id).filter((one) => !isSettled(stepState(incident, one)))
  return { type: 'QuestionAnswered', step: step.id, request, answer: answer.id, label: answer.label, note, leftOut }
}

function denyRequest(
  incident: OpenedIncident,
  command: Extract<Command, { type: 'DenyRequest' }>,
  around: Surroundings,
): Decision {
  const request = incident.requests.get(command.request)
  if (request === undefined)
    return refusedFor(whyNotReviewAny(incident, command.by, around) ?? because('no_open_request'))
  const refusal = whyNotReview(command.by, {
    incident,
    target: targetOf(incident, findStep(incident, request.step)),
    groups: ruleOf(request, around.policy).deny,
    open: around.open,
  })
  if (refusal !== undefined) return refusedFor(refusal)
  const ended = whyEnded(request, around)
  if (ended !== undefined) return refusedFor(ended)
  if (samePerson(request.requester, command.by.person)) {
    return refused('approver_is_requester')
  }
  const reason = command.reason.trim()
  if (reason === '') return refused('reason_missing')
  if (reason.length > longestText) return refused('text_too_long')
  return accepted({ type: 'StepDenied', request: request.id, ...ofStep(request), reason })
}

function withdrawRequest(
  incident: OpenedIncident,
  command: Extract<Command, { type: 'WithdrawRequest' }>,
  around: Surroundings,
): Decision {
  const request = incident.requests.get(command.request)
  if (request === undefined) return refused('no_open_request')
  const late = whyNotTakenBack(incident, request)
  if (late !== undefined) return refusedFor(late)
  const order = orderNotBegun(incident, request)
  const ended = order === undefined ? whyEnded(request, around) : undefined
  if (ended !== undefined) return refusedFor(ended)
  const { person } = command.by
  if (!samePerson(request.requester, person) && !samePerson(incident.commander, person)) {
    return refused('not_the_requester', { who: `@${request.requester.name}` })
  }
  if (order !== undefined) return takeBack(request, order, command.by)
  return accepted({ type: 'RequestWithdrawn', request: request.id, ...ofStep(request) })
}

/** What holds for a request whoever decides on it, for those who do it alone. */
function rulesOf(incident: OpenedIncident, around: Surroundings): RequestRules {
  return {
    whyEnded: (request) => whyEnded(request, around),
    whyNotNow: (request, by) => whyNotNow(incident, request, by, around),
    following: (request, by) => afterApproval(incident, request, by, around),
  }
}

/** Why a request can no longer be decided. Undefined: it is open. */
function whyEnded({ id, end, shown: seen }: Request, { now, outlived }: Surroundings): Refusal | undefined {
  switch (end.kind) {
    case 'open':
      return seen !== undefined && (seen.expiresAt <= now || outlived(id))
        ? because('request_expired', { what: utc(seen.expiresAt) })
        : undefined
    case 'approved':
    case 'alone':
    case 'denied':
    case 'withdrawn':
      return because('already_decided', {
        what: end.kind === 'alone' ? 'done alone' : end.kind,
        who: `@${end.by.name} ${atAndAgo(end.at, now)}`,
      })
    case 'expired':
      return because('request_expired', { what: utc(end.at) })
    case 'voided':
      return because('request_stale', { what: 'made void because the situation had changed' })
    case 'failed':
      return because('request_stale', { what: 'which could not be prepared' })
  }
}

function readAgain(incident: OpenedIncident, what: 'snapshot' | 'sweep', around: Surroundings): Decision {
  const { playbook, sweep } = incident
  const action: ActionName = what === 'snapshot' ? playbook.snapshot : playbook.sweep
  if (what === 'sweep' && sweep.status === 'due') return refused('sweep_first', { what: `is due at ${utc(sweep.at)}` })
  if ([...incident.orders.values()].some((order) => order.action === action)) return refused('reading_under_way')
  if (what === 'snapshot') return accepted({ type: 'WorkOrdered', mode: 'run', action })
  if (sweep.status === 'none') return refused('nothing_to_sweep')
  if (isRestored(incident)) return refused('access_restored', { who: incident.target.username })
  return accepted(orderSweep(incident, around, 0))
}

function addNote({ text, link }: Extract<Command, { type: 'AddNote' }>): Decision {
  const note = text.trim()
  if (note === '') return refused('reason_missing')
  if (note.length > longestText) return refused('text_too_long')
  return accepted({ type: 'NoteAdded', text: note, ...(link === undefined ? {} : { link }) })
}

function recordNotification(command: Extract<Command, { type: 'RecordNotification' }>): Decision {
  const channel = command.channel.trim()
  const identityCheck = command.identityCheck.trim()
  const note = command.note.trim()
  if (channel === '' || identityCheck === '') return refused('reason_missing')
  if ([channel, identityCheck, note].some((text) => text.length > longestText)) return refused('text_too_long')
  return accepted({ type: 'NotificationRecorded', channel, identityCheck, note })
}

function showSecret(
  { secret }: OpenedIncident,
  { by, order }: Extract<Command, { type: 'ShowSecret' }>,
  { now }: Surroundings,
): Decision {
  if (secret === undefined || secret.order !== order) return refused('secret_gone')
  if (!samePerson(secret.holder, by.person)) return refused('secret_not_yours', { who: `@${secret.holder.name}` })
  if (secret.state !== 'sealed') return refused('secret_gone', secret.why === undefined ? {} : { what: secret.why })
  if (secret.expiresAt <= now) return refused('secret_gone', { what: unseen })
  return accepted({ type: 'SecretShown', order })
}

function closeIncident(incident: OpenedIncident, reason: string): Decision {
  const held = whyNotCloseHeld(incident)
  if (held !== undefined) return refusedFor(held)
  const [request] = openRequests(incident)
  if (request !== undefined) return refused('requests_open', { what: `“${requestName(request, incident)}”` })
  const running = stepsOf(incident).find(({ id }) => stepState(incident, id).status === 'running')
  if (running !== undefined) return refused('work_in_flight', { what: `${quoted(running)} is still running` })
  if (incident.sweep.status === 'due')
    return refused('work_in_flight', { what: `the sweep is due at ${utc(incident.sweep.at)}` })
  const left = nextStep(incident)
  if (left !== undefined) return refused('steps_unsettled', { what: `${quoted(left)} is` })
  const unreviewed = whyNotCloseUnreviewed(incident)
  if (unreviewed !== undefined) return refusedFor(unreviewed)
  if (reason.length > longestText) return refused('text_too_long')

  const { secret } = incident
  return accepted(
    ...(secret?.state === 'sealed'
      ? [{ type: 'SecretDestroyed', order: secret.order, why: 'the incident was closed' } as const]
      : []),
    { type: 'IncidentClosed', reason: reason.trim() },
  )
}

function decideOutcome(incident: OpenedIncident, command: WorkerCommand, around: Surroundings): Decision {
  const { orders, takenBack } = incident
  const order = orders.get(command.order) ?? (isFact(command.result) ? takenBack.get(command.order) : undefined)
  // Ended already, or made void: the same outcome twice changes nothing.
  if (order === undefined || !fits(incident, order, command.result)) return refused('order_unknown')
  if (incident.status === 'closed') return accepted()
  return accepted(...recordOutcome(incident, order, command.result, around))
}

function decideProgram(
  incident: OpenedIncident,
  command: Exclude<ProgramCommand, { type: 'RecordForgery' }>,
  around: Surroundings,
): Decision {
  switch (command.type) {
    case 'StartThread':
      return accepted({ type: 'ThreadStarted', channel: command.channel, ts: command.ts })
    case 'RecordCheckpoint':
      return accepted({ type: 'CheckpointSigned', size: command.size, note: command.note })
    case 'DoubtRecord':
      return accepted({
        type: 'RecordDoubted',
        problems: command.problems,
        ...(command.ledger === undefined ? {} : { ledger: command.ledger }),
      })
    case 'ExpireRequests':
      return incident.status === 'closed' ? accepted() : accepted(...expiries(incident, around))
    case 'EndStepUp':
      return accepted(...endedStepUp(incident, command))
    case 'SettleHolds':
      return accepted(...settleHolds(incident, around))
    case 'SupersedeHold':
      return accepted(
        ...supersede(incident, `${incident.target.username} stays suspended, as decided in ${command.incident}.`),
      )
    case 'BreakGlassNow':
      return accepted(...breakGlassNow(incident, command, around, rulesOf(incident, around)))
    case 'RemindOfRequest':
      return accepted(...remindOfRequest(incident, command, around))
    case 'EscalateRequest':
      return accepted(...escalateRequest(incident, command, around))
    case 'NudgeStale':
      return accepted(...nudge(incident, around))
    case 'RecordMessage':
      return accepted(...recordMessage(incident, command, around))
    case 'RecordEdit':
      return accepted(...recordEdit(incident, command, around))
    case 'RecordDeletion':
      return accepted(...recordDeletion(incident, command, around))
    case 'RecordLostPosts':
      return accepted(...recordLostPosts(incident, command))
    case 'RemindOfLegalClock':
      return accepted(...remindOfLegalClock(incident, around))
    case 'LinkIncident':
      return accepted({ type: 'IncidentLinked', to: command.to, playbook: command.playbook, by: command.person })
    case 'ResumeToo':
      return incident.status === 'closed' ? refused('not_stopped') : resumeToo(incident, command)
    case 'SettleWithdrawal':
      return incident.status === 'closed' ? refused('order_unknown') : settleWithdrawal(incident, command)
    case 'IssueAgain':
      return incident.orders.has(command.order) && incident.status === 'open'
        ? accepted({ type: 'WorkIssuedAgain', order: command.order, why: command.why })
        : refused('order_unknown')
    case 'ExpireOrder': {
      const order = incident.orders.get(command.order)
      if (order === undefined || incident.status === 'closed') return refused('order_unknown')
      // Nobody heard of it, so it may have begun.
      const begun = isHoldOrder(order) ? ({ begun: true } as const) : {}
      return accepted(
        ...recordOutcome(
          incident,
          order,
          { kind: 'failed', sentence: command.sentence, retry: true, ...begun },
          around,
        ),
      )
    }
    case 'DestroySecret':
      return incident.secret?.order === command.order && incident.secret.state === 'sealed'
        ? accepted({ type: 'SecretDestroyed', order: command.order, why: command.why })
        : refused('secret_gone')
  }
}

function expiries(incident: OpenedIncident, around: Surroundings): readonly IncidentEvent[] {
  const { now, outlived } = around
  const isOver = ({ id, shown: seen }: Request): boolean =>
    seen !== undefined && (seen.expiresAt <= now || outlived(id))
  const requests = [
    ...openRequests(incident)
      .filter(isOver)
      .map((request) => ({ type: 'RequestExpired', request: request.id, ...ofStep(request) }) as const),
    ...askedAnew(incident, isOver, around),
  ]
  const { secret } = incident
  return secret?.state === 'sealed' && secret.expiresAt <= now
    ? [...requests, { type: 'SecretDestroyed', order: secret.order, why: unseen }]
    : requests
}

function actionOf(
  step: IncidentStep,
  { kind, action }: { readonly kind: RequestKind; readonly action?: ActionName },
): ActionName | undefined {
  if (kind === 'run') return step.action ?? action
  return kind === 'suspend' ? 'suspend-account' : undefined
}
