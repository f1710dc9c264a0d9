import type { ActionName } from '#/playbook/actions.ts'
import type { Inputs } from '#/playbook/inputs.ts'
import type { Playbook, StepId } from '#/playbook/playbook.ts'
import type { GroupName } from '#/policy/policy.ts'
import type { Account } from './account.ts'
import type { Forged, IncidentId, Severity, StepRequestKind, StepUpFailure } from './events.ts'
import type { GlassVerdict } from './glass-events.ts'
import type { StepUp } from './identity.ts'
import type { Person, Standing } from './people.ts'
import type { Quorum } from './quorum.ts'
import type { OrderId, RequestId, WorkResult } from './work.ts'

/** A request in the imperative, not yet decided. Every one that a person sends carries that person's standing of now. */
export type Command = PersonCommand | WorkerCommand | ProgramCommand

export type PersonCommand =
  | {
      readonly type: 'OpenIncident'
      readonly by: Standing
      readonly playbook: Playbook
      readonly severity: Severity
      readonly summary: string
      readonly target: Account
      readonly targetIsBot: boolean
      readonly channel: string
      readonly drill: boolean
      /** The incident that this one follows from. */
      readonly from?: IncidentId
      /** How many there are to approve, as far as that was known in time. */
      readonly quorum?: Quorum
      /** When somebody became aware, where that matters. ISO 8601, UTC. Absent: now. */
      readonly awareAt?: string
    }
  | {
      readonly type: 'AskForStep'
      readonly by: Standing
      readonly step: StepId
      readonly kind: StepRequestKind
      readonly reason?: string
      /** Which of the ways that a finding offers. */
      readonly action?: ActionName
      /** As `readInputs` gave them. */
      readonly inputs?: Inputs
      /** The id of the answer to a question. */
      readonly answer?: string
    }
  | {
      readonly type: 'ApproveRequest'
      readonly by: Standing
      readonly request: RequestId
      /** The digest on the button that was pressed. */
      readonly digest: string
      /** What was typed where the effect wants the username typed. */
      readonly typed?: string
      /** Why, where the rule asks for it. */
      readonly reason?: string
      /** Who could approve, as `@name, @name`, for the sentence of a refusal. */
      readonly able?: string
      /** What proves, beside the click, who it is from. It was verified, and belongs to this person. */
      readonly stepUp?: StepUp
      /** What Slack and the roster say now of those who said yes before. Of whom it is missing, the yes stands as it was given. */
      readonly earlier?: readonly Standing[]
    }
  /** Wants to approve what counts only after a fresh sign-in. Everything but the sign-in is looked at as for an approval. */
  | {
      readonly type: 'BeginStepUp'
      readonly by: Standing
      readonly request: RequestId
      readonly digest: string
      readonly typed?: string
      readonly reason?: string
      readonly able?: string
      /** It is wanted to do it alone, and everything but the sign-in is looked at as for that. */
      readonly alone?: Pick<Extract<PersonCommand, { type: 'BreakGlass' }>, 'told'>
    }
  /** The emergency stop. `all`: said of every open incident at once. One person is enough. */
  | { readonly type: 'StopWork'; readonly by: Standing; readonly all: boolean; readonly reason?: string }
  /** Asks for stopped work to go on; a second person approves. `all`: in every incident that was stopped with all others. */
  | { readonly type: 'AskToResume'; readonly by: Standing; readonly all: boolean }
  | { readonly type: 'DenyRequest'; readonly by: Standing; readonly request: RequestId; readonly reason: string }
  | { readonly type: 'WithdrawRequest'; readonly by: Standing; readonly request: RequestId }
  /** Suspend the target at once, alone and for a while. Ended early by withdrawing or denying its request, confirmed by approving it. */
  | { readonly type: 'HoldTarget'; readonly by: Standing }
  /** Nothing more may be lifted by itself: somebody has it tried once more. */
  | { readonly type: 'LiftAgain'; readonly by: Standing; readonly request: RequestId }
  /** Do it alone when the delay of the policy is over. `told`: everybody in the roster. `digest`: of what was shown. */
  | {
      readonly type: 'BreakGlass'
      readonly by: Standing
      readonly request: RequestId
      readonly digest: string
      readonly reason: string
      readonly told: readonly Person[]
      /** As for an approval. */
      readonly typed?: string
      readonly stepUp?: StepUp
    }
  | {
      readonly type: 'ReviewGlass'
      readonly by: Standing
      readonly request: RequestId
      readonly verdict: GlassVerdict
      readonly note: string
    }
  /** Make the snapshot or the sweep anew. Both only read, so nobody has to approve. */
  | { readonly type: 'ReadAgain'; readonly by: Standing; readonly what: 'snapshot' | 'sweep' }
  | { readonly type: 'TakeCommand'; readonly by: Standing }
  | { readonly type: 'CorrectAwareness'; readonly by: Standing; readonly awareAt: string; readonly note: string }
  | { readonly type: 'AddNote'; readonly by: Standing; readonly text: string; readonly link?: string }
  | {
      readonly type: 'RecordNotification'
      readonly by: Standing
      readonly channel: string
      readonly identityCheck: string
      readonly note: string
    }
  | { readonly type: 'ShowSecret'; readonly by: Standing; readonly order: OrderId }
  /** The evidence pack of the incident is wanted in its thread. */
  | { readonly type: 'AskForPack'; readonly by: Standing }
  | { readonly type: 'CloseIncident'; readonly by: Standing; readonly reason: string }

