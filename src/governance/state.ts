import type { Identity } from '#/incident/identity.ts'
import { isPerson, type Person, samePerson } from '#/incident/people.ts'
import type { GroupName, Policy } from '#/policy/policy.ts'
import type { Change, ChangeId, ChangeRule, GovernanceEvent, PersonKey, RecordedChange } from './events.ts'

/** The policy in force, by which entry it came into force. */
export type Adopted = {
  readonly policy: Policy
  readonly digest: string
  readonly at: string
  readonly seq: number
  readonly change?: ChangeId
}

export type ChangeApproval = {
  readonly by: Person
  readonly identity: Identity
  readonly groups: readonly GroupName[]
  readonly at: string
  readonly reason?: string
  /** The sign-in to Autentico that it was proven by: it counts for no other. */
  readonly signIn?: { readonly tokenDigest: string; readonly sub: string }
}

/** Somebody who wants to approve a change and is signing in to Autentico for it. */
export type ChangeStepUp = { readonly change: ChangeId; readonly by: Person }

/** How a change ended. */
export type ChangeEnd =
  | { readonly kind: 'approved'; readonly at: string }
  | { readonly kind: 'denied'; readonly at: string; readonly by: string; readonly reason: string }
  | { readonly kind: 'withdrawn'; readonly at: string; readonly by: string }
  | { readonly kind: 'expired'; readonly at: string; readonly why: 'time' | 'policy' }

/** A change that was asked for, and what came of it. */
export type RequestedChange = {
  readonly id: ChangeId
  readonly change: Change
  readonly requester: Person
  readonly identity: Identity
  readonly rule: ChangeRule
  readonly policyDigest: string
  readonly requestedAt: string
  readonly expiresAt: string
  readonly digest: string
  readonly approvals: readonly ChangeApproval[]
  /** How often it was spoken of because nobody decided, and when last. */
  readonly reminders: number
  readonly remindedAt?: string
  /** Who was called upon for it. */
  readonly called: readonly Person[]
  /** The group that was called upon as well. */
  readonly escalatedTo?: GroupName
  /** Where its message stands. */
  readonly place?: { readonly channel: string; readonly ts: string }
  /** Absent as long as it can be decided. */
  readonly ended?: ChangeEnd
}

export type RegisteredKey = PersonKey & { readonly registeredAt: string; readonly revokedAt?: string }

/** The rules as the governance stream tells them. */
export type Rulebook = {
  /** The number of the last entry of the stream; 0 for none. */
  readonly lastSeq: number
  readonly adopted?: Adopted
  /** By id, in the order they were asked for. */
  readonly changes: ReadonlyMap<ChangeId, RequestedChange>
  /** By fingerprint, those that were revoked among them. */
  readonly keys: ReadonlyMap<string, RegisteredKey>
  /** Those that are under way. */
  readonly stepUps: readonly ChangeStepUp[]
}

export const emptyRulebook: Rulebook = { lastSeq: 0, changes: new Map(), keys: new Map(), stepUps: [] }

/** Folds one fact into the rulebook. It never refuses. */
export function applyChange(rulebook: Rulebook, recorded: RecordedChange): Rulebook {
  return { ...applied(rulebook, recorded), lastSeq: recorded.seq }
}

/** The changes that can be decided, in the order they were asked for. */
export function openChanges({ changes }: Rulebook): readonly RequestedChange[] {
  return [...changes.values()].filter(({ ended }) => ended === undefined)
}

/** The keys that count. */
export function activeKeys({ keys }: Rulebook): readonly RegisteredKey[] {
  return [...keys.values()].filter(({ revokedAt }) => revokedAt === undefined)
}

