import { until } from '#/drill/crew.ts'
import { fault } from '../harness/fault.ts'
import { comeBack, press } from './deaths.ts'

fault({
  id: 'F1',
  title: 'kill -9 after the effect on Autentico and before its answer',
  ci: 5,
  nightly: 100,
  async run(run) {
    const { world } = run
    const incident = await run.asked()
    const { control } = world.stage.autentico
    const path = `/admin/api/users/${incident.state().target.id}/revoke-sessions`
    control.fail({ method: 'POST', path, how: 'timeout-after-effect' })
    await incident.approve()
    await until(() => control.calls.find((call) => call.path === path && call.changed), 'the effect')
    await world.program().kill()
    run.struck()
    await comeBack(run, incident)
  },
})

fault({
  id: 'F1',
  title: 'kill -9 inside the append of a checkpoint',
  ci: 5,
  nightly: 100,
  async run(run) {
    const { world, struck, proves } = run
    const dying = world.program()
    // The first checkpoint is signed when an incident opens.
    world.kills.arm('inside the append of a checkpoint')
    const asked = run.asked()
    await dying.ended
    if (world.kills.struck() === dying.pid) struck()
    await world.start()
    const incident = await asked
    await incident.approve()
    await proves(incident)
    await incident.happens('CheckpointSigned')
  },
})

fault({
  id: 'F1',
  title: 'kill -9 while the start looks for what is left to do',
  ci: 5,
  nightly: 100,
  async run(run) {
    const { world, struck } = run
    const incident = await run.asked()
    world.kills.arm('after the ledger took an approval')
    const dying = world.program()
    await press(incident)
    await dying.ended
    world.kills.arm('while an order is looked up in the queue')
    const starting = await world.start().catch(() => undefined) // It may die before it can say that it is ready.
    await starting?.ended
    if (world.kills.struck() !== undefined) struck()
    await comeBack(run, incident)
  },
})
