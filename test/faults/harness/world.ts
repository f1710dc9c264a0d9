import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage, StageOptions } from '#/drill/stage.ts'
import { quickStage, reloadEverybody } from '../../support/incident-flow.ts'
import { exchangeKeys, type Roles } from '../../support/roles.ts'
import type { Blow } from './kill-at.ts'

export type WorldOptions = StageOptions & {
  /** True: bot and workers are processes of their own. */
  readonly apart?: boolean
  /** Something to do with the stage before the program is started the first time, such as starting what stands between. */
  readonly before?: (stage: Stage, building: AsyncDisposableStack) => Promise<Readonly<Record<string, string>> | void>
}

/** A stage, and the real program on it as processes that may be killed and started again. It lasts for many runs. */
export type World = AsyncDisposable & {
  readonly stage: Stage
  /** The program that runs now. Throws when none does. */
  readonly program: () => Program
  /** Starts the program; `env` comes on top for this start alone. In a world apart it is the bot. */
  readonly start: (env?: Readonly<Record<string, string>>) => Promise<Program>
  /** In a world apart: the worker of this name, started unless it runs. */
  readonly worker: (name: WorkerName) => Promise<Program>
  /** Starts it unless it runs. */
  readonly up: () => Promise<Program>
  /** Every line that the programs of this world have logged, the oldest first. */
  readonly lines: () => readonly string[]
  /** An account nobody has touched in this world. Throws when there is none left. */
  readonly nextAccount: () => string
  readonly accountsLeft: () => number
  readonly kills: KillPoints
}

export type WorkerName = 'one' | 'other'

/** Does something to a program at the very moment when it gets to a named point; see `kill-at.ts`. */
export type KillPoints = {
  /** The next time a program gets to this point, it is struck. Armed until it happens or is taken back. */
  readonly arm: (point: string, blow?: Blow) => void
  readonly disarm: () => void
  /** The process that was struck by what was armed last; undefined while none was. */
  readonly struck: () => number | undefined
}

const preload = join(import.meta.dirname, 'kill-at.ts')

/** One for each run; the cast is left to stories. */
const accountCount = 120

export async function openWorld({ before, apart = false, ...options }: WorldOptions = {}): Promise<World> {
  await using building = new AsyncDisposableStack()
  const stage = building.use(await quickStage({ ...options, autentico: { crowd: accountCount, ...options.autentico } }))
  const extra = (await before?.(stage, building)) ?? {}
  const roles = apart ? await exchangeKeys(stage) : undefined
  const orders = join(stage.dir, 'kill-at')
  const struck = join(stage.dir, 'struck')
  const programs: Program[] = []
  const workers = new Map<WorkerName, Program>()
  let bot: Program | undefined
  let next = 0

  const launch = async (env: Readonly<Record<string, string>>, how: Parameters<typeof startProgram>[1]) => {
    const all = { ...env, ...extra }
    const options = `${all['NODE_OPTIONS'] ?? ''} --import=${preload}`
    const program = await startProgram(
      { ...all, NODE_OPTIONS: options, KILL_AT_FILE: orders, STRUCK_FILE: struck },
      how,
    )
    programs.push(program)
    return program
  }
  const start = async (env: Readonly<Record<string, string>> = {}): Promise<Program> => {
    const args = apart ? ['start', '--role', 'bot'] : ['start']
    bot = await launch({ ...(roles?.bot ?? stage.env), ...env }, { args })
    return bot
  }
  const worker = async (name: WorkerName): Promise<Program> => {
    const known = workers.get(name)
    if (known !== undefined && !known.isOver()) return known
    const started = await launch(environmentOf(roles, name), {
      args: ['start', '--role', 'worker'],
      readyWhen: 'the worker is ready',
    })
    workers.set(name, started)
    return started
  }
  building.defer(async () => {
    await Promise.all(programs.map(async (program) => program.kill()))
  })

  const parts = building.move()
  return {
    stage,
    start,
    worker,
    program() {
      if (bot === undefined || bot.isOver()) throw new Error('no program runs')
      return bot
    },
    async up() {
      if (apart) await Promise.all([worker('one'), worker('other')])
      return bot === undefined || bot.isOver() ? start() : bot
    },
    lines: () => programs.flatMap(({ lines }) => lines),
    nextAccount() {
      next += 1
      if (next > accountCount) throw new Error('every account of this world was used')
      // Forms and private messages of the run before are gone.
      reloadEverybody(stage)
      return `user-${String(next).padStart(3, '0')}`
    },
    accountsLeft: () => accountCount - next,
    kills: {
      arm(point, blow = 'kill') {
        rmSync(struck, { force: true })
        writeFileSync(orders, JSON.stringify({ point, blow }))
      },
      disarm: () => rmSync(orders, { force: true }),
      struck: () => struckProcess(struck),
    },
    [Symbol.asyncDispose]: async () => parts.disposeAsync(),
  }
}

function environmentOf(roles: Roles | undefined, name: WorkerName): Readonly<Record<string, string>> {
  if (roles === undefined) throw new Error('only in a world apart the workers are processes of their own')
  return roles[name]
}

function struckProcess(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return undefined // None was.
  }
}
