import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execPath } from 'node:process'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '#/ledger/test-support.ts'
import { fillDataDir, hostile } from '#/pack/test-pack.ts'
import { unzipped } from '#/pack/zip.ts'
import { run } from './test-run.ts'

const secret = 'the other incident says this'

/** A data directory with two incidents, and a way to run commands over it. */
async function given({ forged = false }: { readonly forged?: boolean } = {}) {
  const directory = temporaryDirectory()
  onTestFinished(() => directory[Symbol.dispose]())
  const dataDir = directory.path
  const id = await fillDataDir(dataDir, { secret, forged })
  return {
    dataDir,
    id,
    run: async (...args: readonly string[]) => run(args, { DATA_DIR: dataDir }),
    zip: join(dataDir, 'out.zip'),
  }
}

function filesIn(zip: string): ReadonlyMap<string, string> {
  return new Map([...unzipped(readFileSync(zip))].map(([name, bytes]) => [name, Buffer.from(bytes).toString('utf8')]))
}

/** Unpacks a zip the way an auditor does, into a folder beside it, and gives the pack's folder. */
function unpack(zip: string): string {
  const folder = `${zip}.unpacked`
  for (const [name, text] of unzipped(readFileSync(zip))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return join(folder, readdirSync(folder)[0] ?? '')
}

function runVerifier(
  folder: string,
  ...args: readonly string[]
): { readonly code: number | null; readonly out: string } {
  const { status, stdout, stderr } = spawnSync(execPath, ['verify.mjs', ...args], { cwd: folder, encoding: 'utf8' })
  return { code: status, out: stdout + stderr }
}

test('a pack holds by itself, by our verifier and by the one in it', async () => {
  const { run, zip } = await given()
  expect(await run('export', 'INC-1', '--out', zip)).toMatchObject({ code: 0, err: '' })
  const ours = await run('verify', zip)
  expect(ours).toMatchObject({ code: 0, out: expect.stringContaining('pack verified: ') as string })
  const theirs = runVerifier(unpack(zip))
  expect(theirs).toMatchObject({ code: 0, out: expect.stringContaining('pack verified\n') as string })
})

test('the same state of the ledger gives the same bytes, in every time zone', async () => {
  const { run, zip, dataDir } = await given()
  const again = join(dataDir, 'again.zip')
  await run('export', 'INC-1', '--out', zip)
  const script = `
    const { exportPack } = await import(${JSON.stringify(new URL('./export-pack.ts', import.meta.url))})
    await exportPack('INC-1', { dataDir: ${JSON.stringify(dataDir)}, out: ${JSON.stringify(again)} })`
  spawnSync(execPath, ['--input-type=module', '-e', script], { env: { ...process.env, TZ: 'Pacific/Kiritimati' } })
  expect(readFileSync(again).equals(readFileSync(zip))).toBe(true)
})

test('of another incident a pack holds no word, only hashes', async () => {
  const { run, zip } = await given()
  await run('export', 'INC-1', '--out', zip)
  const files = [...filesIn(zip)]
  expect(files.filter(([, text]) => text.includes(secret) || text.includes('bobby'))).toEqual([])
  const leaves = filesIn(zip).get('INC-1-evidence-pack/leaves.txt') ?? ''
  expect(leaves.split('\n').filter((line) => line.endsWith(' -')).length).toBeGreaterThan(3)
})

test('what people typed is text on the page, which loads nothing', async () => {
  const { run, zip } = await given()
  await run('export', 'INC-1', '--out', zip)
  const page = filesIn(zip).get('INC-1-evidence-pack/timeline.html') ?? ''
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(page).not.toContain(hostile)
  expect(page.match(/<(?:script|img|link|iframe|object)\b|<[^>]*\s(?:src|href|on\w+)=|url\(/g)).toBeNull()
  expect(page).toMatch(/<svg .*<circle .*<title>#1 2026-11-23 03:00:00 UTC @ana opened/)
})

test('the audit log that evidence recorded stands in a table', async () => {
  const { run, zip } = await given()
  await run('export', 'INC-1', '--out', zip)
  const table = filesIn(zip).get('INC-1-evidence-pack/autentico-audit.csv') ?? ''
  expect(table).toMatch(/^,,9m4e2mr0ui3e8a215n50,session_revoked,bot,.*,evidence [0-9a-f]{12} of entry \d+$/m)
})

test('evidence that is gone is said, missing in the pack, and found by both verifiers', async () => {
  const { run, zip, dataDir } = await given()
  for (const name of readdirSync(join(dataDir, 'evidence')).slice(0, 1)) rmSync(join(dataDir, 'evidence', name))
  const { code, err } = await run('export', 'INC-1', '--out', zip)
  expect([code, err]).toEqual([1, expect.stringMatching(/^Evidence [0-9a-f]{64}, which entry \d+ names, is not in/)])
  expect((await run('verify', zip)).out).toMatch(/entry \d+: evidence [0-9a-f]{64} is missing/)
  expect(runVerifier(unpack(zip)).out).toMatch(/entry \d+: evidence [0-9a-f]{64} is missing/)
})

test('what was signed at a terminal with another key than the registered one is found by both', async () => {
  const { run, zip } = await given({ forged: true })
  await run('export', 'INC-1', '--out', zip)
  const finding = /entry \d+: the signature made at a terminal does not hold/
  expect((await run('verify', zip)).out).toMatch(finding)
  expect(runVerifier(unpack(zip)).out).toMatch(finding)
})

test('the key and a checkpoint that were kept elsewhere are held against the pack by both', async () => {
  const [one, other] = [await given(), await given()]
  await one.run('export', 'INC-1', '--out', one.zip)
  await other.run('export', 'INC-1', '--out', other.zip)
  const [folder, strange] = [unpack(one.zip), unpack(other.zip)]
  const firstKey = readFileSync(join(folder, 'first-key.txt'), 'utf8').trim()
  const strangeKey = readFileSync(join(strange, 'first-key.txt'), 'utf8').trim()
  const note = join(strange, 'checkpoint.txt')

  expect((await one.run('verify', one.zip, join(folder, 'checkpoint.txt'), '--key', firstKey)).code).toBe(0)
  expect(runVerifier(folder, '--key', firstKey, join(folder, 'checkpoint.txt')).code).toBe(0)
  for (const args of [['--key', strangeKey], [note]]) {
    expect((await one.run('verify', one.zip, ...args)).code).toBe(1)
    expect(runVerifier(folder, ...args).code).toBe(1)
  }
})

test('an export never overwrites, and leaves nothing half done behind', async () => {
  const { run, zip, dataDir } = await given()
  await run('export', 'INC-1', '--out', zip)
  const before = readFileSync(zip)
  expect(await run('export', 'INC-1', '--out', zip)).toMatchObject({ code: 2 })
  expect(readFileSync(zip).equals(before)).toBe(true)
  expect([statSync(zip).mode & 0o777, existsSync(`${zip}.partial`)]).toEqual([0o600, false])
  expect(await run('export', 'INC-9', '--out', join(dataDir, 'none.zip'))).toMatchObject({ code: 1 })
})

test('what is no zip file, or no pack, is told as such', async () => {
  const { run, dataDir } = await given()
  const file = join(dataDir, 'x.zip')
  writeFileSync(file, 'not a zip')
  expect(await run('verify', file)).toMatchObject({
    code: 1,
    out: expect.stringContaining('cannot be read as a zip') as string,
  })
})