export type WorkerCommand = {
  readonly type: 'RecordOutcome'
  readonly worker: string
  readonly order: OrderId
  readonly result: WorkResult
}

/** What the program does on a rule of its own. */
export type ProgramCommand =
  | { readonly type: 'StartThread'; readonly channel: string; readonly ts: string }
  | { readonly type: 'ExpireRequests' }
  | {
      readonly type: 'EndStepUp'
      readonly request: RequestId
      readonly person: Person
      readonly why: StepUpFailure
      readonly sentence: string
    }
  /** Lift the holds that are over. */
  | { readonly type: 'SettleHolds' }
  /** Elsewhere two people had the account suspended: a hold on it lifts nothing any more. */
  | { readonly type: 'SupersedeHold'; readonly incident: IncidentId }
  /** The delay of what is to be done alone is over. `standing`: what Slack and the roster say of that person now. */
  | { readonly type: 'BreakGlassNow'; readonly request: RequestId; readonly standing: Standing }
  | { readonly type: 'RemindOfLegalClock' }
  /** An incident was opened from this one. */
  | { readonly type: 'LinkIncident'; readonly to: IncidentId; readonly playbook: string; readonly person: Person }
  /** `able`: who could approve it now, as the roster says. */
  | { readonly type: 'RemindOfRequest'; readonly request: RequestId; readonly able: readonly Person[] }
  /** `members`: who is in the group that the policy calls upon next. */
  | {
      readonly type: 'EscalateRequest'
      readonly request: RequestId
      readonly group: GroupName
      readonly members: readonly Person[]
      readonly able: readonly Person[]
    }
  | { readonly type: 'NudgeStale' }
  /** Somebody wrote in the thread. `late`: it was found by reading the thread again. */
  | {
      readonly type: 'RecordMessage'
      readonly ts: string
      readonly person: Person
      readonly text: string
      readonly files: readonly string[]
      readonly editedTs?: string
      readonly late: boolean
    }
  /** `person`: who edited it, where Slack says so. `before`: as Slack says it was, for a message that was not recorded. */
  | {
      readonly type: 'RecordEdit'
      readonly ts: string
      readonly person?: Person
      readonly author: Person
      readonly before?: string
      readonly after: string
      readonly editedTs: string
      readonly late: boolean
    }
  /** `author` and `before`: as Slack says they were, for a message that was not recorded. */
  | {
      readonly type: 'RecordDeletion'
      readonly ts: string
      readonly author?: Person
      readonly before?: string
      readonly late: boolean
    }
  /** Our own posts are not in the thread any more: the lines of these entries, or the card. */
  | { readonly type: 'RecordLostPosts'; readonly entries: readonly number[]; readonly card: boolean }
  /** The lines of these entries are not what was posted. */
  | { readonly type: 'RecordAlteredPosts'; readonly entries: readonly number[] }
  /** Everything was resumed at once, by a request that stands in another incident. */
  | {
      readonly type: 'ResumeToo'
      readonly incident: IncidentId
      readonly request: RequestId
      readonly people: readonly Person[]
    }
  /** What came of taking the order of an approved request out of the queue. `gone`: nobody had begun it. */
  | { readonly type: 'SettleWithdrawal'; readonly order: OrderId; readonly gone: boolean }
  | { readonly type: 'IssueAgain'; readonly order: OrderId; readonly why: string }
  /** An order cannot be handed to the workers yet. */
  | { readonly type: 'RecordWait'; readonly order: OrderId; readonly why: string }
  | { readonly type: 'ExpireOrder'; readonly order: OrderId; readonly sentence: string }
  | { readonly type: 'DestroySecret'; readonly order: OrderId; readonly why: string }
  | { readonly type: 'RecordCheckpoint'; readonly size: number; readonly note: string }
  | { readonly type: 'DoubtRecord'; readonly problems: readonly string[]; readonly ledger?: true }
  | {
      readonly type: 'RecordForgery'
      readonly what: Forged
      readonly why: string
      readonly digest: string
    }
