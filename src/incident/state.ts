import { onlyReads } from '#/playbook/actions.ts'
import type { Inputs } from '#/playbook/inputs.ts'
import type { ActionName, Playbook, PlaybookStep, StepId } from '#/playbook/playbook.ts'
import type { GroupName, Rule } from '#/policy/policy.ts'
import { type Account, type AccountFacts, type AccountId, type InstanceFacts, instanceTarget } from './account.ts'
import type { IncidentId, LegalClock, RequestKind, Severity } from './events.ts'
import { accountOf, type Finding } from './findings.ts'
import type { Glass } from './glass-events.ts'
import type { Hold } from './hold-events.ts'
import type { Identity, StepUp } from './identity.ts'
import type { Actor, Person } from './people.ts'
import type { Quorum } from './quorum.ts'
import type { Effect, Known, OrderedWork, OrderId, Progress, RequestId } from './work.ts'

/** A step of the playbook, or something that a review came upon, which is dealt with like a step. */
export type IncidentStep = PlaybookStep & {
  readonly found?: { readonly by: StepId; readonly finding: Finding }
}

/** Where a step stands. Each state holds exactly what is known in it. */
export type StepState =
  | { readonly status: 'waiting' }
  | { readonly status: 'requested'; readonly request: RequestId }
  | {
      readonly status: 'running'
      /** Absent: it only reads, so nobody had to approve it. */
      readonly request?: RequestId
      readonly order: OrderId
      readonly since: string
      /** The worker that has taken it, and when. Absent: it lies in the queue. */
      readonly taken?: { readonly by: string; readonly at: string; readonly attempt: number }
      readonly waits?: string
      /** What it waits for is for people to do. */
      readonly onPeople?: true
      readonly progress?: Progress
    }
  | {
      readonly status: 'proven'
      readonly at: string
      readonly did: readonly string[]
      readonly notes: readonly string[]
    }
  | {
      readonly status: 'unproven'
      readonly at: string
      readonly did: readonly string[]
      readonly open: readonly string[]
      /** It was proven until a sweep found otherwise. */
      readonly lost?: true
      /** The account was suspended in its place, and that is proven. */
      readonly suspended?: true
    }
  | { readonly status: 'failed'; readonly at: string; readonly sentence: string; readonly retry: boolean }
  | { readonly status: 'attested'; readonly at: string; readonly note: string; readonly by: readonly Person[] }
  /** A finding that two people spoke for. */
  | { readonly status: 'expected'; readonly at: string; readonly note: string; readonly by: readonly Person[] }
  | {
      readonly status: 'answered'
      readonly at: string
      readonly label: string
      readonly note: string
      readonly by: readonly Person[]
    }
  /** The answer to a question chose other steps. */
  | { readonly status: 'left-out'; readonly at: string; readonly label: string }
  | { readonly status: 'skipped'; readonly at: string; readonly reason: string; readonly by: readonly Person[] }

/** Someone asked for something to be done. It ends exactly once. */
export type Request = {
  readonly id: RequestId
  /** Absent: it is about the incident as a whole. */
  readonly step?: StepId
  readonly kind: RequestKind
  readonly action?: ActionName
  readonly reason?: string
  readonly inputs?: Inputs
  readonly answer?: string
  readonly requester: Person
  readonly identity: Identity
  readonly askedAt: string
  /** The request that this one takes the place of, because the account had changed before that was run. */
  readonly replaces?: RequestId
  /** Where the step stood before: it returns there when the request comes to nothing. */
  readonly before?: StepState
  /** To resume everything that was stopped at once. */
  readonly all?: true
  readonly shown?: {
    readonly effect: Effect
    readonly expiresAt: string
    readonly digest: string
    readonly code: string
    readonly seq: number
    /** When it was shown, ISO 8601, UTC. */
    readonly at: string
    /** Absent in old ledgers: one approver. */
    readonly rule?: Rule
    readonly policyDigest?: string
  }
  /** Every yes so far, in order. Those of a request that was not approved in the end stay on record. */
  readonly approvals: readonly Approval[]
  /** How often it was spoken of because nobody had decided, and when last. */
  readonly reminders: number
  readonly remindedAt?: string
  /** Everybody who was called upon for it so far. */
  readonly called: readonly Person[]
  /** The group that was called upon besides those who could approve. */
  readonly escalatedTo?: GroupName
  readonly end:
    | { readonly kind: 'open' }
    | {
        readonly kind: 'approved' | 'denied' | 'withdrawn'
        readonly by: Person
        readonly at: string
        readonly reason?: string
      }
    /** One person alone, after the delay that everybody was told of. */
    | { readonly kind: 'alone'; readonly by: Person; readonly at: string; readonly reason: string }
    | { readonly kind: 'expired' | 'voided' | 'failed'; readonly at: string; readonly reason?: string }
}

