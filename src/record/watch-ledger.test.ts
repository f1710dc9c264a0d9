import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Ledger, LedgerWriteFailed, openLedger } from '#/ledger/ledger.ts'
import { type LedgerWatch, type LedgerWatchOptions, watchLedger } from './watch-ledger.ts'

const at = '2026-11-24T03:00:00.000Z'
const hour = 3_600_000

type Watched = { readonly ledger: Ledger; readonly file: string; readonly dataDir: string; readonly said: string[] }

function place(): Watched & { readonly watch: (options?: Partial<LedgerWatchOptions>) => LedgerWatch } {
  const dataDir = mkdtempSync(join(tmpdir(), 'responder-watch-'))
  const file = join(dataDir, 'ledger.sqlite')
  const ledger = openLedger({ file })
  const said: string[] = []
  const say = (_fields: object, message: string) => void said.push(message)
  const closing = new AsyncDisposableStack()
  onTestFinished(async () => {
    await closing.disposeAsync()
    ledger[Symbol.dispose]()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const log = { error: say, info: say }
  const watch = (options: Partial<LedgerWatchOptions> = {}) =>
    closing.use(watchLedger({ ledger, dataDir, everyMs: hour, log, ...options }))
  return { ledger, file, dataDir, said, watch }
}

function add(ledger: Ledger, count: number): void {
  for (let n = 0; n < count; n += 1) {
    const drafts = [{ type: 'NoteAdded', actor: null, body: { n } }]
    ledger.append({ incident: 'INC-1', expected: ledger.size(), at, drafts })
  }
}

function harm(file: string, sql: string): void {
  const db = new SQLite(file)
  db.exec(`DROP TRIGGER entry_no_update; ${sql}`)
  db.close()
}

test('the ledger is verified from the start on, and then what is new', async () => {
  const { ledger, said, watch } = place()
  const watching = watch({ everyMs: 50 })
  await vi.waitFor(() => expect(watching.verified()).toMatchObject({ ok: true, seq: 0 }), 10_000)
  add(ledger, 3)
  await vi.waitFor(() => expect(watching.verified()).toMatchObject({ ok: true, seq: 3 }), 10_000)
  add(ledger, 2)
  await vi.waitFor(() => expect(watching.verified()).toMatchObject({ ok: true, seq: 5 }), 10_000)
  expect(said).toEqual([])
})

test('what is altered in the middle is found, said, and not forgotten when more is recorded', async () => {
  const { ledger, file, said, watch } = place()
  add(ledger, 3)
  harm(file, `UPDATE entry SET body = '{"n":7}' WHERE seq = 2`)
  const watching = watch({ everyMs: 50 })
  await vi.waitFor(() => expect(watching.verified()?.ok).toBe(false), 10_000)
  expect(watching.verified()?.seq).toBe(0)
  expect(watching.verified()?.problem).toMatch(/^entry 2: hash does not match/)
  add(ledger, 1)
  expect(await watching.verifyNow()).toMatchObject({ ok: false, entries: 4 })
  expect(watching.verified()?.ok).toBe(false)
  expect(said.filter((one) => one.includes('damaged'))).not.toEqual([])
})

test('what somebody asks for is the whole ledger, by itself, and the program goes on meanwhile', async () => {
  const { ledger, watch } = place()
  add(ledger, 200)
  const watching = watch()
  let turns = 0
  const turning = setInterval(() => (turns += 1), 1)
  const both = await Promise.all([watching.verifyNow(), watching.verifyNow()])
  clearInterval(turning)
  expect(both).toMatchObject([
    { ok: true, entries: 200 },
    { ok: true, entries: 200 },
  ])
  expect(turns).toBeGreaterThan(5)
})

test('a disk that takes nothing is noticed, said once, and so is that it takes again', async () => {
  const { said, watch } = place()
  let full = true
  let tries = 0
  const tryWriting = (): void => {
    tries += 1
    if (full)
      throw new LedgerWriteFailed('ledger.sqlite', new SQLite.SqliteError('database or disk is full', 'SQLITE_FULL'))
  }
  const watching = watch({ ledger: { size: () => 0, tryWriting }, tryEveryMs: 5 })
  await vi.waitFor(() => expect(watching.trouble()).toMatchObject({ why: 'SQLITE_FULL' }))
  const since = watching.trouble()?.since
  const sofar = tries
  await vi.waitFor(() => expect(tries).toBeGreaterThan(sofar + 2))
  expect(watching.trouble()?.since).toBe(since)
  full = false
  await vi.waitFor(() => expect(watching.trouble()).toBeUndefined())
  expect(said).toEqual([expect.stringContaining('cannot be written'), expect.stringContaining('can be written again')])
})

test('a verification in its thread opens and closes the file, and a second bot still finds it locked', async () => {
  const { ledger, file, watch } = place()
  add(ledger, 20)
  await watch().verifyNow()
  const module = join(import.meta.dirname, '../ledger/ledger.ts')
  const other = `import { openLedger } from ${JSON.stringify(module)}
    try { openLedger({ file: ${JSON.stringify(file)} }); console.log('opened') } catch (error) { console.log(error.name) }`
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', other], { encoding: 'utf8' })
  expect(said.trim()).toBe('LedgerLocked')
  // And this process writes on.
  add(ledger, 1)
  expect(ledger.size()).toBe(21)
})

test('stopping does not wait for a verification under way', async () => {
  const { ledger, watch } = place()
  add(ledger, 50)
  const watching = watch()
  const asked = watching.verifyNow()
  asked.catch(() => undefined)
  await watching[Symbol.asyncDispose]()
  await expect(asked).rejects.toThrow(/ended|abort/)
})
