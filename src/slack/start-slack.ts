import { randomBytes } from 'node:crypto'
import { createBolt } from './bolt.ts'
import type { Door } from './door.ts'
import { SlackRejected } from './failures.ts'
import { type Seen, seenInMemory } from './guard.ts'
import { Counter } from './inbound/counter.ts'
import { drawHome } from './inbound/home.ts'
import { type Called, openLanes } from './lanes.ts'
import type { Log } from './log.ts'
import { Outbound } from './outbound.ts'
import type { KeptPosts } from './posts-on-disk.ts'
import { type ReadThread, readThread } from './read-thread.ts'
import { type Doorway, httpReceiver, socketReceiver } from './receivers.ts'
import { type KeptAnswers, Repeats } from './repeats.ts'
import { Roster, type RosterSettings } from './roster.ts'
import { SigningIn } from './signing-in.ts'
import { type SocketsOptions, type Stuck, socketTimes } from './sockets.ts'
import { checkSetup, type Finding } from './startup-check.ts'
import { ThreadFiles } from './thread-files.ts'
import type { ThreadNews } from './thread-news.ts'
import { Viewers } from './viewers.ts'
import { Workspace } from './workspace.ts'

/** How events come in. Socket Mode needs no port of ours; HTTP needs one that Slack reaches. */
export type Inlet =
  | {
      readonly mode: 'socket'
      readonly appToken: string
      readonly times?: Partial<Omit<SocketsOptions, 'connect' | 'log' | 'monotonic'>>
    }
  | {
      readonly mode: 'http'
      readonly signingSecret: string
      /** 0: any free one. */
      readonly port: number
      readonly host?: string
      /** Keeps accepted signatures; one on disk holds replays off across a restart as well. */
      readonly seen?: Seen
    }

export type SlackOptions = {
  readonly botToken: string
  /** Slack's, when absent; with a slash at the end. */
  readonly apiUrl?: string
  readonly inlet: Inlet
  readonly channel: string
  readonly roster: RosterSettings
  readonly door: Door
  readonly log: Log
  /** Keeps what deliveries were told; one on disk gives the same answer after a restart as well. */
  readonly answers?: KeptAnswers | undefined
  /** Keeps what posts into threads said when Slack took them. */
  readonly posts?: KeptPosts | undefined
  /** Told of everything that is written, edited and deleted in the channels that the bot is in, where Slack lets it read them. */
  readonly onThread?: ((news: ThreadNews) => Promise<void>) | undefined
  /** Events have stopped coming in and do not come back by themselves, or not for a long while. */
  readonly onStuck: (stuck: Stuck) => void
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic?: () => number
  readonly random?: () => number
  /** For whoever counts: told of every delivery from Slack, and of every call that has ended. */
  readonly delivered?: (() => void) | undefined
  readonly called?: ((call: Called) => void) | undefined
  /** Slack waits three seconds; the rest is for the way. */
  readonly ackWithinMs?: number
  /** How long stopping waits for clicks that are under way. */
  readonly graceMs?: number
}

export type Slack = AsyncDisposable & {
  readonly outbound: Outbound
  readonly files: ThreadFiles
  readonly roster: Roster
  /** A whole thread, from its first message to its last. Throws `RateLimited` and `SlackUnavailable`. */
  readThread(place: { readonly channel: string; readonly ts: string }): Promise<ReadThread>
  /** Whether a post of ours in a thread still says what it said, by `digestOfPost`. Undefined: what it said is not known. */
  isAsPosted(place: { readonly channel: string; readonly ts: string }, digest: string): boolean | undefined
  /** The address of a message in Slack, once the workspace's own is known. */
  linkTo(place: { readonly channel: string; readonly ts: string }): string | undefined
  /** What is wrong with the app's set-up, in sentences. Asked anew by every call. */
  check(): Promise<readonly Finding[]>
  /** Draws the Home tab anew for those who may be looking at it, one after the other. Never throws. */
  redrawHomes(): Promise<void>
  /** Ends the sign-ins for what was decided meanwhile, and tells whoever is at one. */
  endDecidedSignIns(): void
  /** Whether events can come in right now. */
  connected(): boolean
  /** How many ways for events are open: connections in Socket Mode, 1 for a listening port. */
  connections(): number
  /** The port in HTTP mode. */
  port(): number | undefined
}

/** Starting does not wait longer than this for Slack: the rest of the program has work to do without it. */
const startWithinMs = 10_000
const aliveEveryMs = 60_000

/**
 * Opens the door to Slack. Resolves when events can come in, or after ten seconds, and keeps trying then. Throws
 * `SlackRejected` when Slack refuses the tokens for good. Disposing of it lets clicks that are under way end, takes no new
 * ones, and never hangs.
 */
