import type { Inputs } from '#/playbook/inputs.ts'
import type { ActionName, Playbook, StepId } from '#/playbook/playbook.ts'
import type { GroupName, Rule } from '#/policy/policy.ts'
import type { Account } from './account.ts'
import type { GlassEvent } from './glass-events.ts'
import type { HoldEvent } from './hold-events.ts'
import type { Identity, StepUp } from './identity.ts'
import type { Actor, Person } from './people.ts'
import type { Quorum } from './quorum.ts'
import type { RefusalCode } from './refusals.ts'
import type { Effect, OrderedWork, OrderId, Progress, RequestId, WorkResult } from './work.ts'

export type IncidentId = string & { readonly __brand: 'IncidentId' }
export type Severity = 'sev1' | 'sev2' | 'sev3'
export const severities: readonly Severity[] = ['sev1', 'sev2', 'sev3']

/**
 * What a request asks for: the step's own action (or one that a finding offers), suspending the account in its place, taking
 * somebody's word that it was done by hand, that a finding was expected, or what the answer to a question is, or leaving the step (or
 * all that are left) undone; or, of no step at all, letting stopped work go on, or a hold going on after its time.
 */
export type RequestKind = 'run' | 'suspend' | 'attest' | 'expect' | 'answer' | 'skip' | 'skip-rest' | 'resume' | 'hold'

/** What can be asked for of a step. */
export type StepRequestKind = Exclude<RequestKind, 'resume' | 'hold'>

/** What a yes says besides being one: why, where the rule asks for it, and by what the person proved to be themselves. */
type Yes = {
  readonly request: RequestId
  readonly step?: StepId
  readonly digest: string
  readonly reason?: string
  readonly stepUp?: StepUp
}

/**
 * What happened, in the past tense. An event is a fact: nothing here is ever edited, and a field once written is read back
 * for as long as ledgers exist. Who did it and when stand beside it in {@link Recorded}.
 */
