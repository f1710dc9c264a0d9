import type { GovernanceCommand, PersonsGovernanceCommand } from '#/governance/commands.ts'
import type { Offered } from '#/governance/decide.ts'
import type { ChangeId, RecordedChange } from '#/governance/events.ts'
import type { ChangeRefusal } from '#/governance/refusals.ts'
import type { Adopted, RegisteredKey, RequestedChange } from '#/governance/state.ts'
import type { PersonCommand } from '#/incident/commands.ts'
import type { IncidentId, Recorded, StepUpFailure } from '#/incident/events.ts'
import type { StepUp } from '#/incident/identity.ts'
import type { Person } from '#/incident/people.ts'
import type { Refusal } from '#/incident/refusals.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import type { AccountSignedIn } from '#/incident/step-up.ts'
import type { OrderId, RequestId } from '#/incident/work.ts'
import type { Playbook } from '#/playbook/playbook.ts'
import type { Policy } from '#/policy/policy.ts'

/** What became of a person's command. */
export type Executed =
  | { readonly kind: 'accepted'; readonly incident: OpenedIncident; readonly recorded: readonly Recorded[] }
  | { readonly kind: 'refused'; readonly sentence: string; readonly refusal: Refusal }

/** An account as the type-ahead shows it. */
export type AccountHit = {
  readonly id: string
  readonly username: string
  /** "" when the account has none. */
  readonly email: string
  readonly sessions?: number
  readonly mfa?: boolean
  /** The account that the bot itself signs in with. */
  readonly isBot: boolean
}

/** What a text means as a target. Only an exact match of a username, an e-mail address or an id is `found`. */
export type Pick =
  | { readonly kind: 'found'; readonly account: AccountHit & { readonly deactivated?: boolean } }
  /** `note`: what cannot be ruled out, as a sentence. */
  | { readonly kind: 'none'; readonly nearest?: string; readonly note?: string }
  | { readonly kind: 'ambiguous'; readonly candidates: readonly AccountHit[] }
  | Unavailable

/** Nobody could be asked. `why` is a whole sentence. */
export type Unavailable = { readonly kind: 'unavailable'; readonly why: string }

export type VerifyReport = {
  readonly ok: boolean
  readonly entries: number
  readonly head: { readonly seq: number; readonly hash: string }
  readonly checkpoints: number
  /** Whether the thread, the second witness, was compared with the ledger. */
  readonly thread: 'compared' | 'not readable' | 'no thread'
  /** How many of the checkpoints that were compared stand in it. */
  readonly threadCheckpoints: number
  /** What does not hold, one sentence each. */
  readonly problems: readonly string[]
}

/** Nothing could be recorded, so nothing was done. The message is for the person: what is wrong, in whole sentences. */
export class NotRecorded extends Error {
  override readonly name = 'NotRecorded'
}

/** The rules that everything is decided under, as people in Slack see and change them. */
export type RulesDoor = {
  /** Like {@link Door.execute}, of the rules. */
  execute(command: PersonsGovernanceCommand): ChangeExecuted
  /** The policy in force. */
  policy(): Adopted
  /** What the configuration says in its place. Undefined: the same. */
  offered(): Offered | undefined
  /** The terminal keys that count. */
  keys(): readonly RegisteredKey[]
  /** The changes that wait for a decision. */
  pending(): readonly RequestedChange[]
  change(id: ChangeId): RequestedChange | undefined
  /** Records that a sign-in led to no approval. Throws {@link NotRecorded}. */
  endStepUp(ended: Omit<Extract<GovernanceCommand, { type: 'EndChangeStepUp' }>, 'type'>): void
}

/** What became of a person's command about the rules. */
export type ChangeExecuted =
  | { readonly kind: 'accepted'; readonly recorded: readonly RecordedChange[] }
  | { readonly kind: 'refused'; readonly sentence: string; readonly refusal: ChangeRefusal }

/** Somebody is asked to sign in to Autentico, with their own browser. */
export type SignIn = {
  readonly kind: 'begun'
  /** `WDJB-MJHT` */
  readonly userCode: string
  /** Autentico's page for it, and the same with the code filled in. */
  readonly link: string
  readonly linkWithCode: string
  /** ISO 8601, UTC. */
  readonly expiresAt: string
  /** Never rejects. */
  readonly ended: Promise<SignedIn | SignInFailed>
  /** Nobody waits for it any more: it ends without an answer of Autentico. */
  readonly cancel: () => void
}

/** Somebody signed in, and Autentico says who. Whether they may approve is decided with it. */
export type SignedIn = {
  readonly kind: 'signed-in'
  readonly stepUp: Extract<StepUp, { kind: 'autentico' }>
  readonly account: AccountSignedIn
}

/** `sentence` is for the person, whole, and may carry code in backticks. */
export type SignInFailed = { readonly kind: 'failed'; readonly why: StepUpFailure; readonly sentence: string }

/** What the rest of the program offers to people in Slack. Slack's own types stop in this room. */
export type Door = {
  /** Why nothing is recorded as long as this program runs, in whole sentences. Whoever presses anything is told this instead. */
  readonly closed?: string | undefined
  /**
   * Decides and records; durable when it returns. A person's refused command is recorded too. Synchronous on purpose, so
   * that nothing can come between a decision and its record. Throws {@link NotRecorded}: then nothing was decided either.
   */
  execute(incident: IncidentId | 'new', command: PersonCommand): Executed
  incident(id: IncidentId): OpenedIncident | undefined
  openIncidents(): readonly OpenedIncident[]
  /** Open and closed, newest first. */
  recentIncidents(count: number): readonly OpenedIncident[]
  /** Every entry of an incident, in order. */
  timeline(id: IncidentId): readonly Recorded[]
  verify(id: IncidentId): Promise<VerifyReport>
  readonly governance: RulesDoor
  readonly accounts: {
    search(text: string): Promise<readonly AccountHit[] | Unavailable>
    pick(text: string): Promise<Pick>
    /** Why accounts cannot be looked up right now. Undefined: they can. */
    trouble(): Promise<string | undefined>
  }
  /**
   * Opens the sealed secret, once. Called only after the entry that says so was recorded. A text is the secret; otherwise `why` says in a
   * whole sentence why there is none to be shown, now or later.
   */
  takeSecret(incident: IncidentId, order: OrderId): string | { readonly why: string }
  /** Asks Autentico for a sign-in. Never throws. */
  beginSignIn(): Promise<SignIn | SignInFailed>
  /** Records that a sign-in led to no approval. Throws {@link NotRecorded}. */
  endStepUp(
    incident: IncidentId,
    end: {
      readonly request: RequestId
      readonly person: Person
      readonly why: StepUpFailure
      readonly sentence: string
    },
  ): void
  readonly playbooks: readonly Playbook[]
  /** What requests are decided under now. */
  policy(): Policy
  readonly drill: boolean
  /** How the program itself is, a sign and a sentence each. Answers within two seconds, whatever is away. */
  status(): Promise<readonly string[]>
  /** Where the message of a request stands, as far as that is known. */
  requestPlace(incident: IncidentId, request: RequestId): { readonly channel: string; readonly ts: string } | undefined
}
