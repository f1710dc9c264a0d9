import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { fault } from '../harness/fault.ts'
import { comeBack, press } from './deaths.ts'

fault({
  id: 'F4',
  title: 'SIGTERM in the middle of a step',
  ci: 1,
  nightly: 40,
  variants: ['at once', 'a fast step', 'a slow step', 'longer than the grace', 'while it starts'],
  async run(run) {
    const { world, variant, random, struck, succeeds } = run
    const incident = await run.asked()
    const { control } = world.stage.autentico
    const path = `/admin/api/users/${incident.state().target.id}/revoke-sessions`
    const delayMs = { 'a fast step': 300, 'a slow step': 2_000, 'longer than the grace': 8_000 }[variant]
    if (delayMs !== undefined) control.fail({ method: 'POST', path, how: { delayMs } })
    await press(incident)
    if (delayMs === undefined) await pause(random.between(0, 50))
    else await incident.happens('WorkStarted')
    const stopping = world.program()
    const began = performance.now()
    await succeeds(async () => {
      expect(await stopping.stop()).toBe(0)
      // The supervisor's patience (systemd gives 90 s, Docker 10 s).
      expect(performance.now() - began).toBeLessThan(10_000)
      expect(stopping.lines.at(-1)).toContain('"msg":"stopped"')
    })
    struck()
    const callsAtTheEnd = control.calls.length
    if (variant === 'while it starts') {
      const starting = await world.start()
      await starting.stop()
    }
    // A program that has ended takes nothing more; what it had sent may still arrive.
    expect(control.calls.slice(callsAtTheEnd).filter(({ method }) => method === 'POST').length).toBeLessThanOrEqual(1)
    await comeBack(run, incident)
  },
})
