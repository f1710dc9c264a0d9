import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { fault, type Run } from '../harness/fault.ts'
import { askedWhenHealed, slowRevoking } from './orders.ts'

const second = 1_000

/** Redis hangs for a while in mid-order; another step is approved meanwhile. */
async function hangs(run: Run, ms: number): Promise<void> {
  const { world, struck, proves, succeeds } = run
  const incident = await askedWhenHealed(run)
  const other = await askedWhenHealed(run)
  slowRevoking(world, incident.username)
  await incident.approve()
  await incident.happens('WorkStarted')
  world.stage.redis.freeze()
  struck()
  const frozen = pause(ms)
  // The local Slack gives an acknowledgement three seconds, as the real one does.
  await succeeds(async () => other.approve())
  await frozen
  world.stage.redis.thaw()
  await proves(incident)
  await proves(other)
  await succeeds(() => {
    for (const one of [incident, other]) expect(one.entries('StepDone')).toHaveLength(1)
  })
}

fault({
  id: 'F10',
  title: 'Redis hangs, also for longer than a worker holds an order: people are answered, and nothing is done twice',
  ci: 1,
  nightly: 16,
  variants: ['1 s', '4 s', '8 s'],
  run: async (run) => hangs(run, Number.parseInt(run.variant, 10) * second),
})

fault({
  id: 'F10',
  title: 'Redis hangs for a minute',
  ci: 0,
  nightly: 2,
  budgetMs: 60_000,
  run: async (run) => hangs(run, 60 * second),
})
