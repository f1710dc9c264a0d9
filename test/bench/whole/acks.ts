import { cast } from '#/drill/cast.ts'
import { type Figure, median } from '../figure.ts'
import { command, type Fields, press } from './deliveries.ts'
import { askedFor, type Endpoint, inTurns, openScene } from './scene.ts'

/** How long an answer takes, the middle of many, in milliseconds. */
async function answered(
  { post }: Endpoint,
  { count, atOnce, what }: { readonly count: number; readonly atOnce: number; readonly what: () => Fields },
): Promise<number> {
  const took: number[] = []
  await inTurns(Array.from({ length: count }), atOnce, async () => {
    const fields = what()
    const begun = performance.now()
    await post(fields)
    took.push(performance.now() - begun)
  })
  return median(took)
}

function slashCommand(atOnce: number): Figure {
  return {
    name: `slash command to ack, ${atOnce} at once`,
    unit: 'ms',
    target: { atMost: 1.5 },
    async prepare() {
      const scene = await openScene()
      const many = { count: atOnce === 1 ? 60 : 400, atOnce, what: () => command('list') }
      return {
        ours: async () => answered(scene.ours, many),
        floor: async () => answered(scene.floor, many),
        [Symbol.asyncDispose]: async () => scene[Symbol.asyncDispose](),
      }
    },
  }
}

/** The thread is written as slowly as Slack wants it, which tests do without. */
const asShipped = { MESSAGE_SPACING: '1100ms' }

/** Somebody takes command: who clicks is looked up at Slack, it is decided, and it is on disk, before the acknowledgement. */
function click(atOnce: number): Figure {
  return {
    name: `click to ack, ${atOnce} at once`,
    unit: 'ms',
    target: { atMost: 1.5 },
    async prepare() {
      const scene = await openScene({ env: asShipped })
      const [waiting] = await askedFor(scene, ['user-001'])
      const people = [cast.ana.user, cast.bao.user, cast.chi.user]
      let turn = 0
      const what = () => press(people[(turn += 1) % people.length] ?? '', 'take_command', waiting?.incident ?? '')
      const many = { count: atOnce === 1 ? 40 : 200, atOnce, what }
      return {
        ours: async () => answered(scene.ours, many),
        floor: async () => answered(scene.floor, many),
        [Symbol.asyncDispose]: async () => scene[Symbol.asyncDispose](),
      }
    },
  }
}

export const figures: readonly Figure[] = [slashCommand(1), slashCommand(50), click(1), click(50)]
