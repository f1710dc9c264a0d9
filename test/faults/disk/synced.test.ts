import { join } from 'node:path'
import { expect } from 'vitest'
import { dataDirOf, ledgerOf } from '../../support/incident-flow.ts'
import { fault } from '../harness/fault.ts'
import { countSyncs } from './refused-writes.ts'

fault({
  id: 'F27',
  title:
    'the kernel is asked to bring the ledger to the disk at least once for each commit, counted while the program runs',
  ci: 1,
  nightly: 20,
  async run({ asked, world, struck, proves, succeeds }) {
    const incident = await asked()
    const { lastSeq } = incident.state()
    await using syncs = await countSyncs(world.program().pid, join(dataDirOf(world.stage), 'ledger.sqlite-wal'))
    await incident.approve()
    await proves(incident)
    await succeeds(() => {
      using ledger = ledgerOf(world.stage)
      const entries = ledger.read({ after: lastSeq, limit: 1_000 })
      // Entries of one commit share their moment and their incident.
      const commits = new Set(entries.map(({ at, incident: stream }) => `${at} ${stream}`)).size
      if (commits > 0) struck()
      expect(syncs.count()).toBeGreaterThanOrEqual(commits)
    })
  },
})
