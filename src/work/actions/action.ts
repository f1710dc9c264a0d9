import type { KeyObject } from 'node:crypto'
import type { Autentico } from '#/autentico/connect.ts'
import type { FileRef } from '#/incident/account.ts'
import type { Known, OrderId, StepCheck, Progress as Told, WorkResult } from '#/incident/work.ts'
import type { Proxy } from '#/proxy/apply.ts'
import type { ProxyKind } from '#/proxy/rendered.ts'
import type { SealedEvidence } from '../outcome.ts'
import type { Sealed } from '../seal.ts'
import type { WorkOrder } from '../work-order.ts'

/** What a playbook step does to the outside. Every action may be run again after it was cut off anywhere. */
export type Action = {
  /** Whether it changes anything, and so needs two people behind it. */
  readonly changes: boolean
  /** Looks at the account and says what running it would do. Changes nothing. */
  readonly prepare?: (ctx: ActionContext) => Promise<WorkResult>
  readonly run: (ctx: ActionContext) => Promise<Report>
  /** Reads back once more what running it made true, for a sweep. Changes nothing. Absent: there is nothing to read back. */
  readonly again?: (ctx: ActionContext) => Promise<readonly Proof[]>
}

/** How an order ended, with what only the bot can open. */
export type Report = {
  readonly result: WorkResult
  readonly sealed?: Sealed
  readonly evidence?: readonly SealedEvidence[]
}

/** How long things take; milliseconds. */
export type ActionTimes = {
  /** How long a half-finished login can still be finished: Autentico's MFA challenges live 10 minutes. */
  readonly pendingLoginMs: number
  /** How long a sealed secret waits on the bot for the person it is for. */
  readonly secretTtlMs: number
  /** How long what Autentico has accepted may take to show when it is read back; after that people are told that it does not. */
  readonly confirmMs: number
  /** How long the bot watches for what people do by hand. */
  readonly byHandMs: number
  /** How long a change of the proxy stays that nobody keeps. */
  readonly proxyMs: number
  /** How long Autentico may take to come up again, the command that restarts it included. */
  readonly restartMs: number
}

export const defaultTimes: ActionTimes = {
  pendingLoginMs: 600_000,
  secretTtlMs: 1_800_000,
  confirmMs: 10_000,
  byHandMs: 600_000,
  proxyMs: 1_800_000,
  restartMs: 60_000,
}

/** What an action works with. */
export type ActionContext = {
  readonly order: WorkOrder
  readonly autentico: Autentico
  readonly reach: Reach
  readonly now: () => Date
  readonly randomBytes: (size: number) => Buffer
  /** The bot's public X25519 key. */
  readonly sealTo: KeyObject
  readonly times: ActionTimes
  /** `X-Request-ID` of the answers so far, the last thousand. */
  readonly requestIds: () => readonly string[]
  readonly progress: Progress
}

/** What this worker can reach besides Autentico's own interface. */
export type Reach = {
  /** A folder of this worker's own (0700): what must not leave the machine waits here from one step to the next. */
  readonly directory: string
  /** Autentico's environment file, and how it is started again. */
  readonly environment?: { readonly file: string; readonly restartCommand: readonly string[] }
  /** The reverse proxy in front of it. */
  readonly proxy?: {
    readonly kind: ProxyKind
    readonly configPath: string
    readonly testCommand: readonly string[] | undefined
    readonly reloadCommand: readonly string[] | undefined
    readonly proxy: Proxy
  }
  /** Where the proxy reaches Autentico, where that is another address than the worker's. */
  readonly upstream?: string
  /** Addresses of this machine that a probe asks from. Absent: the one that the system chooses. */
  readonly probeFrom?: readonly string[]
  /** What operators say there is to be: usernames, and client ids. Empty: they say nothing. */
  readonly known: { readonly admins: readonly string[]; readonly clients: readonly string[] }
}

/** What was done before, by this worker or the one whose place it took. */
export type Progress = {
  /** Set once something may have been changed: the approval has been checked then, and is not checked again. */
  readonly begunAt: string | undefined
  note(name: string): string | undefined
  /** What was noted for another order, by any worker. Undefined: nothing, or nobody remembers. */
  noteOf(order: OrderId, name: string): Promise<string | undefined>
  /** Records that changes begin, and what was found then, durably; must have returned before the first one. */
  begin(found: Readonly<Record<string, string>>): Promise<void>
  /** Records a fact for the next attempt, at most 48 KiB. Never a secret. */
  remember(name: string, value: string): Promise<void>
  /** Tells people how far it is; as often as one likes, told at most every two seconds. */
  tell(progress: Told): void
  /** Tells people what is waited for; the work goes on. The same words again are not repeated. */
  waits(why: string): void
  /** The same for what people have to do meanwhile. */
  asks(what: string): void
  /** Returns while this worker may still change the account; throws when another one has taken its place, or people stopped the work. */
  fence(): Promise<void>
  /** The same for undoing what was begun, which an emergency stop does not hold up. */
  mayUndo(): Promise<void>
}

/** Nothing can be done before a moment; the order comes again then. The reason is reported once. */
export class NotYet extends Error {
  override readonly name = 'NotYet'
  readonly until: Date

  constructor(until: Date, why: string) {
    super(why)
    this.until = until
  }
}

/** The action cannot be done on this account. A sentence for people; `instructions`: what they do in its place, letter for letter. */
export class CannotBeDone extends Error {
  override readonly name = 'CannotBeDone'
  readonly retry: boolean
  readonly instructions: string | undefined

  constructor(
    sentence: string,
    { retry, instructions }: { readonly retry: boolean; readonly instructions?: string | undefined },
  ) {
    super(sentence)
    this.retry = retry
    this.instructions = instructions
  }
}

/** A check as it was read; `again` as in the Autentico room. */
export type Proof = StepCheck & { readonly again?: true }

/** What an action that changed something says at its end. */
export type Done = {
  readonly did: readonly string[]
  /** Reads back what should now be true. Called again where that may come out better a moment later. */
  readonly prove: () => Promise<readonly Proof[]>
  readonly notes?: readonly string[]
  readonly accessTokensEndAt?: string | null
  readonly secret?: string
  readonly evidence?: readonly SealedEvidence[]
  /** Each is among the evidence. */
  readonly files?: readonly FileRef[]
  readonly known?: Known
}
