import type { ActionName } from '#/playbook/actions.ts'
import type { Identity } from './identity.ts'
import type { Person } from './people.ts'
import type { OrderId, RequestId, WorkResult } from './work.ts'

type Done = Extract<WorkResult, { kind: 'done' }>

/** What happened with a hold. Its request says how it may end: approved it is confirmed, denied, withdrawn or expired it is lifted. */
export type HoldEvent =
  /** One responder alone: the order to suspend the target follows at once. `endsAt`: when it lifts by itself; ISO 8601, UTC. */
  | {
      readonly type: 'HoldPlaced'
      readonly request: RequestId
      readonly by: Person
      readonly identity: Identity
      readonly endsAt: string
    }
  /** `wasActive`: only then did the hold do it, and only then may the hold undo it. */
  | ({
      readonly type: 'HoldApplied'
      readonly order: OrderId
      readonly request: RequestId
      readonly proven: boolean
      readonly wasActive: boolean
    } & Pick<Done, 'did' | 'checks' | 'evidence' | 'requestIds' | 'notes' | 'accessTokensEndAt'>)
  /** A second person agreed: the account stays suspended until access is restored. */
  | { readonly type: 'HoldConfirmed'; readonly request: RequestId; readonly by: readonly Person[] }
  /** Without `order`, nothing had to be done: the account had been suspended before. */
  | ({
      readonly type: 'HoldLifted'
      readonly order?: OrderId
      readonly request: RequestId
      readonly proven: boolean
    } & Pick<Done, 'did' | 'checks' | 'evidence' | 'requestIds' | 'notes'>)
  /** Placing or lifting it came to nothing. `begun`: something may have been changed all the same. */
  | {
      readonly type: 'HoldFailed'
      readonly order: OrderId
      readonly request: RequestId
      readonly action: ActionName
      readonly sentence: string
      readonly retry: boolean
      readonly begun: boolean
    }
  /** Two people decided about the account in another way, so that the hold lifts nothing any more. */
  | { readonly type: 'HoldSuperseded'; readonly request: RequestId; readonly why: string }

/** One responder's suspension of the target, for a while. Whether it was confirmed stands in its request. */
export type Hold = {
  readonly request: RequestId
  readonly by: Person
  readonly identity: Identity
  readonly placedAt: string
  readonly endsAt: string
  readonly placing: /** Without `order`: the entry that gives it comes next. */
    | { readonly status: 'ordered'; readonly order?: OrderId }
    | {
        readonly status: 'done'
        readonly order: OrderId
        readonly at: string
        readonly proven: boolean
        readonly wasActive: boolean
        readonly open: readonly string[]
      }
    | {
        readonly status: 'failed'
        readonly order: OrderId
        readonly at: string
        readonly sentence: string
        readonly begun: boolean
      }
  readonly lifting?:
    | { readonly status: 'ordered'; readonly order: OrderId; readonly at: string }
    | { readonly status: 'done'; readonly at: string; readonly proven: boolean }
    | { readonly status: 'failed'; readonly at: string; readonly sentence: string; readonly retry: boolean }
  readonly superseded?: { readonly at: string; readonly why: string }
}
