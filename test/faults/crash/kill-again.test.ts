import { expect } from 'vitest'
import { fault } from '../harness/fault.ts'
import { comeBack, press } from './deaths.ts'

fault({
  id: 'F3',
  title: 'killed again and again in the middle of the same order',
  ci: 1,
  nightly: 17,
  variants: ['twice', 'three times', 'five times'],
  budgetMs: 60_000,
  async run(run) {
    const { world, variant, struck } = run
    const incident = await run.asked()
    const deaths = { twice: 2, 'three times': 3, 'five times': 5 }[variant] ?? 2
    const dying = world.program()
    world.kills.arm('before a change on Autentico is sent')
    await press(incident)
    await dying.ended
    for (let death = 2; death <= deaths; death += 1) {
      expect(world.kills.struck()).toBeDefined()
      world.kills.arm('before a change on Autentico is sent')
      // It may die before it can say that it is ready.
      const starting = await world.start().catch(() => undefined)
      await starting?.ended
    }
    if (world.kills.struck() !== undefined) struck()
    await comeBack(run, incident)
  },
})
