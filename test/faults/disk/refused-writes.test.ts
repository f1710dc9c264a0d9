import { join } from 'node:path'
import { expect } from 'vitest'
import { until } from '#/drill/crew.ts'
import { type Case, dataDirOf } from '../../support/incident-flow.ts'
import { fault, type Run } from '../harness/fault.ts'
import { refuseWrites } from './refused-writes.ts'
import { type SmallDisk, smallDisk } from './small-disk.ts'

/** The errors that a kernel answers a write with, by what brings them about. */
const errors: Readonly<Record<string, string>> = {
  'the disk is full': 'ENOSPC',
  'the disk is broken': 'EIO',
  'the quota is used up': 'EDQUOT',
  'the disk is read-only': 'EROFS',
}

fault({
  id: 'F26',
  title: 'no write to the ledger succeeds: nothing is done, who presses is told, and it goes on once there is space',
  ci: 1,
  nightly: 40,
  variants: Object.keys(errors),
  async run(run) {
    const { variant, asked, world, struck, proves } = run
    const incident = await asked()
    const ledger = join(dataDirOf(world.stage), 'ledger.sqlite')
    {
      await using refused = await refuseWrites(world.program().pid, errors[variant] ?? '', [ledger, `${ledger}-wal`])
      await pressAndBeTold(run, incident)
      if (refused.count() > 0) struck()
    }
    await incident.approve()
    await proves(incident)
  },
})

let disk: SmallDisk

fault({
  id: 'F26',
  title: 'a small disk is filled to its end: nothing is done, who presses is told, and it goes on once there is space',
  ci: 1,
  nightly: 20,
  world: {
    before: (stage, building) => {
      disk = building.use(smallDisk(dataDirOf(stage), '16m'))
      return Promise.resolve()
    },
  },
  async run(run) {
    const { asked, struck, proves } = run
    const incident = await asked()
    {
      using _full = disk.fill()
      struck()
      await pressAndBeTold(run, incident)
    }
    await incident.approve()
    await proves(incident)
  },
})

fault({
  id: 'F26',
  title:
    "no write to the worker's journal succeeds: nothing is changed that it does not remember, and it goes on once there is space",
  ci: 1,
  nightly: 20,
  async run({ asked, world, struck, proves, succeeds }) {
    const incident = await asked()
    const journal = join(dataDirOf(world.stage), 'worker', 'journal.sqlite')
    {
      await using refused = await refuseWrites(world.program().pid, 'ENOSPC', [journal, `${journal}-wal`])
      await incident.approve()
      await until(() => (refused.count() > 0 ? true : undefined), 'the journal to be written')
      struck()
      await succeeds(() => expect(changed(world, incident)).toBe(0))
    }
    await proves(incident)
  },
})

async function pressAndBeTold({ world, succeeds }: Run, incident: Case): Promise<void> {
  await succeeds(async () => {
    await incident.at('bao').press(/^Approve/)
    await incident.as('bao').toldAlone(/could not write this down .* nothing was done/)
    expect(incident.entries('StepApproved')).toEqual([])
    expect(changed(world, incident)).toBe(0)
  })
}

/** How many calls have changed the account of this incident. */
function changed({ stage }: Run['world'], incident: Case): number {
  const { id } = incident.state().target
  return stage.autentico.control.calls.filter((call) => call.changed && call.path.includes(id)).length
}
