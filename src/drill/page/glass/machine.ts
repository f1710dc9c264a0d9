import type { LocalAutentico } from '../../autentico/local-autentico.ts'
import type { Program } from '../../program.ts'
import type { PrivateRedis } from '../../redis.ts'
import type { LocalSlack } from '../../slack/local-slack.ts'
import type { GlassActs, Machine } from '../wire.ts'
import { createBot } from './bot.ts'
import { createLog, type MachineLog, seconds } from './log.ts'

export type MachineOptions = {
  /** Starts the real program; aborted, it ends it even before it is ready. */
  readonly startBot: (signal: AbortSignal) => Promise<Program>
  readonly redis: PrivateRedis
  readonly autentico: LocalAutentico
  readonly slack: LocalSlack
  /** Called after the answer has become another one. */
  readonly onChange: () => void
  readonly now?: () => Date
  /** Milliseconds that only go up. */
  readonly clock?: () => number
  /** Milliseconds of each answer of the admin API while Autentico is slow. */
  readonly slowMs?: number
}

type Turns = {
  readonly [Part in 'bot' | 'redis' | 'autentico' | 'slack']: (to: GlassActs[Part]['to']) => Promise<void>
}

/** An order that has come to an end. Times in ISO 8601. */
export type EndedOrder = { readonly order: string; readonly orderedAt: string; readonly endedAt: string }

/**
 * Everything that can be broken, and how it is. Whoever asks for what is so already, or is about to be, changes nothing. A turn resolves
 * when it is done and rejects with a sentence when it cannot be; nothing that breaks here ends this process.
 */
export type MachineSwitches = AsyncDisposable &
  Turns & {
    readonly machine: () => Machine
    readonly note: MachineLog['note']
    /** Tells of work that ended: what was mended just before gets the credit in the log. */
    readonly ended: (order: EndedOrder) => void
  }

/** Nothing runs yet but Redis, Autentico and Slack; the bot is started with `bot('running')`. Disposing asks the bot to end. */
export function createMachine(options: MachineOptions): MachineSwitches {
  const { now = () => new Date(), clock = () => performance.now(), onChange } = options
  const log = createLog({ now, onChange })
  const mended = createMended(log, now)
  const bot = createBot({ start: options.startBot, log, onChange, clock })
  const parts = { ...options, log, clock, mended: mended.mended }
  const redis = createRedis(parts)
  const autentico = createAutentico(parts)
  const slack = createSlack({ ...parts, isBotRunning: () => bot.state() === 'running' })
  return {
    machine: () => ({
      bot: bot.state(),
      redis: redis.state(),
      autentico: autentico.state(),
      slack: slack.state(),
      log: log.lines(),
    }),
    note: log.note,
    ended: mended.ended,
    async bot(to) {
      const wasDead = bot.state() === 'dead'
      await bot.turn(to)
      if (to === 'running' && wasDead && bot.state() === 'running') mended.mended('The bot')
    },
    redis: redis.turn,
    autentico: autentico.turn,
    slack: slack.turn,
    [Symbol.asyncDispose]: async () => {
      slack.close()
      await bot.stop()
    },
  }
}

type Parts = MachineOptions & {
  readonly log: MachineLog
  readonly clock: () => number
  readonly mended: (what: string) => void
}

function createRedis({ redis, log, mended, onChange }: Parts) {
  let state: Machine['redis'] = 'running'
  const become = (next: Machine['redis']) => {
    state = next
    onChange()
  }
  const turn = oneAfterTheOther(async (to: GlassActs['redis']['to']) => {
    if (to === state) return
    if (to === 'stopped') {
      become('stopped')
      log.note('Redis was stopped, and what lay in the queue is lost.', 'bad')
      return redis.kill()
    }
    become('starting')
    try {
      await redis.restart()
    } catch (error) {
      become('stopped')
      const why = `Redis did not start: ${error instanceof Error ? error.message : String(error)}`
      log.note(why, 'bad')
      throw new Error(why, { cause: error })
    }
    become('running')
    log.note('Redis runs again, and is empty.', 'good')
    mended('Redis')
  })
  return { state: () => state, turn }
}