export type IncidentEvent =
  | {
      readonly type: 'IncidentOpened'
      readonly playbook: Playbook
      /** SHA-256 over the canonical JSON of the playbook, hex. */
      readonly playbookDigest: string
      readonly severity: Severity
      readonly summary: string
      readonly target: Account
      readonly channel: string
      /** A rehearsal: marked on every card and line. */
      readonly drill: boolean
      /** The incident that this one follows from. */
      readonly from?: IncidentId
      /** Where the law sets a time limit. */
      readonly legalClock?: LegalClock
      /** How many there were to approve, as far as that was known in time. */
      readonly quorum?: Quorum
      /** SHA-256 over the canonical JSON of the policy in force, hex. Absent in ledgers from before there was one. */
      readonly policyDigest?: string
    }
  /** Another incident was opened from here. */
  | { readonly type: 'IncidentLinked'; readonly to: IncidentId; readonly playbook: string; readonly by: Person }
  /** When somebody became aware was put right. */
  | { readonly type: 'AwarenessCorrected'; readonly legalClock: LegalClock; readonly note: string }
  /** Nobody has decided yet whom to notify. `reminder` counts them; the last says that the time is over. */
  | { readonly type: 'LegalClockReminded'; readonly reminder: number; readonly endsAt: string }
  | { readonly type: 'ThreadStarted'; readonly channel: string; readonly ts: string }
  | { readonly type: 'CommanderNamed'; readonly commander: Person }
  | { readonly type: 'NoteAdded'; readonly text: string; readonly link?: string }
  /** The order's id is `<incident>-<seq of this entry>`. */
  | ({ readonly type: 'WorkOrdered'; readonly step?: StepId } & OrderedWork)
  | ({ readonly type: 'WorkProgressed'; readonly order: OrderId } & Progress)
  | { readonly type: 'WorkIssuedAgain'; readonly order: OrderId; readonly why: string }
  | { readonly type: 'WorkStarted'; readonly order: OrderId; readonly attempt: number }
  | { readonly type: 'WorkWaits'; readonly order: OrderId; readonly why: string; readonly onPeople?: true }
  /**
   * The emergency stop: nothing is handed to workers from here on. `all`: everything was stopped at once. `by` is who did it; the
   * actor may be another, where the incident was opened while everything was stopped.
   */
  | { readonly type: 'WorkStopped'; readonly by: Person; readonly all: boolean; readonly reason?: string }
  /** A worker came upon the stop. `begun`: something had been changed before; what, is read when the work goes on. */
  | { readonly type: 'WorkHalted'; readonly order: OrderId; readonly begun: boolean }
  /** Two people let the work go on: `request` of `incident`, which is another one where everything was resumed at once. */
  | {
      readonly type: 'WorkResumed'
      readonly all: boolean
      readonly incident: IncidentId
      readonly request: RequestId
      readonly by: readonly Person[]
    }
  | ({ readonly type: 'SnapshotTaken'; readonly order: OrderId } & Omit<
      Extract<WorkResult, { kind: 'snapshot' }>,
      'kind'
    >)
  | {
      readonly type: 'StepRequested'
      readonly request: RequestId
      /** Absent where the request is about the incident as a whole: to resume it. */
      readonly step?: StepId
      readonly kind: RequestKind
      readonly action?: ActionName
      readonly reason?: string
      /** What was filled in for it. */
      readonly inputs?: Inputs
      /** The id of the answer that was given to the question. */
      readonly answer?: string
      readonly requester: Person
      readonly identity: Identity
      /** The request that this one takes the place of, because the account had changed. */
      readonly replaces?: RequestId
      /** The same, because the rules had changed. */
      readonly outdates?: RequestId
      /** To resume everything that was stopped at once, here and in the other incidents. */
      readonly all?: true
    }
  /** The request is complete: this is what people are shown, and what an approval is bound to. */
  | {
      readonly type: 'RequestShown'
      readonly request: RequestId
      readonly step?: StepId
      readonly effect: Effect
      readonly expiresAt: string
      /** SHA-256 over everything an approval binds, hex. */
      readonly digest: string
      /** Five characters of it, for people to compare: `7QF-2K`. */
      readonly code: string
      /** What has to be fulfilled, and the digest of the policy that says so. Absent in old ledgers: one approver. */
      readonly rule?: Rule
      readonly policyDigest?: string
    }
  /** Nobody had decided yet. `reminder` counts them. `able`: who could decide then; `called`: whom the line calls upon; absent: all of those. */
  | {
      readonly type: 'RequestReminded'
      readonly request: RequestId
      readonly step?: StepId
      readonly reminder: number
      readonly able: readonly Person[]
      readonly called?: readonly Person[]
    }
  /** Nobody had decided for long, so another group was called upon as well. That allows none of them to approve. */
  | {
      readonly type: 'RequestEscalated'
      readonly request: RequestId
      readonly step?: StepId
      readonly group: GroupName
      readonly able: readonly Person[]
      readonly called: readonly Person[]
    }
  /** Nothing had happened since then. `nudge` counts them until something does. `next`: what it waited for, a sentence. */
  | { readonly type: 'IncidentStale'; readonly nudge: number; readonly since: string; readonly next: string }
  /** A yes that counts, and does not complete the request. `groups`: those that the rule speaks of and the person was in. */
  | ({ readonly type: 'ApprovalGiven'; readonly identity: Identity; readonly groups: readonly GroupName[] } & Yes)
  /** An earlier yes counts no more, because that person may not approve now. `why`: what they would be told. Found by the next who said yes. */
  | {
      readonly type: 'ApprovalLapsed'
      readonly request: RequestId
      readonly step?: StepId
      readonly by: Person
      readonly why: string
    }
  /** The yes that completes it. */
  | ({ readonly type: 'StepApproved' } & Yes)
  /** The approval counts once the person has signed in to Autentico afresh. What was shown is named by its digest. */
  | { readonly type: 'StepUpStarted'; readonly request: RequestId; readonly step?: StepId; readonly digest: string }
  /** The sign-in led to no approval. `sentence`: what `person` was told. */
  | {
      readonly type: 'StepUpFailed'
      readonly request: RequestId
      readonly step?: StepId
      readonly person: Person
      readonly why: StepUpFailure
      readonly sentence: string
    }
  | { readonly type: 'StepDenied'; readonly request: RequestId; readonly step?: StepId; readonly reason: string }
  /** `by` and `order`: it had been approved, and its order was out of the queue before anybody had begun. */
  | {
      readonly type: 'RequestWithdrawn'
      readonly request: RequestId
      readonly step?: StepId
      readonly by?: Person
      readonly order?: OrderId
    }
  /** An approved request is taken back: its order is not handed out any more, and is taken out of the queue if nobody has begun. */
  | {
      readonly type: 'WithdrawalBegun'
      readonly request: RequestId
      readonly step: StepId
      readonly order: OrderId
      readonly by: Person
    }
  /** A worker was faster, so the work goes on. */
  | {
      readonly type: 'WithdrawalFailed'
      readonly request: RequestId
      readonly step: StepId
      readonly order: OrderId
      readonly by: Person
    }
  | { readonly type: 'RequestExpired'; readonly request: RequestId; readonly step?: StepId }
  | {
      readonly type: 'ApprovalVoided'
      readonly request: RequestId
      readonly step?: StepId
      readonly differences: readonly string[]
    }
  | ({
      readonly type: 'StepDone'
      readonly order: OrderId
      readonly step: StepId
      readonly action: ActionName
      readonly proven: boolean
    } & Omit<Extract<WorkResult, { kind: 'done' }>, 'kind'>)
  | ({
      readonly type: 'StepFailed'
      readonly order: OrderId
      readonly step: StepId
    } & Omit<Extract<WorkResult, { kind: 'failed' }>, 'kind'>)
  | { readonly type: 'StepSkipped'; readonly step: StepId; readonly request: RequestId; readonly reason: string }
  | { readonly type: 'StepAttested'; readonly step: StepId; readonly request: RequestId; readonly note: string }
  /** Two people say that a finding was expected. `finding`: what it was, as it was then. */
  | {
      readonly type: 'FindingExpected'
      readonly step: StepId
      readonly request: RequestId
      readonly finding: string
      readonly note: string
    }
  /** Two people answered a question. `leftOut`: the steps that only other answers choose. */
  | {
      readonly type: 'QuestionAnswered'
      readonly step: StepId
      readonly request: RequestId
      readonly answer: string
      readonly label: string
      readonly note: string
      readonly leftOut: readonly StepId[]
    }
  /** A read-only order came to nothing: the snapshot or the sweep could not be made. */
  | { readonly type: 'ReadingFailed'; readonly order: OrderId; readonly sentence: string; readonly retry: boolean }
  | ({ readonly type: 'SweepDone'; readonly order: OrderId; readonly proven: boolean } & Pick<
      Extract<WorkResult, { kind: 'done' }>,
      'checks' | 'evidence' | 'requestIds'
    >)
  | {
      readonly type: 'NotificationRecorded'
      readonly channel: string
      readonly identityCheck: string
      readonly note: string
    }
  | { readonly type: 'SecretShown'; readonly order: OrderId }
  | { readonly type: 'SecretDestroyed'; readonly order: OrderId; readonly why: string }
  | { readonly type: 'IncidentContained' }
  | { readonly type: 'IncidentClosed'; readonly reason: string }
  /** `approval`: it was an approval, turned down because of who tried. */
  | {
      readonly type: 'ClickRefused'
      readonly tried: string
      readonly refusal: RefusalCode
      readonly sentence: string
      readonly approval?: true
    }
  /** One person was refused approvals so often that somebody should ask why. */
  | { readonly type: 'ApprovalProbed'; readonly by: Person; readonly count: number }
  /** What follows, at the same moment and by the same person, was signed at a terminal. */
  | ({ readonly type: 'CommandSigned' } & SignedText)
  /** Something signed by nobody we know turned up in Redis or at the terminal. It was not run, or not believed. */
  | {
      readonly type: 'ForgeryRefused'
      readonly what: Forged
      readonly why: string
      readonly digest: string
    }
  /**
   * The actor wrote it in the thread. `ts`: Slack's name for the message, which is its moment; `writtenAt`: the same as ISO 8601, UTC.
   * `editedTs`: it had been edited before it was recorded.
   * `late`: it was found when the thread was read again. `last`: no further ones are recorded.
   */
  | {
      readonly type: 'MessageWritten'
      readonly ts: string
      readonly writtenAt: string
      readonly text: string
      readonly files?: readonly string[]
      readonly editedTs?: string
      readonly late?: true
      readonly last?: true
    }
  /** The actor, where Slack names one, edited what `author` had written. Without `before` it had not been recorded. `last`: no further edits of it are. */
  | {
      readonly type: 'MessageEdited'
      readonly ts: string
      readonly writtenAt: string
      readonly author: Person
      readonly before?: string
      readonly after: string
      readonly editedTs: string
      readonly late?: true
      readonly last?: true
    }
  | {
      readonly type: 'MessageDeleted'
      readonly ts: string
      readonly writtenAt: string
      readonly author: Person
      readonly before?: string
      readonly late?: true
    }
  /** Posts of our own are no longer in the thread: the lines of these entries, or the card. */
  | { readonly type: 'PostsDeleted'; readonly entries: readonly number[]; readonly card?: true }
  /** The lines of these entries say something else in the thread than they said when they were posted. */
  | { readonly type: 'PostsAltered'; readonly entries: readonly number[] }
  | { readonly type: 'CheckpointSigned'; readonly size: number; readonly note: string }
  /** The thread and the ledger do not agree, or (`ledger`) the ledger by itself does not hold: it was changed. A sentence for each difference. */
  | { readonly type: 'RecordDoubted'; readonly problems: readonly string[]; readonly ledger?: true }
  /** The evidence pack is put into the thread. It holds what stands in the ledger up to this entry. */
  | { readonly type: 'PackRequested' }
  | HoldEvent
  | GlassEvent