/** A yes that counted when it was said. Who it came from is compared with those who say yes later. */
export type Approval = {
  readonly by: Person
  readonly at: string
  readonly identity: Identity
  /** The groups that the rule speaks of and the person was in. */
  readonly groups: readonly GroupName[]
  readonly reason?: string
  readonly stepUp?: StepUp
}
/** A message that somebody wrote in the thread, as it is recorded last. `editedTs`: Slack's name for its last edit. */
export type Spoken = {
  readonly by: Person
  readonly text: string
  /** How many edits of it are recorded. */
  readonly edits: number
  readonly editedTs?: string
  readonly gone?: true
}

/** When something last happened in an incident, and how often it was spoken of since that nothing did. */
export type Quiet = { readonly since: string; readonly nudges: number; readonly nudgedAt?: string }

/** Work that was ordered and has not ended. What reconciliation looks after. */
export type OpenOrder = OrderedWork & {
  readonly id: OrderId
  readonly step?: StepId
  readonly orderedAt: string
  readonly issuedAgain: number
  /** What it waits for, as last reported. */
  readonly waits?: string
  /** A worker came upon the emergency stop with it. */
  readonly halted?: { readonly begun: boolean }
  /** Its request is being taken back: it is handed to nobody. */
  readonly withdrawing?: { readonly by: Person; readonly at: string }
}

/** An emergency stop in force. Its own and one of everything can hold an incident at the same time. */
export type Stop = {
  readonly by: Person
  readonly at: string
  /** The entry that says so: a later stop has a higher one. */
  readonly seq: number
  readonly all: boolean
  readonly reason?: string
}

/** Somebody is signing in to Autentico so that an approval counts. */
export type StepUpUnderWay = { readonly request: RequestId; readonly by: Person; readonly at: string }

export type Sweep =
  | { readonly status: 'none' }
  | { readonly status: 'due'; readonly order: OrderId; readonly at: string }
  | { readonly status: 'clean'; readonly at: string }
  | { readonly status: 'found'; readonly at: string; readonly open: readonly string[] }

export type Notification = {
  readonly by: Person
  readonly at: string
  readonly channel: string
  readonly identityCheck: string
  readonly note: string
}

export type Secret = {
  readonly order: OrderId
  readonly holder: Person
  readonly expiresAt: string
  readonly state: 'sealed' | 'shown' | 'destroyed'
  readonly why?: string
}

/** An incident, folded from its stream. */
export type Incident = Unopened | OpenedIncident
export type Unopened = { readonly status: 'unopened' }

export type OpenedIncident = {
  readonly status: 'open' | 'closed'
  readonly id: IncidentId
  readonly lastSeq: number
  readonly lastHash: string
  readonly openedAt: string
  readonly openedBy: Person
  readonly commander: Person
  readonly severity: Severity
  readonly summary: string
  readonly drill: boolean
  readonly channel: string
  readonly playbook: Playbook
  readonly playbookDigest: string
  /** The policy in force when it was opened. Absent in old ledgers. */
  readonly policyDigest?: string
  /** How many there were to approve when it was opened, as far as that was known. */
  readonly quorum?: Quorum
  readonly target: Account
  readonly thread?: { readonly channel: string; readonly ts: string }
  /** What the snapshot saw: of an account, or of Autentico as a whole. */
  readonly facts?: AccountFacts
  readonly instance?: InstanceFacts
  readonly factWarnings: readonly string[]
  readonly snapshotFailed?: string
  /** When the last access token that is checked offline dies. */
  readonly exposureEndsAt?: string
  readonly steps: ReadonlyMap<StepId, StepState>
  /** How many things each review has come upon so far: a number is never given twice. */
  readonly foundSoFar: ReadonlyMap<StepId, number>
  /** What each review came upon, by the id of its step. */
  readonly found: ReadonlyMap<StepId, readonly IncidentStep[]>
  /** What earlier steps found out, for later ones. */
  readonly known: Known
  readonly requests: ReadonlyMap<RequestId, Request>
  readonly orders: ReadonlyMap<OrderId, OpenOrder>
  /** Orders whose request was taken back before anybody had begun. */
  readonly takenBack: ReadonlyMap<OrderId, OpenOrder>
  /** What every order was for, those that have ended too. */
  readonly work: ReadonlyMap<OrderId, Pick<OpenOrder, 'step' | 'action' | 'request'>>
  readonly sweep: Sweep
  /** At most one for each person and request. */
  readonly stepUps: readonly StepUpUnderWay[]
  /** By the requests that they are confirmed through. */
  readonly holds: ReadonlyMap<RequestId, Hold>
  /** What somebody wants to do, or did, alone; by its request. */
  readonly glass: ReadonlyMap<RequestId, Glass>
  /** In the order they were pulled; none: the work goes on. */
  readonly stops: readonly Stop[]
  /** The last entry that let stopped work go on; 0: it never was stopped. */
  readonly resumedSeq: number
  readonly suspendedAt?: string
  readonly notification?: Notification
  readonly secret?: Secret
  readonly firstRevokeAt?: string
  readonly containedAt?: string
  readonly legalClock?: LegalClock & { readonly reminders: number }
  readonly from?: IncidentId
  readonly followedBy: readonly { readonly id: IncidentId; readonly playbook: string }[]
  readonly refusedClicks: number
  readonly quiet: Quiet
  /** How often each person was refused an approval because of who they are. By Slack team and user. */
  readonly refusedApprovals: ReadonlyMap<string, number>
  /** Who tried so often that it was said aloud. */
  readonly probers: readonly Person[]
  /** What people wrote in the thread, by Slack's name for each message. */
  readonly messages: ReadonlyMap<string, Spoken>
  /** Our own posts that are no longer in the thread, as far as that is recorded. */
  readonly postsGone: { readonly entries: ReadonlySet<number>; readonly card: boolean }
  /** The entries whose lines in the thread were altered, as far as that is recorded. */
  readonly postsAltered: ReadonlySet<number>
  readonly closed?: { readonly at: string; readonly by: Actor; readonly reason: string }
}

