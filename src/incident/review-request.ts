import { leftOutBy } from '#/playbook/playbook.ts'
import { groupsFor, identityOf, lapsedApprovals, weigh, whyNotReview } from './approval.ts'
import { whyNotRecover, whyTooEarly } from './ask-for-step.ts'
import { breakGlass, type RequestRules } from './break-glass.ts'
import type { Command } from './commands.ts'
import { accepted, because, type Decision, refused, refusedFor } from './decision.ts'
import type { IncidentEvent } from './events.ts'
import { afterConfirming, whyNotWhileLifting } from './hold.ts'
import { longestText } from './limits.ts'
import { type Standing, samePerson } from './people.ts'
import { type Refusal, refusalSentence } from './refusals.ts'
import { effectOfDecision, ofStep, ruleOf, stepsLeft } from './requests.ts'
import { findStep, isSettled, type OpenedIncident, type Request, stepState, targetOf } from './state.ts'
import { begunStepUp, whyNotSteppedUp } from './step-up.ts'
import { afterResume, whyNotResume } from './stop.ts'
import type { Surroundings } from './surroundings.ts'
import { settle } from './sweep.ts'
import { atAndAgo, utc } from './times.ts'
import { orderNotBegun, takeBack, whyNotTakenBack } from './withdrawal.ts'

/** One more yes. With the last that the rule needs, what was asked for is ordered or recorded. */
export function approveRequest(
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
  const unclear = lapsed.find(({ reason }) => reason.code === 'standing_unknown' || reason.code === 'lists_unread')
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
export function beginStepUp(
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

/** A no, with its reason. It ends the request, whoever said yes before. */
export function denyRequest(
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

/** What holds for a request whoever decides on it, for those who do it alone. */
export function rulesOf(incident: OpenedIncident, around: Surroundings): RequestRules {
  return {
    whyEnded: (request) => whyEnded(request, around),
    whyNotNow: (request, by) => whyNotNow(incident, request, by, around),
    following: (request, by) => afterApproval(incident, request, by, around),
  }
}

/** Takes a request back, also one that was approved, until a worker has begun. */
export function withdrawRequest(
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

/** Why a request can no longer be decided. Undefined: it is open. */
function whyEnded(request: Request, { now, outlived }: Surroundings): Refusal | undefined {
  const { id, end, shown: seen } = request
  const isOver = end.kind === 'open' && seen !== undefined && (seen.expiresAt <= now || outlived(id))
  return isOver ? because('request_expired', { what: utc(seen.expiresAt) }) : whyOver(request, now)
}

/** How a request has ended by the record, as a refusal of whoever would decide it now. Undefined: it has not. */
export function whyOver({ end }: Request, now: string): Refusal | undefined {
  switch (end.kind) {
    case 'open':
      return undefined
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
