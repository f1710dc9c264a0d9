import type { StepId } from '#/playbook/playbook.ts'
import type { StepUp } from './identity.ts'
import type { Person } from './people.ts'
import type { RequestId } from './work.ts'

export type GlassVerdict = 'justified' | 'not-justified'

/** What happened on the way to doing something alone, on purpose. */
export type GlassEvent =
  /** The requester says that it has to be done alone, and why. Everybody in `told` is called upon; nothing is done before `dueAt`. */
  | {
      readonly type: 'GlassAnnounced'
      readonly request: RequestId
      readonly step?: StepId
      /** What was shown, as an approval would be bound to it. */
      readonly digest: string
      readonly reason: string
      /** ISO 8601, UTC. */
      readonly dueAt: string
      readonly told: readonly Person[]
      readonly stepUp?: StepUp
    }
  /** The delay is over and nobody stopped it: what was asked for is done with one person behind it. */
  | {
      readonly type: 'GlassBroken'
      readonly request: RequestId
      readonly step?: StepId
      readonly digest: string
      readonly by: Person
      readonly reason: string
      readonly announcedAt: string
    }
  /** It is not right any more, or not allowed any more. The request stays open for a second person. */
  | { readonly type: 'GlassCalledOff'; readonly request: RequestId; readonly step?: StepId; readonly why: string }
  /** Somebody else looked at it afterwards. */
  | {
      readonly type: 'GlassReviewed'
      readonly request: RequestId
      readonly step?: StepId
      readonly verdict: GlassVerdict
      readonly note: string
    }

/** Doing something alone, as far as it has come. */
export type Glass = {
  readonly request: RequestId
  readonly by: Person
  readonly at: string
  readonly reason: string
  readonly dueAt: string
  readonly digest: string
  readonly stepUp?: StepUp
  readonly brokenAt?: string
  readonly calledOff?: { readonly at: string; readonly why: string }
  readonly review?: {
    readonly by: Person
    readonly at: string
    readonly verdict: GlassVerdict
    readonly note: string
  }
}
