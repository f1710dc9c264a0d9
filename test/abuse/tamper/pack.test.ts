import { spawnSync } from 'node:child_process'
import { createHash, type KeyObject } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execPath } from 'node:process'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exportPack } from '#/cli/export-pack.ts'
import { signNote } from '#/ledger/note.ts'
import { temporaryDirectory } from '#/ledger/test-support.ts'
import { manifestHead, manifestText, packFiles } from '#/pack/layout.ts'
import { fillDataDir } from '#/pack/test-pack.ts'
import { verifyPack } from '#/pack/verify-pack.ts'
import { unzipped } from '#/pack/zip.ts'
import { readPrivateKey } from '#/work/keys.ts'

// Every kind of change to an evidence pack, by somebody who only has the pack, and by somebody who has the ledger's key too and signs a
// new manifest. Our verifier and the one in the pack, which share no code, have to agree on all of them.

type Files = ReadonlyMap<string, Buffer>
type Verdict = { readonly ok: boolean; readonly seqs: readonly number[] }

const folder = 'INC-1-evidence-pack/'
const directory = temporaryDirectory()
/** The untouched pack, its names without the folder. */
let pack: Files = new Map()
let key: KeyObject
/** The verifier as it is in the source: an auditor does not run the one of a pack they doubt. */
const verifier = readFileSync(new URL('../../../src/pack/verify.mjs', import.meta.url))

beforeAll(async () => {
  const dataDir = directory.path
  const id = await fillDataDir(dataDir, { secret: 'something else' })
  const out = join(dataDir, 'pack.zip')
  await exportPack(id, { dataDir, out })
  key = readPrivateKey(join(dataDir, 'keys', 'ledger.pem'), 'ed25519').privateKey
  pack = new Map(
    [...unzipped(readFileSync(out))].map(([name, bytes]) => [name.slice(folder.length), Buffer.from(bytes)]),
  )
})

afterAll(() => directory[Symbol.dispose]())

function ours(files: Files): Verdict {
  const { ok, problems } = verifyPack(new Map([...files].map(([name, bytes]) => [`${folder}${name}`, bytes])))
  return { ok, seqs: [...new Set(problems.flatMap(({ seq }) => seq ?? []))].toSorted((one, other) => one - other) }
}

function theirs(files: Files): Verdict & { readonly out: string } {
  const at = mkdtempSync(join(directory.path, 'unpacked-'))
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(at, name)), { recursive: true })
    writeFileSync(join(at, name), bytes)
  }
  // Run as it is in the source, over the files as they are in the pack.
  const runner = `${at}-runner.mjs`
  writeFileSync(
    runner,
    verifier.toString('utf8').replaceAll('import.meta.url', JSON.stringify(`file://${at}/verify.mjs`)),
  )
  const { status, stdout, stderr } = spawnSync(execPath, [runner], { encoding: 'utf8' })
  rmSync(at, { recursive: true, force: true })
  rmSync(runner)
  const seqs = new Set([...stdout.matchAll(/^entry (\d+): /gm)].map(([, seq]) => Number(seq)))
  expect(stderr).toBe('')
  return { ok: status === 0, seqs: [...seqs].toSorted((one, other) => one - other), out: stdout }
}

/** Both say no, and name the same entries, unless a whole file is not there or cannot be read. */
function expectFound(files: Files): readonly number[] {
  const [one, other] = [ours(files), theirs(files)]
  const readable = !other.out.includes('the pack cannot be read')
  expect({ ok: other.ok, seqs: readable ? other.seqs : one.seqs }).toEqual(one)
  expect(one.ok).toBe(false)
  return one.seqs
}

function changed(name: string, change: (bytes: Buffer) => Buffer | undefined): Files {
  const files = new Map(pack)
  const bytes = change(pack.get(name) ?? Buffer.alloc(0))
  if (bytes === undefined) files.delete(name)
  else files.set(name, bytes)
  return files
}

/** What whoever holds the ledger's key can do: a manifest over the files as they are now. */
function resigned(files: Files): Files {
  const manifest = files.get(packFiles.manifest)?.toString('utf8') ?? ''
  const head = manifestHead(manifest)
  if (head === undefined) throw new Error('the manifest has no head')
  const digests = [...files]
    .filter(([name]) => name !== packFiles.manifest)
    .map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')] as const)
  const note = signNote(manifestText(head, digests), { name: head.ledger, key })
  return new Map([...files, [packFiles.manifest, Buffer.from(note)]])
}

test('untouched, both find nothing', () => {
  expect(ours(pack)).toEqual({ ok: true, seqs: [] })
  expect(theirs(pack)).toMatchObject({ ok: true, seqs: [] })
  expect(theirs(resigned(pack))).toMatchObject({ ok: true, seqs: [] })
})

type Change = { readonly what: string; readonly apply: (bytes: Buffer) => Buffer | undefined }

