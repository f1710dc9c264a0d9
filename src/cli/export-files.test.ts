import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createIncidents } from '#/deciders/incidents.ts'
import type { EvidenceRef } from '#/incident/account.ts'
import { storeEvidence } from '#/ledger/evidence.ts'
import { openLedger } from '#/ledger/ledger.ts'
import { temporaryDirectory } from '#/ledger/test-support.ts'
import { standardPolicy } from '#/policy/policy.ts'
import { facts, opens, reports } from '../../test/support/stories.ts'
import { type Ran, run } from './test-run.ts'

const evidence: readonly (EvidenceRef & { readonly text: string })[] = ['sessions', 'affected-users.csv'].map(
  (name) => ({ name, text: `of ${name}`, digest: createHash('sha256').update(`of ${name}`).digest('hex') }),
)

/** A data directory with one incident and its evidence, and a folder to write to that is not there yet. */
async function exported(): Promise<{
  readonly dataDir: string
  readonly folder: string
  readonly run: (...args: readonly string[]) => Promise<Ran>
}> {
  const directory = temporaryDirectory()
  onTestFinished(() => directory[Symbol.dispose]())
  const dataDir = directory.path
  for (const { text } of evidence) await storeEvidence(join(dataDir, 'evidence'), Buffer.from(text))
  const ledger = openLedger({ file: join(dataDir, 'ledger.sqlite') })
  const rules = {
    policy: standardPolicy({ ttlMs: 60_000 }),
    sweepDelayMs: 60_000,
    legalDeadlineMs: 60_000,
  }
  const incidents = createIncidents({ ledger, rules, now: () => new Date() })
  const opened = incidents.execute('new', opens())
  if (opened.kind === 'refused') throw new Error(opened.sentence)
  const refs = evidence.map(({ name, digest }) => ({ name, digest }))
  const read = reports('snapshot', { kind: 'snapshot', facts: facts(), evidence: refs, warnings: [] })
  if (typeof read === 'function') incidents.execute(opened.incident.id, read(opened.incident))
  ledger[Symbol.dispose]()
  return {
    dataDir,
    folder: join(dataDir, 'out'),
    run: async (...args) => run(args, { DATA_DIR: dataDir }),
  }
}

test('every piece of evidence is a file of its own that only its owner reads, named by its entry and digest', async () => {
  const { folder, run } = await exported()
  const { code, out } = await run('export', '1', '--files', folder)
  const names = evidence.map(({ name, digest }) => {
    const [stem, ending = 'json'] = name.split('.')
    return `INC-1-3-${stem}-${digest.slice(0, 6)}.${ending}`
  })
  expect(code).toBe(0)
  expect(out.trim().split('\n')).toEqual(names.map((name) => join(folder, name)))
  expect(names.map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual(evidence.map(({ text }) => text))
  expect(names.map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600, 0o600])
  expect(statSync(folder).mode & 0o777).toBe(0o700)
})

test('nothing is overwritten, and then nothing is written at all', async () => {
  const { folder, run } = await exported()
  await run('export', 'INC-1', '--files', folder)
  const [first = '', second = ''] = readdirSync(folder)
  rmSync(join(folder, second))
  writeFileSync(join(folder, first), 'mine')
  const { code, err } = await run('export', 'INC-1', '--files', folder)
  expect([code, readdirSync(folder), readFileSync(join(folder, first), 'utf8')]).toEqual([2, [first], 'mine'])
  expect(err).toContain('never overwrites')
})

test('evidence that is gone or was altered is not written, and says so', async () => {
  const { dataDir, folder, run } = await exported()
  const [first, second] = evidence.map(({ digest }) => join(dataDir, 'evidence', digest))
  rmSync(first ?? '')
  writeFileSync(second ?? '', 'something else')
  const { code, out, err } = await run('export', 'INC-1', '--files', folder)
  expect([code, out, readdirSync(folder)]).toEqual([1, '', []])
  expect(err).toMatch(/sessions-.* was not written: entry #3 names it, but there is no evidence[^]*was altered/)
})

test('with a file for the text as well, both are written; an incident that is not there is said', async () => {
  const { dataDir, folder, run } = await exported()
  const text = join(dataDir, 'INC-1.md')
  expect((await run('export', 'INC-1', '--files', folder, '--out', text)).code).toBe(0)
  expect(readFileSync(text, 'utf8')).toContain('# INC-1')
  expect(readdirSync(folder)).toHaveLength(2)
  expect(await run('export', 'INC-9', '--files', folder)).toMatchObject({
    code: 1,
    err: expect.stringContaining('INC-9') as string,
  })
})