export async function startSlack(options: SlackOptions): Promise<Slack> {
  const { log, door, channel, now = Date.now, monotonic = () => performance.now(), random = Math.random } = options
  const api = options.apiUrl === undefined ? {} : { apiUrl: options.apiUrl }
  await using building = new AsyncDisposableStack()
  const lanes = building.use(openLanes({ token: options.botToken, ...api, log, called: options.called }))
  const workspace = new Workspace(lanes.lookUps)
  const outbound = new Outbound({ lanes, log, posts: options.posts, ...api })
  const roster = new Roster({ settings: options.roster, call: lanes.lookUps, workspace, world: door, log, monotonic })
  const counter = new Counter({
    log,
    ackWithinMs: options.ackWithinMs ?? 2000,
    reference: () => randomBytes(3).toString('hex'),
    delivered: options.delivered,
  })
  const receiver = openInlet(options, { now, monotonic, random })
  const viewers = new Viewers(monotonic)
  const signingIn = new SigningIn()
  const desk = {
    door,
    viewers,
    signingIn,
    roster,
    outbound,
    workspace,
    call: lanes.replies,
    channel,
    log,
    now: () => new Date(now()).toISOString(),
  }
  const repeats = new Repeats({ monotonic, now, keptMs: 10 * 60_000, kept: options.answers })
  const bolt = createBolt({
    receiver,
    desk,
    counter,
    repeats,
    token: options.botToken,
    onThread: options.onThread ?? (async () => undefined),
  })

  building.defer(async () => within(options.graceMs ?? 3000, signingIn.settled()))
  // Disposed of in reverse: first what is under way ends, with its connection still open for the acknowledgement.
  building.defer(async () => within(2000, receiver.stop()))
  building.defer(async () => {
    if (!(await counter.close(options.graceMs ?? 3000)))
      log.warn({}, 'stopped while an answer to a person was under way')
  })
  await within(startWithinMs, Promise.all([bolt.start(), workspace.identity().catch(unlessRejected(log))]))
  const alive = setInterval(
    () =>
      void lanes
        .lookUps('auth.test')
        .catch((error: unknown) => log.warn({ why: messageOf(error) }, 'Slack does not answer auth.test')),
    aliveEveryMs,
  )
  alive.unref()
  building.defer(() => clearInterval(alive))

  const parts = building.move()
  return {
    outbound,
    files: new ThreadFiles({ lanes, workspace, ...api }),
    roster,
    readThread: async (place) => readThread(lanes.lookUps, place, await workspace.identity()),
    isAsPosted: (place, digest) => options.posts?.isAsPosted(place, digest),
    linkTo: (place) => workspace.linkTo(place),
    check: async () => {
      const lists = [
        ...options.roster.responders,
        ...options.roster.approvers,
        ...Object.values(door.policy().groups).flat(),
      ]
      const found = await checkSetup({ workspace, lanes, channel, usesGroups: lists.some((id) => id.startsWith('S')) })
      return [...found, ...(await roster.outOfReach()).map((sentence) => ({ fatal: false, sentence }))]
    },
    redrawHomes: async () => {
      for (const user of viewers.looking()) {
        try {
          await drawHome({ user }, desk)
        } catch (error) {
          // Whoever opens it anew sees it anew.
          log.warn({ user, why: messageOf(error) }, 'a Home tab could not be drawn again')
        }
      }
    },
    endDecidedSignIns: () => signingIn.endDecided(),
    connected: () => receiver.open() > 0,
    connections: () => receiver.open(),
    port: () => receiver.port(),
    [Symbol.asyncDispose]: async () => parts.disposeAsync(),
  }
}

type Clocks = { readonly now: () => number; readonly monotonic: () => number; readonly random: () => number }

function openInlet({ inlet, apiUrl, log, onStuck }: SlackOptions, { now, monotonic, random }: Clocks): Doorway {
  if (inlet.mode === 'http') {
    const { signingSecret, port, host, seen = seenInMemory(now) } = inlet
    return httpReceiver({ signingSecret, port, ...(host === undefined ? {} : { host }), seen, now, log })
  }
  return socketReceiver({
    appToken: inlet.appToken,
    ...(apiUrl === undefined ? {} : { apiUrl }),
    log,
    monotonic,
    sockets: { lines: 2, random, onStuck, ...socketTimes, ...inlet.times },
  })
}

/** A wrong bot token ends the start; Slack being away does not. */
function unlessRejected(log: Log): (error: unknown) => void {
  return (error) => {
    if (error instanceof SlackRejected) throw error
    log.warn({ why: messageOf(error) }, 'Slack could not be asked who we are; it is asked again')
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(() => late.resolve(), ms)
  try {
    await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
    // What comes too late must not end the process.
    work.catch(() => undefined)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
