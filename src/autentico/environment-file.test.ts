import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { changeEnvironment, environmentProblem, readEnvironment, restoreEnvironment } from './environment-file.ts'

let folder: string
let file: string
const now = new Date('2026-11-23T03:31:12.345Z')
const old = '# Autentico\r\nAUTENTICO_PRIVATE_KEY="old-secret" # keep\r\nAUTENTICO_JWK_CERT_KEY_ID=key-1\r\n'

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'autentico-environment-'))
  file = join(folder, '.env')
  writeFileSync(file, old, { mode: 0o640 })
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const change = async (set: Readonly<Record<string, string>>, path = file) => changeEnvironment({ file: path, set, now })

test('what the file says can be asked for', async () => {
  const values = await readEnvironment(file)
  expect(values.valueOf('AUTENTICO_PRIVATE_KEY')).toBe('old-secret')
  expect(values.valueOf('AUTENTICO_CSRF_SECRET_KEY')).toBeUndefined()
})

test('a change keeps everything else, the mode, and a backup that only its owner may read', async () => {
  const changed = await change({ AUTENTICO_PRIVATE_KEY: 'bmV3', AUTENTICO_JWK_CERT_KEY_ID: 'key-1' })
  expect(changed).toEqual({
    kind: 'changed',
    backup: `${file}.before-20261123T033112Z`,
    names: ['AUTENTICO_PRIVATE_KEY'],
  })
  expect(readFileSync(file, 'utf8')).toBe(old.replace('"old-secret"', 'bmV3'))
  expect(statSync(file).mode & 0o777).toBe(0o640)
  const backup = `${file}.before-20261123T033112Z`
  expect(readFileSync(backup, 'utf8')).toBe(old)
  expect(statSync(backup).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder).toSorted()).toEqual(['.env', '.env.before-20261123T033112Z'])
})

test('the same values again change nothing, not even the backups', async () => {
  await change({ AUTENTICO_PRIVATE_KEY: 'bmV3' })
  const before = statSync(file, { bigint: true })
  expect(await change({ AUTENTICO_PRIVATE_KEY: 'bmV3' })).toEqual({ kind: 'unchanged' })
  expect(statSync(file, { bigint: true })).toMatchObject({ ino: before.ino, mtimeNs: before.mtimeNs })
  expect(readdirSync(folder)).toHaveLength(2)
})

test('two changes in one second keep two backups, and each can be gone back to, twice', async () => {
  const first = await change({ AUTENTICO_JWK_CERT_KEY_ID: 'key-2' })
  const second = await change({ AUTENTICO_JWK_CERT_KEY_ID: 'key-3' })
  if (first.kind !== 'changed' || second.kind !== 'changed') throw new Error('nothing was changed')
  expect(second.backup).toBe(`${first.backup}-2`)

  expect(await restoreEnvironment(second.backup)).toBe('restored')
  expect((await readEnvironment(file)).valueOf('AUTENTICO_JWK_CERT_KEY_ID')).toBe('key-2')
  expect(await restoreEnvironment(first.backup)).toBe('restored')
  expect(await restoreEnvironment(first.backup)).toBe('already')
  expect(readFileSync(file, 'utf8')).toBe(old)
  expect(statSync(file).mode & 0o777).toBe(0o640)
})

test('what is not named like a backup restores nothing', async () => {
  await expect(restoreEnvironment(file)).rejects.toThrow('not named like a backup')
  await expect(restoreEnvironment(`${file}.before-20261123T033112Z`)).rejects.toThrow('does not exist')
})

test.runIf(process.getuid?.() === 0)('the file still belongs to whom it belonged, and the backup too', async () => {
  chownSync(file, 12_345, 54_321)
  const changed = await change({ AUTENTICO_JWK_CERT_KEY_ID: 'key-2' })
  expect(statSync(file)).toMatchObject({ uid: 12_345, gid: 54_321 })
  expect(changed.kind === 'changed' && statSync(changed.backup).uid).toBe(12_345)
})

test.runIf(process.getuid?.() === 0)('a file of another user is left alone by one who could not give it back', () => {
  // A process of its own: this one has to stay root to clean up.
  chmodSync(folder, 0o777)
  chmodSync(file, 0o644)
  const script = `
    import { changeEnvironment, environmentProblem } from ${JSON.stringify(join(import.meta.dirname, 'environment-file.ts'))}
    process.setgid(54321)
    process.setuid(54321)
    console.log(await environmentProblem(${JSON.stringify(file)}))
    await changeEnvironment({ file: ${JSON.stringify(file)}, set: { A: 'b' }, now: new Date() })
      .catch((error) => console.log(error.name + ': ' + error.message))`
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  expect(said).toMatch(
    /^The environment file .*run the worker as the same user\.\nEnvironmentUnusable: .*the same user/,
  )
  expect(readFileSync(file, 'utf8')).toBe(old)
  expect(readdirSync(folder)).toEqual(['.env'])
})

