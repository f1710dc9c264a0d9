import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { verifyLedger } from '#/ledger/verify.ts'
import { dataDirOf, responder } from '../../support/incident-flow.ts'
import { fault } from '../harness/fault.ts'
import { rowsIn } from './harm.ts'

fault({
  id: 'F29',
  title:
    'the ledger is backed up while people work: the copy verifies, and holds all that was acknowledged before it began',
  ci: 1,
  nightly: 25,
  async run({ asked, world, struck, proves, succeeds, seed }) {
    const incident = await asked()
    const copy = join(world.stage.dir, `during-${seed}.sqlite`)
    const acknowledged = incident.state().lastSeq
    const [backup] = await Promise.all([responder(world.stage, 'backup', copy), incident.approve()])
    struck()
    await proves(incident)
    await succeeds(async () => {
      expect(backup).toMatchObject({ code: 0 })
      expect(await verifyLedger({ file: copy })).toMatchObject({ ok: true })
      const rows = rowsIn(copy) ?? []
      expect(rows.length).toBeGreaterThanOrEqual(acknowledged)
      expect(rowsIn(join(dataDirOf(world.stage), 'ledger.sqlite'))?.slice(0, rows.length)).toEqual(rows)
    })
  },
})

fault({
  id: 'F29',
  title: 'the ledger is lost and restored from a backup: what was open goes on, nothing is done twice',
  ci: 1,
  nightly: 25,
  async run({ asked, world, struck, proves, succeeds, seed }) {
    const before = await asked()
    await before.approve()
    await proves(before)
    const incident = await asked()
    const copy = join(world.stage.dir, `kept-${seed}.sqlite`)
    const file = join(dataDirOf(world.stage), 'ledger.sqlite')
    await world.program().stop()
    expect(await responder(world.stage, 'backup', copy)).toMatchObject({ code: 0 })
    for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
    struck()
    copyFileSync(copy, file)
    await world.start()
    await incident.approve()
    await proves(incident)
    await succeeds(() => expect(before.entries('StepDone')).toHaveLength(1))
  },
})
