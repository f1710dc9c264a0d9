import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '#/ledger/test-support.ts'
import { exportPack } from '../cli/export-pack.ts'
import { fillDataDir } from './test-pack.ts'
import { unzipped } from './zip.ts'

// The commands of the document, run as they stand there with the system's own openssl and sha256sum.
const document = readFileSync(new URL('../../docs/ledger-format.md', import.meta.url), 'utf8')
const [ofNote = '', ofPack = ''] = [...document.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block)
const [, note = '', vkey = ''] = [...document.matchAll(/```(?:json|text)\n([\s\S]*?)```/g)].map(([, block]) => block)

let at: string
beforeAll(() => {
  const directory = temporaryDirectory()
  at = directory.path
  return () => directory[Symbol.dispose]()
})

function shell(commands: string, cwd: string): string {
  return execFileSync('bash', ['-euo', 'pipefail', '-c', commands], { cwd, encoding: 'utf8' })
}

test('openssl verifies the checkpoint of the document', () => {
  writeFileSync(join(at, 'note'), note)
  writeFileSync(join(at, 'vkey'), vkey)
  expect(shell(ofNote, at)).toBe('Signature Verified Successfully\n')
})

test('openssl does not verify it once a digit is another', () => {
  writeFileSync(join(at, 'note'), note.replace('\n3\n', '\n4\n'))
  writeFileSync(join(at, 'vkey'), vkey)
  expect(() => shell(`{ ${ofNote.trimEnd()}; } 2>&1`, at)).toThrow('Command failed')
})

test('openssl and sha256sum verify a pack after a key was replaced, and print the hashes of its entries', async () => {
  const directory = temporaryDirectory()
  onTestFinished(() => directory[Symbol.dispose]())
  const id = await fillDataDir(directory.path, { secret: 'something else' })
  const out = join(directory.path, 'pack.zip')
  await exportPack(id, { dataDir: directory.path, out })
  for (const [name, bytes] of unzipped(readFileSync(out))) {
    mkdirSync(dirname(join(directory.path, name)), { recursive: true })
    writeFileSync(join(directory.path, name), bytes)
  }
  const folder = join(directory.path, `${id}-evidence-pack`)
  const leaves = readFileSync(join(folder, 'leaves.txt'), 'utf8').trimEnd().split('\n')
  const shown = leaves.map((line) => line.split(' ')).filter(([, , stream]) => stream !== '-')
  expect(shell(ofPack, folder).trimEnd().split('\n')).toEqual([
    'Signature Verified Successfully',
    'Signature Verified Successfully',
    ...shown.map(([, hash]) => hash),
  ])
})
