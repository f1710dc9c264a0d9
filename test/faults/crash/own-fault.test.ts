import { expect } from 'vitest'
import { until } from '#/drill/crew.ts'
import { fault } from '../harness/fault.ts'
import { comeBack, press } from './deaths.ts'

fault({
  id: 'F5',
  title: 'a fault of our own in the middle of a click',
  ci: 1,
  nightly: 25,
  variants: ['throw', 'throw-later', 'reject', 'exhaust', 'kill'],
  async run(run) {
    const { world, struck } = run
    const blow = run.variant as 'throw' | 'throw-later' | 'reject' | 'exhaust' | 'kill'
    const incident = await run.asked()
    if (blow === 'exhaust') {
      await world.program().stop()
      await world.start({ NODE_OPTIONS: '--max-old-space-size=96' })
    }
    const program = world.program()
    world.kills.arm('inside the append of an approval', blow)
    await press(incident)
    await until(() => world.kills.struck(), 'the fault')
    struck()
    if (blow === 'throw') {
      // Nothing was recorded, the person was told, and the program lives.
      await incident.as('bao').toldAlone(/./)
      await incident.approve()
      await run.proves(incident)
      expect(program.isOver()).toBe(false)
      return
    }
    await program.ended
    await comeBack(run, incident)
  },
})
