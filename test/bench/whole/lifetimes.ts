import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '#/drill/crew.ts'
import { startProgram } from '#/drill/program.ts'
import { openWorld, type World } from '../../faults/harness/world.ts'
import type { Case } from '../../support/incident-flow.ts'
import { openFor, quickStage, reloadEverybody } from '../../support/incident-flow.ts'
import type { Figure, Sides } from '../figure.ts'
import { freePort, startFloor } from './scene.ts'

type Both = { readonly ms: number; readonly mebibytes: number }

/** Resident memory of a process, in MiB (Linux). */
function residentOf(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) / 1024
}

/** Starts both programs anew for every measurement, over a ledger that is empty. */
function starting(name: string, unit: string, target: Figure['target'], of: (both: Both) => number): Figure {
  return {
    name,
    unit,
    target,
    async prepare() {
      const stage = await quickStage()
      const env = { ...stage.env, FLOOR_FILE: join(stage.dir, 'floor.db'), SLACK_SIGNING_SECRET: 'x' }
      const ours = async (): Promise<number> => {
        const begun = performance.now()
        await using program = await startProgram(stage.env)
        return of({ ms: performance.now() - begun, mebibytes: residentOf(program.pid ?? 0) })
      }
      const floor = async (): Promise<number> => {
        const port = String(await freePort())
        const begun = performance.now()
        await using program = await startFloor({ ...env, FLOOR_PORT: port })
        return of({ ms: performance.now() - begun, mebibytes: residentOf(program.pid) })
      }
      return { ours, floor, [Symbol.asyncDispose]: async () => stage[Symbol.asyncDispose]() }
    },
  }
}

/** What takes as long as the program needs to get over something; the floor is what was set. */
function gettingOver(
  what: Pick<Figure, 'name' | 'target'> & { readonly floorMs: number; readonly apart?: boolean },
  run: (world: World) => Promise<number>,
): Figure {
  const { floorMs, apart = false, ...figure } = what
  return {
    ...figure,
    unit: 'ms',
    async prepare(): Promise<AsyncDisposable & Sides> {
      const world = await openWorld({ apart })
      return {
        ours: async () => {
          await world.up()
          return run(world)
        },
        floor: async () => Promise.resolve(floorMs),
        [Symbol.asyncDispose]: async () => world[Symbol.asyncDispose](),
      }
    },
  }
}

async function asked({ stage, nextAccount }: World): Promise<Case> {
  reloadEverybody(stage)
  const incident = await openFor(stage, nextAccount())
  await incident.ask(1)
  return incident
}

async function sinceUntil(begun: number, done: () => true | undefined, what: string): Promise<number> {
  await until(done, what, 60_000)
  return performance.now() - begun
}

const isDone = (incident: Case) => () => (incident.entries('StepDone').length > 0 ? true : undefined)

/** A worker dies right after it took an order; the other one ends it. */
const takeOver = gettingOver(
  { name: 'worker killed to order done', target: { atMost: 8_000, of: 'ours' }, floorMs: 7_000, apart: true },
  async (world) => {
    const incident = await asked(world)
    world.kills.arm('after a worker took an order')
    await incident.at('bao').press(/^Approve/)
    await until(() => world.kills.struck(), 'a worker to be killed')
    return sinceUntil(performance.now(), isDone(incident), 'the order to be done')
  },
)

/** The bot dies right after an approval is on disk, and is started again at once. */
const killedBot = gettingOver(
  { name: 'bot killed to order sent', target: { atMost: 2_000, of: 'ours' }, floorMs: 1_000, apart: true },
  async (world) => {
    const incident = await asked(world)
    world.kills.arm('after the ledger took an approval')
    await incident
      .at('bao')
      .press(/^Approve/)
      .catch(() => undefined)
    await until(() => world.kills.struck(), 'the bot to be killed')
    const begun = performance.now()
    await world.start()
    return sinceUntil(
      begun,
      () => (incident.entries('WorkStarted').length > 0 ? true : undefined),
      'the order to be taken',
    )
  },
)

const redisBack = gettingOver(
  { name: 'Redis back to order done', target: { atMost: 2_000, of: 'ours' }, floorMs: 1_060 },
  async (world) => {
    const incident = await asked(world)
    await world.stage.redis.kill()
    await incident.approve()
    await world.stage.redis.restart()
    return sinceUntil(performance.now(), isDone(incident), 'the order to be done')
  },
)

export const figures: readonly Figure[] = [
  starting('start to ready', 'ms', { atMost: 1.5 }, ({ ms }) => ms),
  starting('memory idle', 'MiB', { atMost: 1.4 }, ({ mebibytes }) => mebibytes),
  takeOver,
  killedBot,
  redisBack,
]