function createAutentico({ autentico, log, mended, onChange, slowMs = 2_000 }: Parts) {
  let state: Machine['autentico'] = 'well'
  const words: { readonly [To in Machine['autentico']]: string } = {
    well: 'Autentico is well again.',
    slow: `Autentico is slow: its admin API takes ${seconds(slowMs)} for each answer.`,
    failing: 'Autentico is failing: it answers everything with 500.',
    stopped: 'Autentico was stopped: connections are refused.',
  }
  const { control } = autentico
  const turn = oneAfterTheOther(async (to: GlassActs['autentico']['to']) => {
    if (to === state) return
    control.heal()
    if (to === 'slow') control.fail({ path: /^\/admin\//, times: Number.POSITIVE_INFINITY, how: { delayMs: slowMs } })
    if (to === 'failing') control.fail({ path: /^\//, times: Number.POSITIVE_INFINITY, how: { status: 500 } })
    if (to === 'stopped') await autentico.stop()
    else if (state === 'stopped') await autentico.restart()
    state = to
    log.note(words[to], to === 'well' ? 'good' : 'bad')
    if (to === 'well') mended('Autentico')
    onChange()
  })
  return { state: () => state, turn }
}

type SlackParts = Parts & { readonly isBotRunning: () => boolean }

/** Connections come and go without a word, so they are counted now and then. */
const countEveryMs = 200

function createSlack({ slack, log, clock, mended, onChange, isBotRunning }: SlackParts) {
  let cut = false
  let shown: Machine['slack'] = 'connected'
  let connectedAgainSince: number | undefined
  const state = (): Machine['slack'] => {
    if (cut) return 'disconnected'
    // A bot that does not run is no trouble of Slack's.
    return isBotRunning() && slack.connections() === 0 ? 'reconnecting' : 'connected'
  }
  const timer = setInterval(() => {
    if (connectedAgainSince !== undefined && slack.connections() > 0) {
      log.note(`The bot is connected to Slack again after ${seconds(clock() - connectedAgainSince)}.`, 'good')
      connectedAgainSince = undefined
      mended('Slack')
    }
    const next = state()
    if (next === shown) return
    shown = next
    onChange()
  }, countEveryMs)
  timer.unref()

  return {
    state,
    close: () => clearInterval(timer),
    turn: async (to: GlassActs['slack']['to']): Promise<void> => {
      if ((to === 'disconnected') === cut) return
      cut = to === 'disconnected'
      slack.control.cutOff(cut)
      connectedAgainSince = cut ? undefined : clock()
      log.note(
        cut ? 'Slack was disconnected: the bot reaches nobody, and nobody the bot.' : 'Slack may be reached again.',
        cut ? 'bad' : 'plain',
      )
    },
  }
}

/** Remembers what was mended last, until the first order that waited for it has ended. */
function createMended(log: MachineLog, now: () => Date) {
  let last: { readonly what: string; readonly at: string } | undefined
  return {
    mended: (what: string) => {
      last = { what, at: now().toISOString() }
    },
    ended: ({ order, orderedAt, endedAt }: EndedOrder) => {
      // What was ordered after it was mended never waited.
      if (last === undefined || orderedAt >= last.at || endedAt < last.at) return
      const { what, at } = last
      last = undefined
      log.note(`${what} is back; order ${order} ended ${seconds(Date.parse(endedAt) - Date.parse(at))} later.`, 'good')
    },
  }
}

/** One turn at a time, in the order they were asked for: each looks at what the one before has left. */
function oneAfterTheOther<To>(turn: (to: To) => Promise<void>): (to: To) => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  return async (to) => {
    const mine = last.catch(() => undefined).then(async () => turn(to))
    last = mine
    await mine
  }
}
