import type { Account } from '#/incident/account.ts'
import { identityOf, isAccountOf, whyNotRespond, whyNotTakePart, whyUnread } from '#/incident/approval.ts'
import { isSameAccount } from '#/incident/identity.ts'
import { longestText } from '#/incident/limits.ts'
import { type Standing, samePerson } from '#/incident/people.ts'
import type { About } from '#/incident/refusals.ts'
import { utc } from '#/incident/times.ts'
import type { Policy } from '#/policy/policy.ts'
import type { GovernanceCommand, PersonsGovernanceCommand } from './commands.ts'
import type { Change, ChangeId, GovernanceEvent, Need } from './events.ts'
import { needWords } from './policy-words.ts'
import { type ChangeRefusal, type ChangeRefusalCode, changeRefusalSentence } from './refusals.ts'
import { escalateChange, remindOfChange } from './reminders.ts'
import { ruleOfChange, stillNeeded, wouldCount } from './rule.ts'
import { openChanges, type RequestedChange, type Rulebook } from './state.ts'
import { begunStepUp, endedStepUp, whyNotSteppedUp } from './step-up.ts'

/** A policy that the configuration names and that is not in force. */
export type Offered = { readonly policy: Policy; readonly digest: string; readonly differences: readonly string[] }

/** What a text is as a key of a person. */
export type ReadKey =
  | { readonly kind: 'key'; readonly publicKey: string; readonly fingerprint: string }
  | { readonly kind: 'private' }
  | { readonly kind: 'unreadable'; readonly why: string }

/** What a decision about the rules needs of the world. Everything in it is a value or a pure function. */
export type GovernanceSurroundings = {
  /** ISO 8601, UTC, milliseconds. */
  readonly now: string
  /** What the configuration said when the program started. It is not read again while it runs. */
  readonly configured: Offered
  /** The targets of the open incidents, and which incident it is. */
  readonly targets: readonly { readonly incident: string; readonly target: Account }[]
  /** Whether a sign-in to Autentico was used for an approval in an open incident. */
  readonly isUsed: (tokenDigest: string) => boolean
  /** The open incident that Autentico itself is what it is about: then what it says of a sign-in proves nothing. */
  readonly patient: string | undefined
  readonly readKey: (text: string) => ReadKey
  /** SHA-256 over the canonical JSON (RFC 8785) of a value, lower-case hex. */
  readonly digestOf: (value: unknown) => string
  /** Whether a change has been open for its whole time by a clock that nobody can set back. */
  readonly outlived: (change: ChangeId) => boolean
  /** `ms` after an ISO moment, as ISO. */
  readonly later: (at: string, ms: number) => string
}

export type GovernanceDecision =
  | { readonly kind: 'accepted'; readonly events: readonly GovernanceEvent[] }
  | { readonly kind: 'refused'; readonly refusal: ChangeRefusal; readonly sentence: string }

/** What becomes of a wish about the rules. Pure: the same rulebook, command and surroundings give the same answer. */
export function decideChange(
  rulebook: Rulebook,
  command: GovernanceCommand,
  around: GovernanceSurroundings,
): GovernanceDecision {
  if ('by' in command) {
    const refusal = whyNotInvolved(command, around)
    return refusal === undefined ? decideForPerson(rulebook, command, around) : refusedFor(refusal)
  }
  switch (command.type) {
    case 'AdoptFirst': {
      const { policy, digest } = around.configured
      return accepted(
        ...(rulebook.adopted === undefined
          ? [{ type: 'PolicyAdopted', policy, digest, source: 'first start' } as const]
          : []),
      )
    }
    case 'ShowChange': {
      const { change, channel, ts } = command
      return rulebook.changes.has(change) ? accepted({ type: 'ChangeShown', id: change, channel, ts }) : accepted()
    }
    case 'EndChangeStepUp':
      return accepted(...endedStepUp(rulebook, command))
    case 'ExpireChanges':
      return accepted(
        ...openChanges(rulebook)
          .filter((change) => isOver(change, around))
          .map(({ id }) => ({ type: 'ChangeExpired', id, why: 'time' }) as const),
      )
    case 'RemindOfChange':
      return accepted(
        ...remindOfChange(waiting(rulebook, command.change, around), command, remindersOf(rulebook, around)),
      )
    case 'EscalateChange':
      return accepted(
        ...escalateChange(waiting(rulebook, command.change, around), command, remindersOf(rulebook, around)),
      )
    case 'RecordCheckpoint':
      return accepted({ type: 'CheckpointSigned', size: command.size, note: command.note })
  }
}

