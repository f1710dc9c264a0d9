import { setTimeout as delay } from 'node:timers/promises'
import { failureOf, SlackRejected } from './failures.ts'
import type { Log } from './log.ts'

/** One connection to Slack. `opened` settles when Slack has said hello, or could not be reached; `ended` when it is over. */
export type Connection = {
  readonly opened: Promise<void>
  readonly ended: Promise<void>
  /** Milliseconds of the clock that never goes back: when anything last came in. */
  readonly lastHeard: () => number
  readonly close: () => void
}

export type Stuck = {
  /** Nothing but a new token or a changed app helps. */
  readonly final: boolean
  readonly why: string
  /** For how long no connection has been open. */
  readonly downForMs: number
}

export type SocketsOptions = {
  readonly connect: (line: number) => Connection
  readonly lines: number
  readonly log: Log
  readonly onStuck: (stuck: Stuck) => void
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number
  /** Between 0 and 1. */
  readonly random: () => number
  readonly firstDelayMs: number
  readonly longestDelayMs: number
  /** No connection at all for this long: somebody has to be told. */
  readonly stuckAfterMs: number
  /** A connection on which nothing has come in for this long is replaced: it may look healthy and be dead. */
  readonly silentAfterMs: number
  readonly checkEveryMs: number
}

export const socketTimes = {
  firstDelayMs: 1000,
  longestDelayMs: 30_000,
  stuckAfterMs: 2 * 60_000,
  silentAfterMs: 10 * 60_000,
  checkEveryMs: 15_000,
} as const

/** Slack's no to `apps.connections.open` that no waiting changes. */
const finalCodes: ReadonlySet<string> = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'missing_scope',
  'not_allowed_token_type',
  'no_permission',
  'org_login_required',
  'link_disabled',
  'user_removed_from_team',
  'team_disabled',
])

/** The wait before the `failures`-th try: doubling, capped, and spread so that two lines do not knock together. */
export function backOff(
  failures: number,
  times: Pick<SocketsOptions, 'firstDelayMs' | 'longestDelayMs' | 'random'>,
): number {
  const full = Math.min(times.longestDelayMs, times.firstDelayMs * 2 ** Math.min(failures - 1, 20))
  return full * (0.5 + times.random() / 2)
}

/**
 * Keeps several connections open, so that while Slack renews one the other one takes the clicks. A line that breaks is
 * opened anew at once, and then with a capped back-off, for as long as it takes.
 */
export class Sockets {
  readonly #options: SocketsOptions
  readonly #live = new Map<number, Connection>()
  readonly #stopped = new AbortController()
  readonly #stopping: Promise<void>
  #running: readonly Promise<void>[] = []
  #watch: NodeJS.Timeout | undefined
  #lastUp: number
  #told = false
  #lastFailure = 'no connection was made yet'

  constructor(options: SocketsOptions) {
    this.#options = options
    this.#lastUp = options.monotonic()
    this.#stopping = new Promise((resolve) =>
      this.#stopped.signal.addEventListener('abort', () => resolve(), { once: true }),
    )
  }

  /** Resolves when the first line is open, or is refused for good (throws `SlackRejected`). Goes on trying otherwise. */
  async start(): Promise<void> {
    const first = Promise.withResolvers<void>()
    this.#lastUp = this.#options.monotonic()
    this.#running = Array.from({ length: this.#options.lines }, async (_, line) => this.#keep(line, first))
    this.#watch = setInterval(() => this.#check(), this.#options.checkEveryMs)
    this.#watch.unref()
    await first.promise
  }

  /** How many lines are open. */
  open(): number {
    return this.#live.size
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    clearInterval(this.#watch)
    for (const connection of this.#live.values()) connection.close()
    await Promise.all(this.#running)
  }

  async #keep(line: number, first: PromiseWithResolvers<void>): Promise<void> {
    let failures = 0
    while (!this.#isStopped()) {
      const connection = this.#options.connect(line)
      const begun = this.#options.monotonic()
      try {
        await Promise.race([connection.opened, this.#stopping])
        if (this.#isStopped()) connection.close()
        this.#up(line, connection)
        first.resolve()
        await connection.ended
        // Slack renews every connection now and then: that one is opened anew at once. One that Slack hardly let in is not.
        failures = this.#options.monotonic() - begun < this.#options.firstDelayMs ? failures + 1 : 0
      } catch (error) {
        connection.close()
        failures += 1
        this.#failed(error, first)
      }
      this.#down(line)
      if (failures > 0) await this.#pause(backOff(failures, this.#options))
    }
    first.resolve()
  }

  #isStopped(): boolean {
    return this.#stopped.signal.aborted
  }

  #up(line: number, connection: Connection): void {
    this.#live.set(line, connection)
    this.#told = false
  }

  #down(line: number): void {
    const wasUp = this.#live.delete(line)
    if (wasUp && this.#live.size === 0) this.#lastUp = this.#options.monotonic()
  }

  #failed(error: unknown, first: PromiseWithResolvers<void>): void {
    const failure = failureOf('apps.connections.open', error)
    this.#lastFailure = failure.message
    this.#options.log.warn(
      { why: failure.message, open: this.#live.size },
      'a Socket Mode connection could not be opened',
    )
    if (!(failure instanceof SlackRejected) || !finalCodes.has(failure.code)) return
    first.reject(failure)
    this.#tell(true)
  }

  #check(): void {
    const now = this.#options.monotonic()
    // One at a time: the others keep taking clicks meanwhile.
    const silent = [...this.#live.values()].find(
      (connection) => now - connection.lastHeard() > this.#options.silentAfterMs,
    )
    silent?.close()
    if (this.#live.size === 0 && now - this.#lastUp > this.#options.stuckAfterMs) this.#tell(false)
  }

  #tell(final: boolean): void {
    if (this.#told) return
    this.#told = true
    this.#options.onStuck({
      final,
      why: this.#lastFailure,
      downForMs: this.#live.size > 0 ? 0 : this.#options.monotonic() - this.#lastUp,
    })
  }

  async #pause(ms: number): Promise<void> {
    // Stopping ends the pause.
    await delay(ms, undefined, { signal: this.#stopped.signal }).catch(() => undefined)
  }
}
