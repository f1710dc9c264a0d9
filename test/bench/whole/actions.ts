import { cast } from '#/drill/cast.ts'
import { type Figure, median, type Sides } from '../figure.ts'
import { approval, press } from './deliveries.ts'
import { askedFor, openScene, type Scene, type Waiting } from './scene.ts'

const rounds = 10

/** One round of approvals: to the changing call on Autentico, to the line in the thread, and how many a second. */
type Round = { readonly call: number; readonly line: number; readonly rate: number }

/** Both sides of every round, measured in turn when they are first asked for. Each side's figures are read off one after the other. */
function measuredOnce(
  atOnce: number,
): () => Promise<{ readonly ours: readonly Round[]; readonly floor: readonly Round[] }> {
  let all: ReturnType<ReturnType<typeof measuredOnce>> | undefined
  return async () => (all ??= measureAll(atOnce))
}

async function measureAll(
  atOnce: number,
): Promise<{ readonly ours: readonly Round[]; readonly floor: readonly Round[] }> {
  const crowd = rounds * atOnce
  await using scene = await openScene({ crowd })
  const names = Array.from({ length: crowd }, (_, n) => `user-${String(n + 1).padStart(3, '0')}`)
  const ours: Round[] = []
  const floor: Round[] = []
  for (let n = 0; n < rounds; n += 1) {
    const waiting = await askedFor(scene, names.slice(n * atOnce, (n + 1) * atOnce))
    ours.push(await ourRound(scene, waiting))
    floor.push(await floorRound(scene, waiting.length, n))
  }
  // The first one warms up.
  return { ours: ours.slice(1), floor: floor.slice(1) }
}

async function ourRound(scene: Scene, waiting: readonly Waiting[]): Promise<Round> {
  const clicks = waiting.map(
    ({ incident, request }) =>
      async () =>
        scene.ours.post(approval(incident, request)),
  )
  // The id of the account is in the call; its username in the line.
  const calls = waiting.map(({ account }) => account)
  return roundOf(
    scene,
    clicks,
    calls,
    waiting.map(({ username }) => username),
  )
}

async function floorRound(scene: Scene, count: number, n: number): Promise<Round> {
  const names = Array.from({ length: count }, (_, at) => `floor-${n}-${at}-`)
  const clicks = names.map((name) => async () => scene.floor.post(press(cast.bao.user, 'approve', name)))
  return roundOf(scene, clicks, names, names)
}

async function roundOf(
  scene: Scene,
  clicks: readonly (() => Promise<unknown>)[],
  calls: readonly string[],
  lines: readonly string[],
): Promise<Round> {
  const begun = performance.now()
  const done = await Promise.all(
    clicks.map(async (click, n) => {
      const call = scene.autentico.passes('POST ', `${calls[n] ?? ''}/revoke-sessions`)
      const line = scene.slack.passes('approved', lines[n] ?? '')
      const from = performance.now()
      await click()
      return { call: (await call) - from, line: (await line) - from }
    }),
  )
  const rate = clicks.length / ((performance.now() - begun) / 1000)
  return { call: median(done.map(({ call }) => call)), line: median(done.map(({ line }) => line)), rate }
}

function figure(
  what: Pick<Figure, 'name' | 'unit' | 'target'>,
  measured: ReturnType<typeof measuredOnce>,
  of: (round: Round) => number,
): Figure {
  return {
    ...what,
    pairs: rounds - 1,
    async prepare(): Promise<AsyncDisposable & Sides> {
      const { ours, floor } = await measured()
      // `measure` asks once before it counts.
      const next = (side: readonly Round[]) => {
        let n = -1
        return async () => {
          n += 1
          const found = side[Math.max(0, n - 1)]
          if (found === undefined) throw new Error('more rounds are asked for than were measured')
          return Promise.resolve(of(found))
        }
      }
      return { ours: next(ours), floor: next(floor), [Symbol.asyncDispose]: async () => Promise.resolve() }
    },
  }
}

function figuresAt(atOnce: number): readonly Figure[] {
  const measured = measuredOnce(atOnce)
  return [
    figure(
      { name: `approval to the call, ${atOnce} at once`, unit: 'ms', target: { atMost: 1.6 } },
      measured,
      ({ call }) => call,
    ),
    figure(
      { name: `approval to the line, ${atOnce} at once`, unit: 'ms', target: { atMost: 1.6 } },
      measured,
      ({ line }) => line,
    ),
    ...(atOnce === 1
      ? []
      : [
          figure(
            { name: `actions, ${atOnce} at once`, unit: 'per s', target: { atLeast: 0.5 } },
            measured,
            ({ rate }) => rate,
          ),
        ]),
  ]
}

export const figures: readonly Figure[] = [...figuresAt(1), ...figuresAt(50)]
