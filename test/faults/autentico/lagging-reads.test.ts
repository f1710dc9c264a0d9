import { expect } from 'vitest'
import { liveSessions } from '../../flows/machine/machine.ts'
import { fault } from '../harness/fault.ts'
import { callsOf, spoil, tryAgain } from './spoiling.ts'

const notConfirmed =
  /^Autentico has accepted it, and what is read back does not confirm it yet\. Still there \(live session\): 1\./

fault({
  id: 'F16',
  title: 'Autentico says that it is done, and what is read back shows it later, or never',
  ci: 1,
  nightly: 17,
  variants: ['after 1 s', 'after 4 s', 'never'],
  async run(run) {
    const { world, variant, struck, proves, succeeds } = run
    const incident = await run.asked()
    const lagMs = { 'after 1 s': 1_000, 'after 4 s': 4_000 }[variant]
    spoil(run, incident, { how: { lagMs: lagMs ?? 3_600_000 } })
    await incident.approve()
    const waits = await incident.happens('WorkWaits', ({ event }) => notConfirmed.test(event.why))
    struck()
    // It is in the thread while it is so, and the step is neither done nor proven.
    await incident.as('ana').reads(/what is read back does not confirm it yet/)
    if (lagMs === undefined) {
      const done = await incident.happens('StepDone')
      expect(done.event.proven).toBe(false)
      expect(Date.parse(done.at) - Date.parse(waits.at)).toBeLessThan(30_000)
      expect(incident.step(1).status).toBe('unproven')
      await incident.as('ana').reads(/1 Revoke all sessions · done, not proven/)
      world.stage.autentico.control.heal()
      await tryAgain(incident)
    }
    await proves(incident)
    await succeeds(() => {
      expect(callsOf(run, incident).filter(({ changed }) => changed)).toHaveLength(1)
      expect(callsOf(run, incident)).toHaveLength(lagMs === undefined ? 2 : 1)
      expect(liveSessions(world.stage, incident.username)).toBe(0)
    })
  },
})
