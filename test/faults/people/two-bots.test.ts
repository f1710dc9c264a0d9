import { expect } from 'vitest'
import { changes } from '../../flows/machine/machine.ts'
import { type Case, responder } from '../../support/incident-flow.ts'
import { fault, type Run } from '../harness/fault.ts'

type Way = (run: Run, incident: Case) => Promise<void>

/** Each has two programs on one ledger and one Redis while a step is approved. */
const ways: Readonly<Record<string, Way>> = {
  async 'a second bot is started while the first is at work'({ world, struck }, incident) {
    const [second] = await Promise.all([responder(world.stage, 'start'), incident.approve()])
    expect(second).toMatchObject({ code: 2 })
    expect(second.err).toContain('only one bot may write to a ledger')
    struck()
  },
  async 'two more are started at the same moment'({ world, struck }, incident) {
    const [, ...others] = await Promise.all([
      incident.approve(),
      responder(world.stage, 'start'),
      responder(world.stage, 'start'),
    ])
    expect(others.map(({ code }) => code)).toEqual([2, 2])
    struck()
  },
  async 'the new release is started before the old has stopped, and again afterwards'({ world, struck }, incident) {
    const old = world.program()
    const [early] = await Promise.all([responder(world.stage, 'start'), incident.approve()])
    expect(early.code).toBe(2)
    await old.stop()
    struck()
    await world.start()
  },
  async 'the old one is killed, and two take its place'({ world, struck }, incident) {
    await incident.approve()
    await world.program().kill()
    struck()
    await world.start()
    expect(await responder(world.stage, 'start')).toMatchObject({ code: 2 })
  },
}

fault({
  id: 'F24',
  title: 'two bots want one ledger: one writes, the other says who does, and nothing is done twice',
  ci: 1,
  nightly: 40,
  variants: Object.keys(ways),
  async run(run) {
    const incident = await run.asked()
    await ways[run.variant]?.(run, incident)
    await run.proves(incident)
    // Whether the effect was had once, the harness looks at; a call that was cut off may have had none.
    await run.succeeds(() => expect(incident.entries('StepDone')).toHaveLength(1))
  },
})

fault({
  id: 'F24',
  title: 'two workers want one order: one does it',
  ci: 1,
  nightly: 40,
  world: { apart: true },
  async run({ asked, world, struck, proves, succeeds }) {
    const incidents = [await asked(), await asked()]
    await Promise.all(incidents.map(async (incident) => incident.approve()))
    struck()
    for (const incident of incidents) await proves(incident)
    await succeeds(() => {
      for (const { username, entries } of incidents) {
        expect(changes(world.stage, username, '/revoke-sessions')).toEqual([204])
        expect(entries('StepDone')).toHaveLength(1)
      }
    })
  },
})
