import type { Policy } from '#/policy/policy.ts'
import type { OpenedIncident } from './state.ts'
import type { RequestId } from './work.ts'

/** What a decision needs of the world. Everything in it is a value or a pure function. */
export type Surroundings = {
  /** ISO 8601, UTC, milliseconds. */
  readonly now: string
  /** The incidents that are open now. */
  readonly open: readonly OpenedIncident[]
  /** What requests are decided under now. */
  readonly policy: Policy
  /** SHA-256 over its canonical JSON, lower-case hex. */
  readonly policyDigest: string
  readonly sweepDelayMs: number
  /** How long the law gives, from when somebody became aware, where a playbook has a legal clock. */
  readonly legalDeadlineMs: number
  /** SHA-256 over the canonical JSON (RFC 8785) of a value, lower-case hex. */
  readonly digestOf: (value: unknown) => string
  /** Whether the time of a request is over by a clock that nobody can set back. */
  readonly outlived: (request: RequestId) => boolean
  /**
   * Whether what was announced to be done alone has waited for its delay by that clock as well: setting the other one ahead must not cut
   * short the time in which it can be stopped. What was announced before this start is taken by its times.
   */
  readonly ripe: (request: RequestId) => boolean
  /** `ms` after an ISO moment, as ISO. */
  readonly later: (at: string, ms: number) => string
}
