import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage, StageOptions } from '#/drill/stage.ts'
import { quickStage, reloadEverybody } from '../../support/incident-flow.ts'

export type WorldOptions = StageOptions & {
  /** Something to do with the stage before the program is started the first time, such as starting what stands between. */
  readonly before?: (stage: Stage, building: AsyncDisposableStack) => Promise<Readonly<Record<string, string>> | void>
}

/** A stage, and the real program on it as processes that may be killed and started again. It lasts for many runs. */
export type World = AsyncDisposable & {
  readonly stage: Stage
  /** The program that runs now. Throws when none does. */
  readonly program: () => Program
  /** Starts the program; `env` comes on top for this start alone. */
  readonly start: (env?: Readonly<Record<string, string>>) => Promise<Program>
  /** Starts it unless it runs. */
  readonly up: () => Promise<Program>
  /** Every line that the programs of this world have logged, the oldest first. */
  readonly lines: () => readonly string[]
  /** An account nobody has touched in this world. Throws when there is none left. */
  readonly nextAccount: () => string
  readonly accountsLeft: () => number
  readonly kills: KillPoints
}

/** Kills the program by SIGKILL at the very moment when it gets to a named point; see `kill-at.ts`. */
export type KillPoints = {
  /** The next time the program gets to this point (or the n-th time), it is killed. Armed until it happens or is taken back. */
  readonly arm: (point: string, nth?: number) => void
  readonly disarm: () => void
  /** Whether a program of this world was killed by what is armed now. */
  readonly struck: () => boolean
}

const preload = join(import.meta.dirname, 'kill-at.ts')

/** One for each run; the cast is left to stories. */
const accountCount = 120

export async function openWorld({ before, ...options }: WorldOptions = {}): Promise<World> {
  await using building = new AsyncDisposableStack()
  const stage = building.use(await quickStage({ ...options, autentico: { crowd: accountCount, ...options.autentico } }))
  const extra = (await before?.(stage, building)) ?? {}
  const orders = join(stage.dir, 'kill-at')
  const killed = join(stage.dir, 'killed-at')
  const programs: Program[] = []
  let next = 0

  const start = async (env: Readonly<Record<string, string>> = {}): Promise<Program> => {
    const program = await startProgram({
      ...stage.env,
      NODE_OPTIONS: `--import=${preload}`,
      KILL_AT_FILE: orders,
      KILLED_AT_FILE: killed,
      ...extra,
      ...env,
    })
    programs.push(program)
    return program
  }
  const running = (): Program | undefined => programs.findLast(({ isOver }) => !isOver())
  building.defer(async () => {
    await Promise.all(programs.map(async (program) => program.kill()))
  })

  const parts = building.move()
  return {
    stage,
    start,
    program() {
      const program = running()
      if (program === undefined) throw new Error('no program runs')
      return program
    },
    up: async () => running() ?? start(),
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
      arm(point, nth = 1) {
        rmSync(killed, { force: true })
        writeFileSync(orders, JSON.stringify({ point, nth }))
      },
      disarm: () => rmSync(orders, { force: true }),
      struck: () => existsSync(killed),
    },
    [Symbol.asyncDispose]: async () => parts.disposeAsync(),
  }
}
