import type { Program } from '../../program.ts'
import { object, readJson, text } from '../../slack/json.ts'
import type { Machine } from '../wire.ts'
import { type MachineLog, seconds } from './log.ts'

export type BotOptions = {
  /** Starts the real program; aborted, it ends it even before it is ready. */
  readonly start: (signal: AbortSignal) => Promise<Program>
  readonly log: MachineLog
  readonly onChange: () => void
  /** Milliseconds that only go up. */
  readonly clock: () => number
}

/** The program as a thing to be killed and started. */
export type BotSwitch = {
  readonly state: () => Machine['bot']
  /** Asked for what is so already, or is about to be, it does nothing more. Rejects with a sentence when the program refuses to start. */
  readonly turn: (to: 'dead' | 'running') => Promise<void>
  /** Asks the program to end as a supervisor does, and waits; nothing starts it again. */
  readonly stop: () => Promise<void>
}

/** The bot does not start; the message says why in the program's own words, which are scrubbed of secrets. */
export class BotNotStarted extends Error {
  override readonly name = 'BotNotStarted'
}

export function createBot({ start, log, onChange, clock }: BotOptions): BotSwitch {
  let life:
    | { readonly abort: AbortController; readonly ready: Promise<Program>; state: 'starting' | 'running' }
    | undefined
  let dying: Promise<void> = Promise.resolve()
  let stopped = false
  let lives = 0

  async function begin(): Promise<void> {
    const abort = new AbortController()
    const began = clock()
    const mine = { abort, ready: afterwards(abort.signal), state: 'starting' as 'starting' | 'running' }
    life = mine
    lives += 1
    onChange()
    try {
      const program = await mine.ready
      // Killed in the same moment.
      if (life !== mine) return
      mine.state = 'running'
      log.note(`The bot is ready${lives > 1 ? ' again' : ''} after ${seconds(clock() - began)}.`, 'good')
      void program.ended.then((code) => endedByItself(mine, program, code))
    } catch (error) {
      if (life !== mine) return
      life = undefined
      const why = `The bot did not start: ${lastWords(error instanceof Error ? error.message.split('\n') : [])}`
      log.note(why, 'bad')
      throw new BotNotStarted(why, { cause: error })
    } finally {
      onChange()
    }
  }

  /** Two at once would fight for the ledger. */
  async function afterwards(signal: AbortSignal): Promise<Program> {
    await dying
    return start(signal)
  }

  function endedByItself(mine: NonNullable<typeof life>, { lines }: Program, code: number | null): void {
    if (life !== mine) return
    life = undefined
    if (stopped) return
    const how = code === null ? 'by a signal' : `with exit code ${code}`
    log.note(`The bot ended by itself, ${how}: ${lastWords(lines)}`, 'bad')
  }

  async function kill(): Promise<void> {
    const killed = life
    if (killed === undefined) return
    life = undefined
    log.note(killed.state === 'running' ? 'The bot was killed.' : 'The bot was killed while it was starting.', 'bad')
    killed.abort.abort()
    dying = killed.ready.then(async (program) => program.kill()).catch(() => undefined)
    onChange()
    await dying
  }

  return {
    state: () => life?.state ?? 'dead',
    async turn(to) {
      if (stopped) return
      if (to === 'dead') return kill()
      if (life === undefined) return begin()
      await life.ready.then(
        () => undefined,
        () => undefined,
      )
    },
    async stop() {
      stopped = true
      const ending = life
      if (ending === undefined) return
      if (ending.state === 'starting') ending.abort.abort()
      await ending.ready.then(async (program) => program.stop()).catch(() => undefined)
      life = undefined
    },
  }
}

const longestWords = 300

/** The last thing a program said that says something, as a sentence; its log is one JSON object a line, a crash is a stack. */
export function lastWords(lines: readonly string[]): string {
  const said = lines.map((line) => line.trim()).filter((line) => !/^(?:at .*|\^|[{}]|Node\.js v.*|)$/.test(line))
  const line = said.findLast((each) => /^\w*Error\b/.test(each)) ?? said.at(-1) ?? 'it said nothing.'
  return sentenceOf(line).slice(0, longestWords)
}

function sentenceOf(line: string): string {
  const said = object(readJson(line))
  const words = [said['msg'], said['why'], object(said['err'])['message']].map(text).filter((word) => word !== '')
  return words.length === 0 ? line : words.join(': ')
}