function waiting(
  { changes }: Rulebook,
  id: ChangeId,
  { outlived }: GovernanceSurroundings,
): RequestedChange | undefined {
  return outlived(id) ? undefined : changes.get(id)
}

function remindersOf({ adopted }: Rulebook, { now, later, configured }: GovernanceSurroundings) {
  return { now, later, policy: (adopted ?? configured).policy }
}

/** Whether somebody's yes would bring a change nearer now. */
export function mayApproveChange(
  change: RequestedChange,
  by: Standing,
  around: Pick<GovernanceSurroundings, 'targets'>,
): boolean {
  const open = stillNeeded(change.rule, approvers(change))
  const refusal =
    whyNotInvolved({ type: 'ApproveChange', by }, around) ?? whyNotDecide(change, by) ?? whyNoUse(open, by, change)
  return refusal === undefined
}

function decideForPerson(
  rulebook: Rulebook,
  command: PersonsGovernanceCommand,
  around: GovernanceSurroundings,
): GovernanceDecision {
  switch (command.type) {
    case 'AskToAdopt':
      return askToAdopt(rulebook, command, around)
    case 'AskToRegister':
      return askToRegister(rulebook, command, around)
    case 'RevokeKey':
      return revokeKey(rulebook, command, around)
    case 'ApproveChange':
      return approveChange(rulebook, command, around)
    case 'BeginChangeStepUp':
      return beginStepUp(rulebook, command, around)
    case 'DenyChange':
      return denyChange(rulebook, command, around)
    case 'WithdrawChange':
      return withdrawChange(rulebook, command, around)
  }
}

/**
 * Why somebody may take no part at all: no member, on no list, or somebody whose account is being fought over. Taking one's own key away
 * is open to every member, since it only takes power away.
 */
function whyNotInvolved(
  { type, by }: Pick<PersonsGovernanceCommand, 'type' | 'by'>,
  { targets }: Pick<GovernanceSurroundings, 'targets'>,
): ChangeRefusal | undefined {
  const outsider = whyNotTakePart(by)
  if (outsider !== undefined) return outsider
  const attacked = targets.find(({ target }) => isAccountOf(by, target))
  return attacked === undefined || type === 'RevokeKey' || type === 'WithdrawChange'
    ? undefined
    : { code: 'person_under_attack', about: { what: attacked.incident } }
}

function askToAdopt(
  rulebook: Rulebook,
  { by, digest }: Extract<PersonsGovernanceCommand, { type: 'AskToAdopt' }>,
  around: GovernanceSurroundings,
): GovernanceDecision {
  const outsider = whyNotRespond(by)
  if (outsider !== undefined) return refusedFor(outsider)
  const { configured } = around
  if (configured.digest === rulebook.adopted?.digest) return refused('policy_same')
  if (configured.digest !== digest) return refused('policy_other')
  const asked = openOf(rulebook, around, (change) => change.kind === 'policy' && change.digest === digest)
  if (asked !== undefined) return refused('policy_asked', { what: asked.id })
  return request(rulebook, by, { kind: 'policy', ...configured }, around)
}

function askToRegister(
  rulebook: Rulebook,
  { by, publicKey }: Extract<PersonsGovernanceCommand, { type: 'AskToRegister' }>,
  around: GovernanceSurroundings,
): GovernanceDecision {
  const read = around.readKey(publicKey)
  // Said to whoever pastes one, whether or not they may register any: it has to be thrown away.
  if (read.kind === 'private') return refused('key_private')
  const outsider = whyNotListed(by)
  if (outsider !== undefined) return refusedFor(outsider)
  if (read.kind === 'unreadable') return refused('key_unreadable', { what: read.why })
  const { fingerprint } = read
  if (rulebook.keys.has(fingerprint)) return refused('key_known')
  const asked = openOf(
    rulebook,
    around,
    (change) => change.kind === 'register-key' && change.fingerprint === fingerprint,
  )
  if (asked !== undefined) return refused('key_asked', { what: asked.id })
  const { person, groups } = by
  const key = { person, ...identityOf(by), groups, publicKey: read.publicKey, fingerprint }
  return request(rulebook, by, { kind: 'register-key', ...key }, around)
}

