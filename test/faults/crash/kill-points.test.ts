import { until } from '#/drill/crew.ts'
import type { Case } from '../../support/incident-flow.ts'
import { fault, type Run } from '../harness/fault.ts'

/** Points that are reached between the click on "Approve" and the end of its step. */
const onTheWay = [
  'when a click arrives',
  'inside the append of an approval',
  'after the ledger took an approval',
  'before the acknowledgement',
  'after the acknowledgement',
  'before an order is put into the queue',
  'after an order was put into the queue',
  'after a worker took an order',
  'after a worker said that it started',
  'before a change on Autentico is sent',
  'after a change on Autentico was answered',
  'after the journal took the outcome',
  'before an outcome is put into the queue',
  'after an outcome was put into the queue',
  'before a message to Slack is sent',
  'after a message to Slack was answered',
] as const

/** Presses "Approve". Whether the press was taken is another matter: the program may die of it. */
async function press(incident: Case): Promise<void> {
  const request = await incident.request()
  await incident.at('bao', request).press(/^Approve/)
}

/** Waits for the death, starts the program again, and presses once more where the first press was never recorded. */
async function comesBack({ world, struck, proves }: Run, incident: Case): Promise<void> {
  const dying = world.program()
  await press(incident)
  await dying.ended
  if (world.kills.struck()) struck()
  await world.start()
  // Who saw a warning in place of an answer presses again.
  if (incident.entries('StepApproved').length === 0) await incident.approve()
  await proves(incident)
}

fault({
  id: 'F1',
  title: 'kill -9 at each point between the click and the end of its step',
  ci: 5,
  nightly: 100,
  variants: onTheWay,
  async run(run) {
    const incident = await run.asked()
    run.world.kills.arm(run.variant)
    await comesBack(run, incident)
  },
})

fault({
  id: 'F1',
  title: 'kill -9 after the effect on Autentico and before its answer',
  ci: 5,
  nightly: 100,
  async run({ world, asked, struck, proves }) {
    const incident = await asked()
    const { control } = world.stage.autentico
    const path = `/admin/api/users/${incident.state().target.id}/revoke-sessions`
    control.fail({ method: 'POST', path, how: 'timeout-after-effect' })
    await incident.approve()
    await until(() => control.calls.find((call) => call.path === path && call.changed), 'the effect')
    await world.program().kill()
    struck()
    await world.start()
    await proves(incident)
  },
})
