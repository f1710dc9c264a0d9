import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { until, wordsOf } from '#/drill/crew.ts'
import { LedgerUnusable } from '#/ledger/schema.ts'
import { verifyLedger } from '#/ledger/verify.ts'
import { verifyDataDir } from '#/record/verify-data-dir.ts'
import { dataDirOf, entriesOf, responder } from '../../support/incident-flow.ts'
import { fault, type Run } from '../harness/fault.ts'
import { edit, harms, rowsIn } from './harm.ts'

fault({
  id: 'F28',
  title: 'a copy of a ledger that the program wrote is harmed: every change to an entry is found',
  ci: 10,
  nightly: 1_000,
  variants: Object.keys(harms),
  async run(run) {
    const { variant, seed, random, struck, succeeds, world } = run
    const harm = harms[variant]
    if (harm === undefined) throw new Error(`nothing is harmed by ${variant}`)
    const { whole, older, live, note } = await copies(run)
    const dir = join(world.stage.dir, `harmed-${seed}`)
    mkdirSync(dir)
    const file = join(dir, 'ledger.sqlite')
    copyFileSync(whole, file)
    harm.strike({ file, older, live, random })
    struck()
    await succeeds(async () => {
      const found = await findings(file, note, (await verifyDataDir(dataDirOf(world.stage))).vkey ?? '')
      if (harm.always) expect(found, 'nothing was found').not.toEqual([])
      // Free space may be harmed without harm: then every entry that was witnessed is there as it was.
      if (found.length === 0) expect(rowsIn(file)).toEqual(rowsIn(whole))
    })
    rmSync(dir, { recursive: true })
  },
})

fault({
  id: 'F28',
  title: 'the program starts over a harmed ledger: it reads, records nothing, says so, and works again from a backup',
  ci: 1,
  nightly: 20,
  variants: ['an edited row', 'an entry that is no JSON', 'the last entries removed'],
  async run({ variant, asked, world, struck, proves, succeeds, random, seed }) {
    const incident = await asked()
    await world.program().stop()
    const file = join(dataDirOf(world.stage), 'ledger.sqlite')
    const kept = join(world.stage.dir, `kept-${seed}-${variant.replaceAll(' ', '-')}.sqlite`)
    expect(await responder(world.stage, 'backup', kept)).toMatchObject({ code: 0 })
    const { lastSeq } = incident.state()
    const { channel } = incident.card()
    if (variant === 'an edited row')
      edit(file, `UPDATE entry SET at = '2026-01-01T00:00:00.000Z' WHERE seq = ${lastSeq}`)
    else if (variant === 'an entry that is no JSON') tear(file)
    else edit(file, `DELETE FROM entry WHERE seq > ${lastSeq - random.between(1, 3)}`)
    const told = (): number =>
      world.stage.slack
        .as('chi')
        .sees()
        .filter((message) => !message.ephemeral && wordsOf(message).includes('The ledger is damaged')).length
    const before = told()
    await world.start()
    struck()
    await succeeds(async () => {
      await until(() => (told() > before ? true : undefined), 'the channel to be told')
      const calls = world.stage.autentico.control.calls.filter(({ changed }) => changed).length
      await world.stage.slack.as('bao').command('/autentico list', { channel })
      expect(world.stage.autentico.control.calls.filter(({ changed }) => changed)).toHaveLength(calls)
    })
    await world.program().stop()
    for (const end of ['-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
    copyFileSync(kept, file)
    await world.start()
    await incident.approve()
    await proves(incident)
  },
})

function tear(file: string): void {
  const rows = rowsIn(file) ?? []
  const last = rows.at(-1)
  if (last === undefined) throw new Error('there is nothing to tear')
  edit(file, `UPDATE entry SET body = '{' WHERE seq = ${last.seq}`)
}

type Copies = { readonly whole: string; readonly older: string; readonly live: string; readonly note: string }

/** Made once in a world: an incident from its opening to its end, copied twice, and the checkpoint its thread has. */
async function copies(run: Run): Promise<Copies> {
  const { stage } = run.world
  const [whole, older] = ['whole.sqlite', 'older.sqlite'].map((name) => join(stage.dir, name)) as [string, string]
  if (!existsSync(whole)) {
    const incident = await run.asked()
    await incident.approve()
    await run.proves(incident)
    expect(await responder(stage, 'backup', older)).toMatchObject({ code: 0 })
    await incident.skipRest()
    await incident.untilSwept()
    await incident.close()
    await incident.happens('CheckpointSigned', ({ event }) => event.size >= incident.state().lastSeq - 1)
    expect(await responder(stage, 'backup', whole)).toMatchObject({ code: 0 })
  }
  const note = entriesOf(stage, 'INC-1', 'CheckpointSigned').at(-1)?.event.note ?? ''
  return { whole, older, live: join(dataDirOf(stage), 'ledger.sqlite'), note }
}

/** What a verification says, with the checkpoint that stands outside. */
async function findings(file: string, note: string, vkey: string): Promise<readonly string[]> {
  try {
    const { problems } = await verifyLedger({ file, checkpoints: [note], vkeys: [vkey] })
    return problems.map(({ what }) => what)
  } catch (error) {
    if (error instanceof LedgerUnusable) return [error.message]
    throw error
  }
}