function revokeKey(
  rulebook: Rulebook,
  { by, fingerprint }: Extract<PersonsGovernanceCommand, { type: 'RevokeKey' }>,
  around: GovernanceSurroundings,
): GovernanceDecision {
  const key = rulebook.keys.get(fingerprint)
  if (key === undefined || key.revokedAt !== undefined) return refused('no_such_key')
  const owner = key.person
  const asked = openOf(rulebook, around, (change) => change.kind === 'revoke-key' && change.fingerprint === fingerprint)
  if (samePerson(owner, by.person)) {
    return accepted({
      type: 'KeyRevoked',
      fingerprint,
      owner,
      ...(asked === undefined ? {} : { change: asked.id }),
    })
  }
  const outsider = whyNotListed(by)
  if (outsider !== undefined) return refusedFor(outsider)
  if (asked !== undefined) return refused('key_revoke_asked', { what: asked.id })
  return request(rulebook, by, { kind: 'revoke-key', fingerprint, owner }, around)
}

/** What is about keys is for responders and approvers alike. */
function whyNotListed(by: Standing): ChangeRefusal | undefined {
  return by.approver || by.responder
    ? undefined
    : (whyUnread(by, ['responders', 'approvers']) ?? { code: 'not_a_responder', about: {} })
}

/** A request under the policy in force. Its digest says everything that an approval is given to. */
function request(
  { changes, adopted }: Rulebook,
  by: Standing,
  change: Change,
  { now, configured, digestOf, later }: GovernanceSurroundings,
): GovernanceDecision {
  const { policy, digest: policyDigest } = adopted ?? configured
  const rule = ruleOfChange(policy, change)
  const asked = {
    id: `CHG-${changes.size + 1}` as ChangeId,
    change,
    requester: by.person,
    identity: identityOf(by),
    rule,
    policyDigest,
    expiresAt: later(now, rule.ttlMs),
  }
  return accepted({ type: 'ChangeRequested', ...asked, digest: digestOf(asked) })
}

function approveChange(
  rulebook: Rulebook,
  command: Extract<PersonsGovernanceCommand, { type: 'ApproveChange' }>,
  around: GovernanceSurroundings,
): GovernanceDecision {
  const { by, change: id, digest, reason = '', stepUp } = command
  const change = rulebook.changes.get(id)
  if (change === undefined) return refused('no_such_change')
  const refusal = whyEnded(change, around) ?? whyNotDecide(change, by)
  if (refusal !== undefined) return refusedFor(refusal)
  if (change.digest !== digest || change.policyDigest !== rulebook.adopted?.digest) return refused('change_differs')
  const open = stillNeeded(change.rule, approvers(change))
  const useless = whyNoUse(open, by, change)
  if (useless !== undefined) return refusedFor(useless)
  const why = reason.trim()
  if (change.rule.reason && why === '') return refused('reason_missing')
  if (why.length > longestText) return refused('text_too_long')
  const notSteppedUp = whyNotSteppedUp(rulebook, change, command, around)
  if (notSteppedUp !== undefined) return refusedFor(notSteppedUp)
  const approved = {
    type: 'ChangeApproved',
    id,
    digest,
    by: by.person,
    identity: identityOf(by),
    groups: by.groups,
    ...(why === '' ? {} : { reason: why }),
    ...(stepUp === undefined || !change.rule.stepUp ? {} : { stepUp }),
  } as const
  const isEnough = stillNeeded(change.rule, [...approvers(change), by.groups]).length === 0
  return accepted(approved, ...(isEnough ? outcomeOf(rulebook, change) : []))
}

/** Nobody is sent to sign in for an approval that would not count anyway. */
function beginStepUp(
  rulebook: Rulebook,
  command: Extract<PersonsGovernanceCommand, { type: 'BeginChangeStepUp' }>,
  around: GovernanceSurroundings,
): GovernanceDecision {
  const approval = approveChange(rulebook, { ...command, type: 'ApproveChange' }, around)
  if (approval.kind === 'accepted') return refused('step_up_idle')
  return approval.refusal.code === 'step_up_needed' ? accepted(...begunStepUp(rulebook, command)) : approval
}

/** What a change brings about. Another policy ends whatever was asked for under the one before. */
function outcomeOf(rulebook: Rulebook, { id, change }: RequestedChange): readonly GovernanceEvent[] {
  switch (change.kind) {
    case 'policy': {
      const { policy, digest } = change
      return [
        { type: 'PolicyAdopted', policy, digest, source: 'change', change: id },
        ...openChanges(rulebook)
          .filter((other) => other.id !== id)
          .map((other) => ({ type: 'ChangeExpired', id: other.id, why: 'policy' }) as const),
      ]
    }
    case 'register-key': {
      const { kind: _kind, ...key } = change
      return [{ type: 'KeyRegistered', change: id, ...key }]
    }
    case 'revoke-key':
      return [{ type: 'KeyRevoked', fingerprint: change.fingerprint, owner: change.owner, change: id }]
  }
}

