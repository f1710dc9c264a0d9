import { cast } from '#/drill/cast.ts'
import { until } from '#/drill/crew.ts'
import { namedInThread } from '../../flows/machine/machine.ts'
import type { Figure } from '../figure.ts'
import { press } from './deliveries.ts'
import { askedFor, inTurns, openScene } from './scene.ts'

const burst = 200
/** What the program keeps between two messages of one channel unless told otherwise. */
const spacingMs = 1_100

/**
 * Two hundred entries at once in one incident: how long after the last of them the thread shows it, at the pace that Slack allows. The
 * floor is that pace: one message.
 */
const behind: Figure = {
  name: `thread behind a burst of ${burst}`,
  unit: 'ms',
  target: { atMost: 5_000, of: 'ours' },
  pairs: 3,
  async prepare() {
    const scene = await openScene({ env: { MESSAGE_SPACING: `${spacingMs}ms` } })
    const [waiting] = await askedFor(scene, ['user-001'])
    if (waiting === undefined) throw new Error('no incident was opened')
    const people = [cast.ana.user, cast.bao.user, cast.chi.user]
    let turn = 0
    const shown = (): number => Math.max(0, ...namedInThread(scene.stage, waiting.incident))
    return {
      async ours() {
        const clicks = Array.from({ length: burst }, () =>
          press(people[(turn += 1) % people.length] ?? '', 'take_command', waiting.incident),
        )
        await inTurns(clicks, 20, async (click) => scene.ours.post(click))
        const last = scene.newest(waiting.incident)
        const begun = performance.now()
        await until(() => (shown() >= last ? true : undefined), `entry ${last} to be in the thread`, 120_000)
        return performance.now() - begun
      },
      floor: async () => Promise.resolve(spacingMs),
      [Symbol.asyncDispose]: async () => scene[Symbol.asyncDispose](),
    }
  },
}

export const figures: readonly Figure[] = [behind]