/** What can be forged. */
export type Forged = 'work order' | 'outcome' | 'terminal command'

/** A text and what proves who signed it, as anybody can check it. */
export type SignedText = {
  /** RFC 8785 canonical JSON; exactly its UTF-8 bytes are signed. */
  readonly text: string
  /** Ed25519 (RFC 8032), base64. */
  readonly signature: string
  /** The signer's registered key, as OpenSSH names it: `SHA256:…`. */
  readonly fingerprint: string
}

/**
 * Why a step-up led to no approval: the person said no at Autentico, or nothing in time; somebody else signed in; Autentico has not
 * verified the address that the person is known by; the sign-in is older than the request; Autentico could not be asked; what it
 * answered was not acceptable; the approval was refused for another reason; this program ended meanwhile; or the person began anew.
 */
export type StepUpFailure =
  | 'denied'
  | 'expired'
  | 'other_account'
  | 'unverified'
  | 'stale'
  | 'unavailable'
  | 'not_acceptable'
  | 'refused'
  | 'lost'
  | 'replaced'

/** Both ISO 8601, UTC: when somebody became aware, and when the time that the law gives is over. */
export type LegalClock = { readonly awareAt: string; readonly endsAt: string }

export type EventType = IncidentEvent['type']

/** An event as it stands in the ledger. */
export type Recorded = {
  readonly seq: number
  readonly incident: IncidentId
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string
  readonly actor: Actor
  readonly hash: string
  readonly event: IncidentEvent
}
