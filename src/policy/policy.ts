import type { ActionName } from '#/playbook/actions.ts'

/** A list of people by name: `responders` and `approvers` come from the configuration, any other from the policy file. */
export type GroupName = string

/** What a request may ask for without an action, as far as the policy tells them apart. `skip` is also “skip the rest”. */
export const decisionNames = ['attest', 'expect', 'answer', 'skip', 'resume'] as const
export type DecisionName = (typeof decisionNames)[number]

/** What a rule may be about: an action, or a decision that touches nothing outside. */
export type RuleName = ActionName | DecisionName

/** What a request needs before it counts, and who may turn it down. */
export type Rule = {
  /** How many people besides the requester have to say yes; at least 1. */
  readonly approvals: number
  /** Members of any of these count. An empty list grants nobody. */
  readonly from: readonly GroupName[]
  /** At least one of those who say yes is in this group. */
  readonly including?: GroupName
  /** Members of any of these may deny. */
  readonly deny: readonly GroupName[]
  /** How long a request lives. */
  readonly ttlMs: number
  /** Whether an approval counts only after a fresh sign-in to Autentico. */
  readonly stepUp: boolean
  /** Whether whoever approves has to say why. */
  readonly reason: boolean
}

/** One responder alone suspends the target for a while. */
export type HoldRule = { readonly allowed: boolean; readonly by: readonly GroupName[]; readonly lengthMs: number }

/** One person alone acts after a delay that everybody is told of; somebody else reviews it afterwards. */
export type BreakGlassRule = { readonly allowed: boolean; readonly by: readonly GroupName[]; readonly delayMs: number }

/** Who is called upon while nobody decides. */
export type ReminderRule = {
  /** Until the first reminder; each further one waits twice as long. */
  readonly firstMs: number
  /** Who is called upon as well when nobody has decided for `afterMs`. */
  readonly next?: { readonly group: GroupName; readonly afterMs: number }
  /** An open incident in which nothing happened for this long is spoken of. */
  readonly staleMs: number
}

/** The rules that requests are decided under, complete: nothing in it falls back on anything else. */
export type Policy = {
  /** Slack ids of users (U…, W…) and user groups (S…), besides `responders` and `approvers`. */
  readonly groups: Readonly<Record<GroupName, readonly string[]>>
  readonly standard: Rule
  /** Where one differs from the standard. */
  readonly rules: Readonly<Partial<Record<RuleName, Rule>>>
  readonly hold: HoldRule
  readonly breakGlass: BreakGlassRule
  readonly reminders: ReminderRule
}

/** The rule for an action, or for a decision without one. */
export function ruleFor({ rules, standard }: Policy, name: RuleName): Rule {
  return rules[name] ?? standard
}

const minute = 60_000

/** What held before there were policies, for requests in ledgers of that time. */
export const oneApprover: Rule = {
  approvals: 1,
  from: ['approvers'],
  deny: ['approvers'],
  ttlMs: 30 * minute,
  stepUp: false,
  reason: false,
}

/** What holds without a policy file: one approver besides the requester, holds of half an hour, no break-glass. */
export function standardPolicy({ ttlMs, stepUp = false }: Pick<Rule, 'ttlMs'> & Partial<Pick<Rule, 'stepUp'>>): Policy {
  return {
    groups: {},
    standard: { ...oneApprover, ttlMs, stepUp },
    rules: {},
    hold: { allowed: true, by: ['responders'], lengthMs: 30 * minute },
    breakGlass: { allowed: false, by: [], delayMs: 10 * minute },
    reminders: { firstMs: 2 * minute, staleMs: 4 * 60 * minute },
  }
}