const nat = fc.nat(1_000_000)
const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(nat, fc.nat(7)).map(([place, bit]) => ({
    what: `bit ${bit} at ${place} flipped`,
    apply: (bytes: Buffer) => flipped(bytes, place, bit),
  })),
  nat.map((place) => ({
    what: `cut at ${place}`,
    apply: (bytes: Buffer) => bytes.subarray(0, place % Math.max(1, bytes.length - 1)),
  })),
  nat.map((line) => ({
    what: `line ${line} taken out`,
    apply: (bytes: Buffer) => lines(bytes, (all) => all.toSpliced(line % all.length, 1)),
  })),
  nat.map((line) => ({
    what: `line ${line} twice`,
    apply: (bytes: Buffer) => lines(bytes, (all) => all.toSpliced(line % all.length, 0, all[line % all.length] ?? '')),
  })),
  fc.tuple(nat, nat).map(([one, other]) => ({
    what: `lines ${one} and ${other} swapped`,
    apply: (bytes: Buffer) => lines(bytes, (all) => swapped(all, one % all.length, other % all.length)),
  })),
  fc.constant({
    what: 'something added at the end',
    apply: (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('more\n')]),
  }),
  fc.constant({ what: 'the file removed', apply: () => undefined }),
)

function flipped(bytes: Buffer, place: number, bit: number): Buffer {
  const copy = Buffer.from(bytes)
  const index = place % copy.length
  copy[index] = (copy[index] ?? 0) ^ (1 << bit)
  return copy
}

function lines(bytes: Buffer, change: (all: readonly string[]) => readonly string[]): Buffer {
  return Buffer.from(`${change(bytes.toString('utf8').split('\n').slice(0, -1)).join('\n')}\n`)
}

function swapped(all: readonly string[], one: number, other: number): readonly string[] {
  return all.length === 0 ? all : all.with(one, all[other] ?? '').with(other, all[one] ?? '')
}

/** Copying loses the newline at the end of a note, which is not signed. */
function isSame(before: Buffer | undefined, after: Buffer | undefined): boolean {
  return before?.toString('latin1').trimEnd() === after?.toString('latin1').trimEnd()
}

test('any change of any file of a pack is found by both', () => {
  fc.assert(
    fc.property(nat, changes, (which, { apply }) => {
      const names = [...pack.keys()]
      const name = names[which % names.length] ?? ''
      const files = changed(name, apply)
      fc.pre(!isSame(pack.get(name), files.get(name)))
      expectFound(files)
    }),
    { seed: 20_261_126, numRuns: 40 },
  )
})

test('any change of what the record is made of is found by both, also with a manifest that the key has signed anew', () => {
  fc.assert(
    fc.property(nat, changes, (which, { apply }) => {
      const names = [...pack.keys()].filter(
        (name) =>
          name.startsWith('evidence/') ||
          name === packFiles.entries ||
          name === packFiles.leaves ||
          name === packFiles.checkpoint,
      )
      const name = names[which % names.length] ?? ''
      const files = changed(name, apply)
      fc.pre(!isSame(pack.get(name), files.get(name)))
      expectFound(resigned(files))
    }),
    { seed: 20_261_127, numRuns: 40 },
  )
})

test.for<readonly [string, (text: string) => string]>([
  ['what was said', (text) => text.replace('After the key was replaced', 'Before the key was replaced')],
  ['who said it', (text) => text.replace(/("name":")[a-z]+("[^\n]*After the key)/, '$1eve$2')],
  ['when', (text) => text.replace(/("at":"2026-11-23T03:00:0)0(\.000Z"[^\n]*After the key)/, '$11$2')],
  ['the spelling', (text) => text.replace(/,("at":[^\n]*After the key)/, ', $1')],
  ['a name twice', (text) => text.replace(/,("at":[^\n]*After the key)/, ',"at":"2026-11-23T03:00:00.000Z",$1')],
])('an entry that differs by %s is named by both', ([, change]) => {
  const seq = entryWith('After the key was replaced')
  const files = changed(packFiles.entries, (bytes) => Buffer.from(change(bytes.toString('utf8'))))
  expect(files.get(packFiles.entries)?.equals(pack.get(packFiles.entries) ?? Buffer.alloc(0))).toBe(false)
  expect(expectFound(files)).toContain(seq)
  expect(expectFound(resigned(files))).toContain(seq)
})

test('an entry that is left out, and the rotation of a key that is, are named by both', () => {
  for (const words of ['After the key was replaced', 'signedByOld']) {
    const seq = entryWith(words)
    const without = (bytes: Buffer) => lines(bytes, (all) => all.filter((line) => !line.includes(words)))
    expect(expectFound(resigned(changed(packFiles.entries, without)))).toContain(seq)
  }
})

test.for([
  ['beside the others', 'more.txt'],
  ['as evidence', `evidence/${createHash('sha256').update('x').digest('hex')}.json`],
  ['in a folder of its own', 'folder/more.txt'],
])('a file added %s is found by both', ([, name = '']) => {
  expectFound(new Map([...pack, [name, Buffer.from('x')]]))
})

test('evidence that belongs to no entry is found by both although the key has signed for it', () => {
  const name = `evidence/${createHash('sha256').update('x').digest('hex')}.json`
  expectFound(resigned(new Map([...pack, [name, Buffer.from('x')]])))
})

function entryWith(words: string): number {
  const line =
    pack
      .get(packFiles.entries)
      ?.toString('utf8')
      .split('\n')
      .find((one) => one.includes(words)) ?? '{}'
  return (JSON.parse(line) as { readonly seq: number }).seq
}