export const unopened: Incident = { status: 'unopened' }

/** The id of the order that the entry at `seq` gave. */
export function orderIdOf(incident: IncidentId, seq: number): OrderId {
  return `${incident}-${seq}` as OrderId
}

/** The latest emergency stop in force; undefined: the work goes on. */
export function stopOf({ stops }: OpenedIncident): Stop | undefined {
  return stops.at(-1)
}

/** A step that needs nothing more before the next one may be asked for. */
export function isSettled(step: StepState): boolean {
  return isGood(step) || step.status === 'unproven' || step.status === 'attested' || step.status === 'skipped'
}

/** A step that leaves nothing open: it is proven, or two people decided what needs no proof. */
export function isGood({ status }: StepState): boolean {
  return status === 'proven' || status === 'expected' || status === 'answered' || status === 'left-out'
}

/** Every step, in order: those of the playbook, each followed by what it came upon. */
export function stepsOf({ playbook, found }: OpenedIncident): readonly IncidentStep[] {
  return found.size === 0 ? playbook.steps : playbook.steps.flatMap((step) => [step, ...(found.get(step.id) ?? [])])
}

/** A step inside a sentence: its title in quotes; what was found begins with what it is, such as "client “Billing”". */
export function quoted({ title, found }: IncidentStep): string {
  return found === undefined ? `“${title}”` : `${title.slice(0, 1).toLowerCase()}${title.slice(1)}`
}

export function findStep(incident: OpenedIncident, id: StepId | undefined): IncidentStep | undefined {
  return stepsOf(incident).find((step) => step.id === id)
}

/** What a step is about: the target of the incident, the account that was found, or, for any other finding, Autentico as a whole. */
export function targetOf(incident: OpenedIncident, step: IncidentStep | undefined): Account {
  if (step?.found === undefined) return incident.target
  const account = accountOf(step.found.finding)
  return account === undefined ? instanceTarget : { ...account, id: account.id as AccountId }
}

/** Whether Autentico was read before anything is changed. */
export function isRead({ facts, instance }: OpenedIncident): boolean {
  return facts !== undefined || instance !== undefined
}

export function stepState(incident: OpenedIncident, id: StepId): StepState {
  const step = incident.steps.get(id)
  if (step === undefined) throw new Error(`no step ${id} in ${incident.id}`)
  return step
}

/** The step to turn to next: the first that is not settled. */
export function nextStep(incident: OpenedIncident): IncidentStep | undefined {
  return stepsOf(incident).find((step) => !isSettled(stepState(incident, step.id)))
}

export function containmentSteps(incident: OpenedIncident): readonly IncidentStep[] {
  return stepsOf(incident).filter((step) => step.kind === 'containment')
}

export function openRequests(incident: OpenedIncident): readonly Request[] {
  return [...incident.requests.values()].filter((request) => request.end.kind === 'open')
}

/** What stayed unproven, in words, for the summary and the close form. */
export function unprovenSteps(
  incident: OpenedIncident,
): readonly { readonly step: IncidentStep; readonly state: StepState }[] {
  return stepsOf(incident).flatMap((step) => {
    const state = stepState(incident, step.id)
    return isGood(state) ? [] : [{ step, state }]
  })
}

/**
 * A step that is proven may be run again for all that: access, when its temporary password is gone, seen or not; and what only
 * reads, unless something that it came upon is being decided or done.
 */
export function isRepeatable(incident: OpenedIncident, { id, kind, action }: IncidentStep): boolean {
  const { secret, found } = incident
  if (action !== undefined && onlyReads(action))
    return (found.get(id) ?? []).every((one) => !isBusy(stepState(incident, one.id)))
  return kind === 'recovery' && secret !== undefined && secret.state !== 'sealed'
}

/** Somebody has asked for it, or a worker is at it. */
export function isBusy({ status }: StepState): boolean {
  return status === 'requested' || status === 'running'
}

/** Whether access was given back: from then on the user's own sessions are as they should be. */
export function isRestored(incident: OpenedIncident): boolean {
  // A temporary password is only ever made when access is given back, and it may be given back again.
  if (incident.secret !== undefined) return true
  return incident.playbook.steps.some(({ id, kind }) => {
    const { status } = stepState(incident, id)
    return kind === 'recovery' && (status === 'proven' || status === 'unproven')
  })
}
