import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { fault, type Run } from '../harness/fault.ts'
import { askedWhenHealed, slowRevoking } from './orders.ts'

/** Redis dies at some moment while a step is under way, and comes back. */
async function diesAndComesBack(run: Run): Promise<void> {
  const { world, random, struck, proves } = run
  const incident = await askedWhenHealed(run)
  slowRevoking(world, incident.username)
  await incident.approve()
  await pause(random.between(0, 500))
  await world.stage.redis.kill()
  struck()
  await pause(random.between(0, 500))
  await world.stage.redis.restart()
  await proves(incident)
}

fault({
  id: 'F7',
  title: 'Redis that keeps its file is killed and comes back: nothing is lost, and nothing issued again',
  ci: 5,
  nightly: 100,
  world: { redis: { appendOnly: true } },
  async run(run) {
    await diesAndComesBack(run)
    await run.succeeds(() => {
      expect(run.world.lines().filter((line) => line.includes('it was gone from Redis'))).toEqual([])
    })
  },
})

fault({
  id: 'F8',
  title: 'Redis that keeps nothing is killed and comes back empty: what was approved is done all the same',
  ci: 5,
  nightly: 100,
  run: diesAndComesBack,
})
