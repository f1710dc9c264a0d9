import type { StepUpFailure } from '#/incident/events.ts'
import type { StepUp } from '#/incident/identity.ts'
import type { Person, Standing } from '#/incident/people.ts'
import type { GroupName } from '#/policy/policy.ts'
import type { ChangeId } from './events.ts'

/** A wish about the rules, not yet decided. Every one that a person sends carries that person's standing of now. */
export type GovernanceCommand = PersonsGovernanceCommand | ProgramsGovernanceCommand

export type PersonsGovernanceCommand =
  /** `digest`: of the file's policy as it was shown. */
  | { readonly type: 'AskToAdopt'; readonly by: Standing; readonly digest: string }
  /** `publicKey`: what was typed. */
  | { readonly type: 'AskToRegister'; readonly by: Standing; readonly publicKey: string }
  /** One's own key goes at once; somebody else's takes a second person. */
  | { readonly type: 'RevokeKey'; readonly by: Standing; readonly fingerprint: string }
  | {
      readonly type: 'ApproveChange'
      readonly by: Standing
      readonly change: ChangeId
      /** The digest on the button that was pressed. */
      readonly digest: string
      readonly reason?: string
      /** What proves, beside the click, who it is from. It was verified, and belongs to this person. */
      readonly stepUp?: StepUp
    }
  /** Wants to approve what counts only after a fresh sign-in. Everything but the sign-in is looked at as for an approval. */
  | {
      readonly type: 'BeginChangeStepUp'
      readonly by: Standing
      readonly change: ChangeId
      readonly digest: string
      readonly reason?: string
    }
  | { readonly type: 'DenyChange'; readonly by: Standing; readonly change: ChangeId; readonly reason: string }
  | { readonly type: 'WithdrawChange'; readonly by: Standing; readonly change: ChangeId }

export type ProgramsGovernanceCommand =
  /** Nothing was ever adopted: what the configuration says holds from now on. */
  | { readonly type: 'AdoptFirst' }
  | { readonly type: 'ShowChange'; readonly change: ChangeId; readonly channel: string; readonly ts: string }
  | { readonly type: 'ExpireChanges' }
  /** `able`: who could approve it now, as the roster says. */
  | { readonly type: 'RemindOfChange'; readonly change: ChangeId; readonly able: readonly Person[] }
  /** `members`: who is in the group that the policy calls upon next. */
  | {
      readonly type: 'EscalateChange'
      readonly change: ChangeId
      readonly group: GroupName
      readonly members: readonly Person[]
      readonly able: readonly Person[]
    }
  | {
      readonly type: 'EndChangeStepUp'
      readonly change: ChangeId
      readonly person: Person
      readonly why: StepUpFailure
      readonly sentence: string
    }
  | { readonly type: 'RecordCheckpoint'; readonly size: number; readonly note: string }
