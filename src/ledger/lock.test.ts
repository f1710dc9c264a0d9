import { once } from 'node:events'
import { hostname } from 'node:os'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { openLedger } from './ledger.ts'
import { LedgerLocked } from './lock.ts'
import { openLedgerReader } from './reader.ts'
import { secondProcess, temporaryLedger } from './test-support.ts'

const holdForEver = `const ledger = openLedger({ file, now: () => new Date('2026-11-23T08:00:00Z') })
console.log('holding')
setInterval(() => {}, 1000)`

test('a second writer in the same process is refused at once and the first goes on', () => {
  using given = temporaryLedger()
  expect(() => openLedger({ file: given.file })).toThrow(LedgerLocked)
  expect(() => openLedger({ file: given.file })).toThrow(LedgerLocked)
  expect(given.ledger.size()).toBe(0)
})

test('a second process is told who has the ledger, and gets it after kill -9 of the holder', async () => {
  using given = temporaryLedger()
  given.close()
  using holder = secondProcess(holdForEver, { file: given.file })
  await once(createInterface({ input: holder.child.stdout }), 'line')

  const refusal = refusalOf(() => openLedger({ file: given.file }))
  expect(refusal.holder).toEqual({ pid: holder.child.pid, host: hostname(), since: '2026-11-23T08:00:00.000Z' })
  expect(refusal.message).toContain(
    `in use by process ${holder.child.pid} on ${hostname()} since 2026-11-23T08:00:00.000Z`,
  )

  const gone = once(holder.child, 'close')
  holder.child.kill('SIGKILL')
  await gone
  using ledger = openLedger({ file: given.file })
  expect(ledger.size()).toBe(0)
})

test('another process stays out while this one reads, copies and fails to open the ledger twice', async () => {
  using given = temporaryLedger()
  // Each of these opens and closes files of the ledger, which must not give the lock away.
  openLedgerReader({ file: given.file })[Symbol.dispose]()
  expect(() => openLedger({ file: given.file })).toThrow(LedgerLocked)

  using other = secondProcess(
    `try { openLedger({ file }); console.log('opened') } catch (error) { console.log(error.name) }`,
    { file: given.file },
  )
  expect(await text(other.child.stdout)).toBe('LedgerLocked\n')
})

test('a reader needs no lock', async () => {
  using given = temporaryLedger()
  given.close()
  using holder = secondProcess(holdForEver, { file: given.file })
  await once(createInterface({ input: holder.child.stdout }), 'line')
  using reader = openLedgerReader({ file: given.file })
  expect(reader.size()).toBe(0)
})

test('closing gives the lock back', () => {
  using given = temporaryLedger()
  given.close()
  using ledger = openLedger({ file: given.file })
  expect(ledger.size()).toBe(0)
})

function refusalOf(open: () => unknown): LedgerLocked {
  try {
    open()
  } catch (error) {
    if (error instanceof LedgerLocked) return error
    throw error
  }
  throw new Error('it was not refused')
}
