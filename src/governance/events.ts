import type { StepUpFailure } from '#/incident/events.ts'
import type { Identity, StepUp } from '#/incident/identity.ts'
import type { Actor, Person } from '#/incident/people.ts'
import type { GroupName, Policy, Rule } from '#/policy/policy.ts'
import type { ChangeRefusalCode } from './refusals.ts'

/** The stream of what concerns no incident but the rules themselves. */
export const governanceStream = 'governance'

/** `CHG-1`, counted through the stream. */
export type ChangeId = string & { readonly __brand: 'ChangeId' }

/**
 * A public key that a person acts with from a terminal. `publicKey`: the Ed25519 key as SPKI (RFC 8410), base64 of the DER on one line.
 * `fingerprint`: as OpenSSH names it, `SHA256:…`.
 */
export type PersonKey = {
  readonly person: Person
  readonly email?: string
  readonly account?: string
  /** What the person was in when they asked. */
  readonly groups: readonly GroupName[]
  readonly publicKey: string
  readonly fingerprint: string
}

/** What can be changed of the rules. `differences`: what changes, a line each, in words. */
export type Change =
  | {
      readonly kind: 'policy'
      readonly policy: Policy
      readonly digest: string
      readonly differences: readonly string[]
    }
  | ({ readonly kind: 'register-key' } & PersonKey)
  | { readonly kind: 'revoke-key'; readonly fingerprint: string; readonly owner: Person }

/** One of the conditions for a change: so many people of any of these groups, and one of `including` among them. */
export type Need = Pick<Rule, 'approvals' | 'from' | 'including'>

/** What a change needs before it takes effect: all of `needs`. One person may count for several of them. */
export type ChangeRule = Pick<Rule, 'deny' | 'ttlMs' | 'stepUp' | 'reason'> & { readonly needs: readonly Need[] }

/** What happened to the rules, in the past tense. A field once written is read back for as long as ledgers exist. */
export type GovernanceEvent =
  /** `change`: the request that it came of; absent for what the program found at its first start. */
  | {
      readonly type: 'PolicyAdopted'
      readonly policy: Policy
      /** SHA-256 over the canonical JSON of the policy, hex. */
      readonly digest: string
      readonly source: 'first start' | 'change'
      readonly change?: ChangeId
    }
  | {
      readonly type: 'ChangeRequested'
      readonly id: ChangeId
      readonly change: Change
      readonly requester: Person
      readonly identity: Identity
      /** Made of the policy that was in force. */
      readonly rule: ChangeRule
      readonly policyDigest: string
      readonly expiresAt: string
      /** SHA-256 over all of the above, hex: what an approval is bound to. */
      readonly digest: string
    }
  /** Where its message stands. */
  | { readonly type: 'ChangeShown'; readonly id: ChangeId; readonly channel: string; readonly ts: string }
  /** One of those that are needed. The last is followed by what comes of the change. */
  | {
      readonly type: 'ChangeApproved'
      readonly id: ChangeId
      readonly digest: string
      readonly by: Person
      readonly identity: Identity
      readonly groups: readonly GroupName[]
      readonly reason?: string
      /** What proved, beside the click, who approved. */
      readonly stepUp?: StepUp
    }
  /** The approval counts once the person has signed in to Autentico afresh. */
  | { readonly type: 'ChangeStepUpStarted'; readonly id: ChangeId; readonly digest: string }
  /** The sign-in led to no approval. `sentence`: what `person` was told. */
  | {
      readonly type: 'ChangeStepUpFailed'
      readonly id: ChangeId
      readonly person: Person
      readonly why: StepUpFailure
      readonly sentence: string
    }
  /** Nobody had decided yet. `reminder` counts them. `able`: who could decide then; `called`: whom the line calls upon. */
  | {
      readonly type: 'ChangeReminded'
      readonly id: ChangeId
      readonly reminder: number
      readonly able: readonly Person[]
      readonly called: readonly Person[]
    }
  /** Nobody had decided for long, so another group was called upon as well. That allows none of them to approve. */
  | {
      readonly type: 'ChangeEscalated'
      readonly id: ChangeId
      readonly group: GroupName
      readonly able: readonly Person[]
      readonly called: readonly Person[]
    }
  | { readonly type: 'ChangeDenied'; readonly id: ChangeId; readonly reason: string }
  | { readonly type: 'ChangeWithdrawn'; readonly id: ChangeId }
  /** `policy`: another policy came into force, so it would have to be asked for under that one. */
  | { readonly type: 'ChangeExpired'; readonly id: ChangeId; readonly why: 'time' | 'policy' }
  | ({ readonly type: 'KeyRegistered'; readonly change: ChangeId } & PersonKey)
  /** `change`: absent where somebody took their own key away. */
  | {
      readonly type: 'KeyRevoked'
      readonly fingerprint: string
      readonly owner: Person
      readonly change?: ChangeId
    }
  /** A key that the bot signs with was exchanged, at its machine. Both keys vouch for it. */
  | {
      readonly type: 'SigningKeyRotated'
      readonly purpose: 'ledger' | 'orders'
      readonly operator: string
      readonly from: string
      readonly to: string
      readonly signedByOld: string
      readonly signedByNew: string
    }
  | {
      readonly type: 'ChangeRefused'
      readonly tried: string
      readonly refusal: ChangeRefusalCode
      readonly sentence: string
      readonly id?: ChangeId
    }
  | { readonly type: 'CheckpointSigned'; readonly size: number; readonly note: string }

/** A fact with what the ledger knows of it. */
export type RecordedChange = {
  readonly seq: number
  readonly at: string
  readonly actor: Actor
  readonly hash: string
  readonly event: GovernanceEvent
}
