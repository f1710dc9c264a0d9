import type { Reply } from './wire.ts'

/**
 * What goes wrong with a request.
 * `reset-before`: the connection is cut and nothing has happened. `reset-after-effect`: it has happened and the answer is
 * lost. `timeout`: nothing happens and no answer ever comes. `timeout-after-effect`: it has happened, no answer comes.
 * `html`: the page of the admin interface answers with 200. `truncate`: half of the real answer, then a cut.
 * `reset-after-answer`: the whole answer arrives, and the connection it came by is dead.
 * `floodBytes`: it has happened, and the answer has so many bytes. `lagMs`: it has happened and is confirmed, and for so long
 * everything that is read still shows what was true before.
 */
export type How =
  | 'reset-before'
  | 'reset-after-effect'
  | 'timeout'
  | 'timeout-after-effect'
  | 'html'
  | 'truncate'
  | 'reset-after-answer'
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly delayMs: number }
  | { readonly floodBytes: number }
  | { readonly lagMs: number }

export type Fault = {
  /** Any method when absent. */
  readonly method?: string
  /** A string is the exact path, without the query. */
  readonly path: string | RegExp
  /** How many requests it hits; once when absent. */
  readonly times?: number
  readonly how: How
}

/** The faults that are still to come. */
export class Faults {
  #waiting: { fault: Fault; left: number }[] = []

  add(fault: Fault): void {
    this.#waiting.push({ fault, left: fault.times ?? 1 })
  }

  clear(): void {
    this.#waiting = []
  }

  /** The oldest fault that fits, used up by one. */
  take(method: string, path: string): How | undefined {
    const found = this.#waiting.find(({ fault, left }) => left > 0 && fits(fault, method, path))
    if (found === undefined) return undefined
    found.left -= 1
    return found.fault.how
  }
}

function fits(fault: Fault, method: string, path: string): boolean {
  if (fault.method !== undefined && fault.method !== method) return false
  return typeof fault.path === 'string'
    ? fault.path === path
    : new RegExp(fault.path.source, fault.path.flags.replace('g', '')).test(path)
}

/** The answer that a fault gives by itself, without asking the server. */
export function faultReply(how: How): Reply | undefined {
  if (typeof how !== 'object' || !('status' in how)) return undefined
  const headers = { 'Content-Type': 'application/json', ...how.headers }
  return { status: how.status, headers, body: how.body ?? '{"error":"server_error"}\n' }
}
