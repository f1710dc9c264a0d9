import { leftOutBy, type StepId } from '#/playbook/playbook.ts'
import { type Policy, type Rule, type RuleName, ruleFor } from '#/policy/policy.ts'
import { isInstance } from './account.ts'
import type { IncidentEvent, StepRequestKind } from './events.ts'
import {
  findStep,
  type IncidentStep,
  type OpenedIncident,
  quoted,
  type Request,
  stepState,
  stepsOf,
  targetOf,
} from './state.ts'
import type { Surroundings } from './surroundings.ts'
import type { Effect, RequestId } from './work.ts'

/** The id of the request that would be made next. Requests are numbered inside their incident. */
export function nextRequestId(incident: OpenedIncident, ahead = 0): RequestId {
  return `r${incident.requests.size + 1 + ahead}` as RequestId
}

type Shown = Pick<Request, 'id' | 'step' | 'kind' | 'action' | 'inputs' | 'answer' | 'reason'>

/** The step of a request, for the events that speak of it; absent where it has none. */
export function ofStep({ step }: { readonly step?: StepId | undefined }): { readonly step?: StepId } {
  return step === undefined ? {} : { step }
}

/** The request as people are shown it, with the digest that an approval of it is bound to. */
export function shown(
  incident: OpenedIncident,
  {
    request,
    effect,
    expiresAt,
  }: {
    readonly request: Shown
    readonly effect: Effect
    /** Until when it can be decided, where that is not for its rule to say. */
    readonly expiresAt?: string
  },
  { now, later, policy, policyDigest, digestOf }: Surroundings,
): IncidentEvent {
  const { id, step, kind, action, inputs, answer, reason } = request
  const about = findStep(incident, step)
  const rule = ruleFor(policy, ruleNameOf(request))
  const digest = digestOf({
    incident: incident.id,
    playbook: incident.playbookDigest,
    target: targetOf(incident, about).id,
    finding: about?.found?.finding.key,
    request: id,
    step,
    kind,
    action,
    inputs,
    answer,
    reason,
    effect,
    rule,
    policy: policyDigest,
  })
  return {
    type: 'RequestShown',
    request: id,
    ...ofStep({ step }),
    effect,
    expiresAt: expiresAt ?? later(now, rule.ttlMs),
    digest,
    code: codeOf(digest),
    rule,
    policyDigest,
  }
}

/** What the policy calls it that a request asks for. */
export function ruleNameOf({ id, kind, action }: Pick<Shown, 'id' | 'kind' | 'action'>): RuleName {
  if (kind === 'skip-rest') return 'skip'
  if (kind === 'hold') return 'hold-account'
  if (kind !== 'run' && kind !== 'suspend') return kind
  if (action === undefined) throw new Error(`request ${id} to ${kind} names no action`)
  return action
}

/** The rule that a request was shown under; the one that holds now where it is not shown yet, or was before there were policies. */
export function ruleOf(request: Shown & Pick<Request, 'shown'>, policy: Policy): Rule {
  return request.shown?.rule ?? ruleFor(policy, ruleNameOf(request))
}

// Without 0, O, 1 and I: people read these to each other over the phone.
const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'

/** Five characters of a digest, to compare what two people see: `7QF-2K`. */
export function codeOf(digest: string): string {
  const bits = Number.parseInt(digest.slice(0, 7), 16)
  const letters = [20, 15, 10, 5, 0].map((shift) => alphabet[(bits >> (shift + 3)) & 31] ?? '?').join('')
  return `${letters.slice(0, 3)}-${letters.slice(3)}`
}

/** What “skip the rest” leaves undone: the step it was pressed on, and every other that nobody has asked for and nothing settled. */
export function stepsLeft(incident: OpenedIncident, from: StepId): readonly IncidentStep[] {
  return stepsOf(incident).filter(({ id }) => {
    const { status } = stepState(incident, id)
    return id === from || status === 'waiting' || status === 'failed'
  })
}

/** What a request that touches nothing outside does, in words. */
export function effectOfDecision(
  incident: OpenedIncident,
  step: IncidentStep,
  { kind, reason = '', answer }: { readonly kind: StepRequestKind; readonly reason?: string; readonly answer?: string },
): Effect {
  const whose = isInstance(incident.target) ? '' : ` for ${incident.target.username}`
  const what = quoted(step)
  if (kind === 'expect') {
    return {
      sentence: `record that ${what} is expected: ${reason}`,
      question: `Record that ${what} is as it should be? It stays as it is, and the next review does not ask again while nothing about it changes.`,
      verb: 'It is expected',
      warnings: step.found?.finding.flags ?? [],
      basis: {},
    }
  }
  if (kind === 'answer') {
    const label = step.question?.answers.find(({ id }) => id === answer)?.label ?? ''
    const leftOut = step.question === undefined || answer === undefined ? [] : leftOutBy(step.question, answer)
    return {
      sentence: `record the decision “${step.title}”: ${label}. ${reason}`,
      question: `Sign the decision “${step.title}”: ${label}?`,
      verb: 'Sign it',
      warnings:
        leftOut.length === 0
          ? []
          : [`Left out then: ${leftOut.map((id) => `“${findStep(incident, id)?.title ?? id}”`).join(', ')}.`],
      basis: {},
    }
  }
  if (kind === 'attest' && step.manual !== undefined) {
    const done = step.found === undefined ? 'was done' : 'was dealt with by hand'
    return {
      sentence: `record that ${what} ${done}: ${reason}`,
      question: `Record that ${what} ${done}? Two people vouch for it, the bot cannot see it.`,
      verb: 'Record it',
      warnings: [],
      basis: {},
    }
  }
  if (kind === 'attest') {
    return {
      sentence: `record that “${step.title}” was done by hand${whose}: ${reason}`,
      question: `Record that “${step.title}” was done by hand? The bot could not see it for itself, so it stays not proven.`,
      verb: 'Record it',
      warnings: ['Nothing is checked: the record will say that two people vouch for it.'],
      basis: {},
    }
  }
  const rest = kind === 'skip-rest' ? stepsLeft(incident, step.id) : [step]
  const titles = rest.map(quoted).join(', ')
  const contains = rest.some((one) => one.kind === 'containment')
  return {
    sentence: `leave ${titles} undone${whose}: ${reason}`,
    question: `Leave ${titles} undone?${contains ? ' The incident will not count as contained.' : ''}`,
    verb: rest.length > 1 ? 'Skip them' : 'Skip it',
    warnings: ['What is skipped stays not proven, and the summary says so.'],
    basis: {},
  }
}