test('a link, a second name, a folder and a missing file are refused by name', async () => {
  const link = join(folder, 'link')
  symlinkSync(file, link)
  await expect(change({ A: 'b' }, link)).rejects.toThrow('symbolic link')
  await expect(change({ A: 'b' }, join(folder, 'missing'))).rejects.toThrow('does not exist')
  mkdirSync(join(folder, 'folder'))
  await expect(change({ A: 'b' }, join(folder, 'folder'))).rejects.toThrow('not a regular file')
  execFileSync('/usr/bin/env', ['mkfifo', join(folder, 'pipe')])
  await expect(change({ A: 'b' }, join(folder, 'pipe'))).rejects.toThrow('not a regular file')
  linkSync(file, join(folder, 'second'))
  await expect(change({ A: 'b' })).rejects.toMatchObject({ name: 'EnvironmentUnusable' })
  expect(readFileSync(file, 'utf8')).toBe(old)

  expect(await environmentProblem(link)).toContain('symbolic link')
  rmSync(join(folder, 'second'))
  expect(await environmentProblem(file)).toBeUndefined()
  writeFileSync(file, 'no assignment')
  expect(await environmentProblem(file)).toContain('line 1')
})

test('neither a value nor a line of the file is repeated in what is refused', async () => {
  await expect(change({ A: 'new-secret\nB=1' })).rejects.toThrow('the value for A has a line break')
  await expect(change({ A: 'new-secret\nB=1' })).rejects.not.toThrow('new-secret')
  writeFileSync(file, 'A=1\nold-secret is no assignment\n')
  await expect(change({ A: 'x' })).rejects.toThrow('line 2 is no assignment')
  await expect(change({ A: 'x' })).rejects.not.toThrow('old-secret')
})

test('of changes at the same time none is lost: each is made or refused', async () => {
  for (let round = 0; round < 20; round += 1) {
    writeFileSync(file, old)
    const wishes = Array.from({ length: 10 }, (_, index) => ({ [`NAME_${index}`]: 'new' }))
    const ends = await Promise.allSettled(wishes.map(async (set) => change(set)))
    const made = wishes.filter((_wish, index) => ends[index]?.status === 'fulfilled')
    const values = await readEnvironment(file)
    for (const [name, value] of made.flatMap((set) => Object.entries(set))) expect(values.valueOf(name)).toBe(value)
    expect(made.length).toBeGreaterThan(0)
    const backups = readdirSync(folder).filter((name) => name.includes('.before-'))
    expect(backups).toHaveLength(made.length)
    expect(readdirSync(folder)).toHaveLength(made.length + 1)
    for (const backup of backups) rmSync(join(folder, backup))
  }
})

test('what somebody else writes in the meantime is not lost', async () => {
  // The backup is named after the file has been read and before it is replaced.
  const meanwhile = Object.assign(new Date(now), {
    toISOString: () => {
      writeFileSync(file, 'A=by somebody else')
      return now.toISOString()
    },
  })
  const changing = changeEnvironment({ file, set: { A: 'b' }, now: meanwhile })
  await expect(changing).rejects.toThrow('somebody else has changed it')
  expect(readFileSync(file, 'utf8')).toBe('A=by somebody else')
  expect(readdirSync(folder)).toEqual(['.env'])
})

test('what a crash has left is in the way for a minute, and then no more', async () => {
  writeFileSync(`${file}.new`, 'half')
  await expect(change({ A: 'b' })).rejects.toThrow('somebody else is changing it now')
  expect(readFileSync(`${file}.new`, 'utf8')).toBe('half')
  const before = new Date(Date.now() - 61_000)
  utimesSync(`${file}.new`, before, before)
  expect(await change({ A: 'b' })).toMatchObject({ kind: 'changed' })
  expect(readdirSync(folder)).not.toContain('.env.new')
})

test('whoever reads meanwhile finds the old file or the new one', async () => {
  const values = Array.from({ length: 40 }, (_, index) => `key-${index}`)
  const seen = new Set<string>()
  const ending = new AbortController()
  const reading = (async () => {
    while (!ending.signal.aborted) {
      seen.add(readFileSync(file, 'utf8').includes('keep') ? 'whole' : 'half')
      await new Promise(setImmediate)
    }
  })()
  for (const value of values) await change({ AUTENTICO_JWK_CERT_KEY_ID: value })
  ending.abort()
  await reading
  expect([...seen]).toEqual(['whole'])
})
