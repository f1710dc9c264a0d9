import type { Limits } from './limits.ts'
import type { Rendered } from './rendered.ts'
import type { Site } from './site.ts'

/** What a probe is told of the proxy, and how far it may go. */
export type ProbeOptions = {
  readonly site: Site
  readonly limits: Limits
  readonly rendered: Pick<Rendered, 'kind' | 'mark' | 'limitsRequests'>
  /** Addresses of this machine to ask from, one after the other. Default: the one that the system chooses. */
  readonly from?: readonly string[]
  /** Whether this worker itself needs the admin API through this proxy. Then it may not have locked itself out. */
  readonly needsAdmin: boolean
  /** What `isWell` said before the change. What was ill before is no reason to take back the cure. */
  readonly wellBefore: boolean
  /** How long a reload may take until it shows; ten seconds at most. */
  readonly patienceMs?: number
}