function denyChange(
  rulebook: Rulebook,
  { by, change: id, reason }: Extract<PersonsGovernanceCommand, { type: 'DenyChange' }>,
  around: GovernanceSurroundings,
): GovernanceDecision {
  const change = rulebook.changes.get(id)
  if (change === undefined) return refused('no_such_change')
  const ended = whyEnded(change, around)
  if (ended !== undefined) return refusedFor(ended)
  if (samePerson(change.requester, by.person)) return refused('change_requester')
  if (change.change.kind === 'revoke-key' && samePerson(change.change.owner, by.person))
    return refused('key_owner_denies')
  const { deny } = change.rule
  if (!deny.some((group) => by.groups.includes(group)))
    return refusedFor(
      whyUnread(by, deny) ?? { code: 'change_group', about: { what: needWords({ approvals: 1, from: deny }) } },
    )
  const why = reason.trim()
  if (why === '') return refused('reason_missing')
  if (why.length > longestText) return refused('text_too_long')
  return accepted({ type: 'ChangeDenied', id, reason: why })
}

function withdrawChange(
  rulebook: Rulebook,
  { by, change: id }: Extract<PersonsGovernanceCommand, { type: 'WithdrawChange' }>,
  around: GovernanceSurroundings,
): GovernanceDecision {
  const change = rulebook.changes.get(id)
  if (change === undefined) return refused('no_such_change')
  const ended = whyEnded(change, around)
  if (ended !== undefined) return refusedFor(ended)
  if (!samePerson(change.requester, by.person))
    return refused('change_not_requester', { who: `@${change.requester.name}` })
  return accepted({ type: 'ChangeWithdrawn', id })
}

/** Two-person control: nobody counts who asked or has approved already, under whatever name in Slack. */
function whyNotDecide({ requester, identity, approvals }: RequestedChange, by: Standing): ChangeRefusal | undefined {
  if (samePerson(requester, by.person)) return { code: 'change_requester', about: {} }
  if (approvals.some((approval) => samePerson(approval.by, by.person)))
    return { code: 'change_approved_already', about: {} }
  const before = [
    { person: requester, identity },
    ...approvals.map((one) => ({ person: one.by, identity: one.identity })),
  ]
  const same = before.find((one) => isSameAccount(one.identity, by))
  return same === undefined ? undefined : { code: 'change_same_account', about: { who: `@${same.person.name}` } }
}

/** Why a yes would bring nothing nearer that is still needed. */
function whyNoUse(open: readonly Need[], by: Standing, { approvals }: RequestedChange): ChangeRefusal | undefined {
  const { groups, unread = [] } = by
  if (wouldCount(open, groups)) return undefined
  if (wouldCount(open, [...groups, ...unread])) {
    const named = open.flatMap(({ from, including }) => (including === undefined ? from : [...from, including]))
    return whyUnread(by, [...new Set(named)])
  }
  return {
    code: approvals.length === 0 ? 'change_group' : 'change_group_needed',
    about: { what: open.map(needWords).join('; ') },
  }
}

function whyEnded(change: RequestedChange, around: GovernanceSurroundings): ChangeRefusal | undefined {
  const { ended, expiresAt } = change
  if (ended !== undefined && ended.kind !== 'expired')
    return { code: 'change_ended', about: { what: `${ended.kind} at ${utc(ended.at)}` } }
  if (ended?.kind === 'expired' && ended.why === 'policy')
    return { code: 'change_ended', about: { what: `ended at ${utc(ended.at)}, when another policy came into force` } }
  return ended !== undefined || isOver(change, around)
    ? { code: 'change_expired', about: { what: utc(expiresAt) } }
    : undefined
}

function isOver({ id, expiresAt }: RequestedChange, { now, outlived }: GovernanceSurroundings): boolean {
  return expiresAt <= now || outlived(id)
}

function openOf(
  rulebook: Rulebook,
  around: GovernanceSurroundings,
  is: (change: Change) => boolean,
): RequestedChange | undefined {
  return openChanges(rulebook).find((one) => is(one.change) && !isOver(one, around))
}

function approvers({ approvals }: RequestedChange): readonly (readonly string[])[] {
  return approvals.map(({ groups }) => groups)
}

function accepted(...events: readonly GovernanceEvent[]): GovernanceDecision {
  return { kind: 'accepted', events }
}

function refused(code: ChangeRefusalCode, about: About = {}): GovernanceDecision {
  return refusedFor({ code, about })
}

function refusedFor(refusal: ChangeRefusal): GovernanceDecision {
  return { kind: 'refused', refusal, sentence: changeRefusalSentence(refusal) }
}
