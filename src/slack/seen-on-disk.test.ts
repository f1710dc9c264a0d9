import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { seenOnDisk } from './seen-on-disk.ts'

const key = `v0=${'a'.repeat(64)}`
const other = `v0=${'b'.repeat(64)}`

function place(): string {
  const dir = mkdtempSync(join(tmpdir(), 'responder-seen-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return join(dir, 'data', 'accepted-requests.sqlite')
}

/** A log that keeps what was said. */
function listening() {
  const said: string[] = []
  const say = (_fields: object, message: string) => void said.push(message)
  return { said, info: say, warn: say, error: say }
}

test('what was accepted is known after a restart, until its time is over', () => {
  const file = place()
  const log = listening()
  {
    using seen = seenOnDisk({ file, now: () => 1_000, log })
    seen.add(key, 5_000)
    seen.add(other, 9_000)
    expect([seen.has(key), seen.has(other), seen.has('v0=c')]).toEqual([true, true, false])
  }
  using later = seenOnDisk({ file, now: () => 6_000, log })
  expect([later.has(key), later.has(other)]).toEqual([false, true])
  expect(statSync(file).mode & 0o077).toBe(0)
  expect(log.said).toEqual([])
})

test('one that still has it open does not keep another from seeing what it wrote, as after a kill', () => {
  const file = place()
  using killed = seenOnDisk({ file, now: () => 1_000, log: listening() })
  killed.add(key, 5_000)
  using next = seenOnDisk({ file, now: () => 2_000, log: listening() })
  expect(next.has(key)).toBe(true)
})

test('a file that is damaged is begun anew, and that is said', () => {
  const file = place()
  seenOnDisk({ file, now: () => 1_000, log: listening() })[Symbol.dispose]()
  writeFileSync(file, 'this is no database, and it is longer than the head of one would have to be. '.repeat(20))
  const log = listening()
  using seen = seenOnDisk({ file, now: () => 1_000, log })
  seen.add(key, 5_000)
  expect(seen.has(key)).toBe(true)
  expect(log.said).toEqual([expect.stringContaining('begun anew')])
})

test('a disk that takes nothing leaves the memory, and it is said once', () => {
  const file = place()
  const log = listening()
  const seen = seenOnDisk({ file, now: () => 1_000, log })
  // A closed file takes nothing either, whoever runs this.
  seen[Symbol.dispose]()
  seen.add(key, 5_000)
  seen.add(other, 5_000)
  expect([seen.has(key), seen.has(other)]).toEqual([true, true])
  expect(log.said).toEqual([expect.stringContaining('in memory only')])
})
