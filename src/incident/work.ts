import type { Inputs } from '#/playbook/inputs.ts'
import type { ActionName, StepId } from '#/playbook/playbook.ts'
import type { AccountFacts, Check, EvidenceRef, FileRef, InstanceFacts } from './account.ts'
import type { Finding } from './findings.ts'

/** `INC-7-31`: the incident and the ledger position that ordered it, so that an order can be issued twice and run once. */
export type OrderId = string & { readonly __brand: 'OrderId' }

/**
 * What an action would do, in words, made by the worker that looked at the account. It is what people are shown and what
 * they approve.
 */
export type Effect = {
  /** What follows "This will:", such as "revoke 3 sessions and 2 tokens of alice." */
  readonly sentence: string
  /** The question of the confirm dialog: "Clear alice's authenticator? This cannot be undone." */
  readonly question: string
  /** The word on the button of that dialog, such as "Clear it". */
  readonly verb: string
  /** What the responders have to know before they decide, one sentence each. */
  readonly warnings: readonly string[]
  /** Present for the last administrator: the approver types the username once more. */
  readonly confirmByTyping?: string
  /** The facts that the approval is bound to, by name. A difference at execution voids it. */
  readonly basis: { readonly [name: string]: string | number | boolean | null }
}

/** What a worker reports of an order. Exactly one of the final kinds ends an order. */
export type WorkResult =
  | { readonly kind: 'started'; readonly attempt: number }
  /** `onPeople`: somebody has to do what `why` says meanwhile; otherwise nobody has to do anything. */
  | { readonly kind: 'waiting'; readonly why: string; readonly attempt: number; readonly onPeople?: true }
  /** The emergency stop was met; the order lies with nobody now. `begun`: something may have been changed before. */
  | { readonly kind: 'halted'; readonly begun: boolean; readonly attempt: number }
  | {
      readonly kind: 'snapshot'
      /** One of the two, as the incident is about an account or about Autentico as a whole. */
      readonly facts?: AccountFacts
      readonly instance?: InstanceFacts
      readonly evidence: readonly EvidenceRef[]
      readonly warnings: readonly string[]
    }
  /** How far a long piece of work is. `secondsLeft`: at the pace of now. */
  | ({ readonly kind: 'progress' } & Progress)
  | { readonly kind: 'prepared'; readonly effect: Effect }
  /** Nothing was done: the account is no longer what was approved. */
  | {
      readonly kind: 'changed'
      readonly effect: Effect
      readonly differences: readonly string[]
    }
  /** Done, and read back. It is proven when every check is. */
  | {
      readonly kind: 'done'
      readonly did: readonly string[]
      readonly checks: readonly StepCheck[]
      readonly evidence: readonly EvidenceRef[]
      readonly requestIds: readonly string[]
      /** A sealed secret came with the outcome and waits on the bot. The secret itself is never here. */
      readonly sealed?: { readonly expiresAt: string }
      /** What is left to say, such as that the account now has no MFA. */
      readonly notes: readonly string[]
      readonly accessTokensEndAt?: string | null
      /** What a review came upon. */
      readonly findings?: readonly Finding[]
      /** For the thread; each is among the evidence. */
      readonly files?: readonly FileRef[]
      /** Facts that later steps go by, such as the fingerprint of a key. Never a secret. */
      readonly known?: Known
    }
  /**
   * Not done. `retry`: whether asking again may help. `instructions`: what people do in its place, letter for letter. `begun`: something
   * may have been changed all the same.
   */
  | {
      readonly kind: 'failed'
      readonly sentence: string
      readonly retry: boolean
      readonly instructions?: string
      readonly begun?: true
    }

/** How far a long piece of work is. */
export type Progress = {
  readonly done: number
  readonly total: number
  /** Of those done: how many did not work, and are tried once more at the end. */
  readonly failed: number
  readonly secondsLeft?: number
}

/** Facts found by earlier steps, by name. */
export type Known = Readonly<Record<string, string>>

/** A check, and the action whose promise it tests, so that a sweep can say which step no longer holds; `step` where one action stands in several. */
export type StepCheck = Check & { readonly action: ActionName; readonly step?: StepId }

/** An order as the ledger knows it: what is to be done, or read, and from when on. */
export type OrderedWork = {
  readonly mode: 'prepare' | 'run'
  readonly action: ActionName
  readonly request?: RequestId
  /** What was filled in by whoever asked for something that is only read. */
  readonly inputs?: Inputs
  /** Not before this moment, ISO 8601 UTC. Absent: at once. */
  readonly notBefore?: string
}

/** `r3`: the third request of an incident. */
export type RequestId = string & { readonly __brand: 'RequestId' }

export function allProven(checks: readonly Check[]): boolean {
  return checks.length > 0 && checks.every((check) => check.proven === true)
}