function applied(rulebook: Rulebook, { event, at, actor, seq }: RecordedChange): Rulebook {
  switch (event.type) {
    case 'PolicyAdopted': {
      const { policy, digest, change } = event
      const adopted = { policy, digest, at, seq, ...(change === undefined ? {} : { change }) }
      return { ...withEnd(rulebook, change, { kind: 'approved', at }), adopted }
    }
    case 'ChangeRequested': {
      const { type: _type, ...requested } = event
      return withChange(rulebook, { ...requested, requestedAt: at, approvals: [], reminders: 0, called: [] })
    }
    case 'ChangeShown': {
      const { channel, ts } = event
      return changed(rulebook, event.id, (change) => ({ ...change, place: { channel, ts } }))
    }
    case 'ChangeApproved':
      return changed(withoutStepUp(rulebook, event.id, event.by), event.id, (change) => ({
        ...change,
        approvals: [...change.approvals, approvalOf(event, at)],
      }))
    case 'ChangeStepUpStarted': {
      const begun = isPerson(actor) ? [{ change: event.id, by: actor }] : []
      return { ...rulebook, stepUps: [...rulebook.stepUps, ...begun] }
    }
    case 'ChangeStepUpFailed':
      return withoutStepUp(rulebook, event.id, event.person)
    case 'ChangeReminded':
      return changed(rulebook, event.id, (change) => ({
        ...change,
        reminders: event.reminder,
        remindedAt: at,
        called: [...change.called, ...event.called],
      }))
    case 'ChangeEscalated':
      return changed(rulebook, event.id, (change) => ({
        ...change,
        escalatedTo: event.group,
        called: [...change.called, ...event.called],
      }))
    case 'ChangeDenied':
      return withEnd(rulebook, event.id, { kind: 'denied', at, by: nameOf(actor), reason: event.reason })
    case 'ChangeWithdrawn':
      return withEnd(rulebook, event.id, { kind: 'withdrawn', at, by: nameOf(actor) })
    case 'ChangeExpired':
      return withEnd(rulebook, event.id, { kind: 'expired', at, why: event.why })
    case 'KeyRegistered': {
      const { type: _type, change, ...key } = event
      return withKey(withEnd(rulebook, change, { kind: 'approved', at }), { ...key, registeredAt: at })
    }
    case 'KeyRevoked': {
      const ended = withEnd(rulebook, event.change, { kind: 'approved', at })
      const key = rulebook.keys.get(event.fingerprint)
      return key === undefined ? ended : withKey(ended, { ...key, revokedAt: at })
    }
    case 'SigningKeyRotated':
    case 'ChangeRefused':
    case 'CheckpointSigned':
      return rulebook
  }
}

function withoutStepUp(rulebook: Rulebook, change: ChangeId, person: Person): Rulebook {
  const stepUps = rulebook.stepUps.filter((one) => one.change !== change || !samePerson(one.by, person))
  return { ...rulebook, stepUps }
}

function approvalOf(
  { by, identity, groups, reason, stepUp }: Extract<GovernanceEvent, { type: 'ChangeApproved' }>,
  at: string,
): ChangeApproval {
  return {
    by,
    identity,
    groups,
    at,
    ...(reason === undefined ? {} : { reason }),
    ...(stepUp?.kind === 'autentico' ? { signIn: { tokenDigest: stepUp.tokenDigest, sub: stepUp.sub } } : {}),
  }
}

function nameOf(actor: RecordedChange['actor']): string {
  return isPerson(actor) ? actor.name : ''
}

function withEnd(rulebook: Rulebook, id: ChangeId | undefined, ended: ChangeEnd): Rulebook {
  return id === undefined ? rulebook : changed(rulebook, id, (change) => ({ ...change, ended }))
}

function changed(rulebook: Rulebook, id: ChangeId, how: (change: RequestedChange) => RequestedChange): Rulebook {
  const change = rulebook.changes.get(id)
  return change === undefined ? rulebook : withChange(rulebook, how(change))
}

function withChange(rulebook: Rulebook, change: RequestedChange): Rulebook {
  return { ...rulebook, changes: new Map(rulebook.changes).set(change.id, change) }
}

function withKey(rulebook: Rulebook, key: RegisteredKey): Rulebook {
  return { ...rulebook, keys: new Map(rulebook.keys).set(key.fingerprint, key) }
}
