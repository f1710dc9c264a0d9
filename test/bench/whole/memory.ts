import { cast } from '#/drill/cast.ts'
import { until } from '#/drill/crew.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { containmentSteps, stepState } from '#/incident/state.ts'
import { ledgerOf } from '../../support/incident-flow.ts'
import type { Figure, Sides } from '../figure.ts'
import { approval, closing, type Fields, press, skipping } from './deliveries.ts'
import { type OpenIncidents, readIncidents } from './incidents.ts'
import { askFor, inTurns, openFor, openScene, type Scene, sentUntil } from './scene.ts'
import { weigh, weighable } from './weight.ts'

/** How many actions are done when memory is measured: the first is held against the floor, the others against the first. */
const marks = [10_000, 11_000, 12_000] as const

/** In MiB, after garbage was collected. */
type Weighed = { readonly ours: readonly number[]; readonly floor: number }

/** What waits behind others on a busy machine may take a while. */
const patienceMs = 120_000

/**
 * Whole incidents, one after the other, each on an account that had others before: opened, four actions asked for, approved and done, the
 * rest skipped, swept, closed.
 */
async function weighBoth(): Promise<Weighed> {
  const hands = 16
  await using scene = await openScene({ crowd: hands, env: weighable })
  using incidents = readIncidents(scene.stage)
  const accounts = Array.from({ length: hands }, (_, n) => `user-${String(n + 1).padStart(3, '0')}`)
  const done = { actions: 0 }
  const ours: number[] = []
  for (const mark of marks) {
    await Promise.all(
      accounts.map(async (username) => {
        while (done.actions < mark) {
          const more = await playIncident(scene, incidents, username)
          done.actions += more
        }
      }),
    )
    await untilTold(scene)
    ours.push(await weigh(scene.pids.ours))
  }
  const names = Array.from({ length: marks[0] }, (_, n) => `floor-${n}-`)
  await inTurns(names, 50, async (name) => {
    const line = scene.slack.passes('approved', name)
    await scene.floor.post(press(cast.bao.user, 'approve', name))
    await line
  })
  return { ours, floor: await weigh(scene.pids.floor) }
}

/** Plays one incident from its opening to its close, and says how many actions were done in it. */
async function playIncident(scene: Scene, incidents: OpenIncidents, username: string): Promise<number> {
  const incident = await openFor(scene, incidents, username)
  const { id } = incident
  const is = (has: (now: OpenedIncident) => boolean) => () => {
    const now = incidents.find(id)
    return now !== undefined && has(now) ? true : undefined
  }
  const approved = async (asking: () => Fields): Promise<void> => {
    const request = await askFor(scene, incidents, { id, asking })
    const ended = is(({ requests }) => requests.get(request.id)?.end.kind === 'approved')
    await sentUntil(async () => scene.ours.post(approval(id, request)), ended, `${request.id} of ${id} to be approved`)
  }
  const steps = containmentSteps(incident)
  for (const { id: step } of steps) {
    await approved(() => press(cast.ana.user, 'ask', `${id}|s|${step}`))
    const over = is((now) => stepState(now, step).status !== 'running')
    await until(over, `${step} of ${id} to end`, patienceMs)
    const { status } = stepState(incidents.find(id) ?? incident, step)
    if (status !== 'proven') throw new Error(`${step} of ${id} is ${status}`)
  }
  const swept = is(({ sweep }) => sweep.status === 'clean')
  await until(swept, `${id} to be swept`, patienceMs)
  await approved(() => skipping(id, 'notify'))
  const closed = () => (incidents.find(id) === undefined ? true : undefined)
  await sentUntil(async () => scene.ours.post(closing(id)), closed, `${id} to be closed`)
  return steps.length
}

/** Waits until every follower has come to the end, the thread included. */
async function untilTold({ stage }: Scene): Promise<void> {
  using ledger = ledgerOf(stage)
  const followers = ['poster', 'dispatcher', 'notary', 'vault']
  const told = () => (followers.every((name) => ledger.cursor(name) === ledger.size()) ? true : undefined)
  await until(told, 'every entry to be followed', patienceMs)
}

let weighed: Promise<Weighed> | undefined

function figure(what: Pick<Figure, 'name' | 'target'>, sides: (weighed: Weighed) => readonly [number, number]): Figure {
  return {
    ...what,
    unit: 'MiB',
    pairs: 1,
    minutes: 40,
    async prepare(): Promise<AsyncDisposable & Sides> {
      // Both figures come from one run.
      const [ours, floor] = sides(await (weighed ??= weighBoth()))
      return {
        ours: async () => Promise.resolve(ours),
        floor: async () => Promise.resolve(floor),
        [Symbol.asyncDispose]: async () => Promise.resolve(),
      }
    },
  }
}

export const figures: readonly Figure[] = [
  figure({ name: `memory after ${marks[0]} actions`, target: { atMost: 1.7 } }, ({ ours: [first = NaN], floor }) => [
    first,
    floor,
  ]),
  figure(
    { name: `memory after ${marks[2]} beside ${marks[0]}`, target: { atMost: 1.05 } },
    ({ ours: [first = NaN, ...later] }) => [Math.max(...later), first],
  ),
]
