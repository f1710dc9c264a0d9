import { once } from 'node:events'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import Database from 'better-sqlite3'
import { describe, expect, test, vi } from 'vitest'
import { PositionConflict } from './append.ts'
import { link, NotRecordable, verifyChain } from './chain.ts'
import { LedgerWriteFailed, openLedger } from './ledger.ts'
import { rootOf } from './merkle.ts'
import { openLedgerReader, readerOf } from './reader.ts'
import { LedgerDamaged, LedgerUnusable, openForWriting } from './schema.ts'
import { ana, at, fill, secondProcess, tamper, temporaryDirectory, temporaryLedger } from './test-support.ts'
import { verifyLedger } from './verify.ts'

const note = (body: string) => ({ type: 'NoteTaken', actor: ana, body })

describe('appending', () => {
  test('what was appended is read back as it was, chained over all incidents', () => {
    using given = temporaryLedger()
    const { ledger } = given
    const opened = ledger.append({ incident: 'INC-1', expected: 0, at, drafts: [note('one'), note('two')] })
    ledger.append({
      incident: 'INC-2',
      expected: 0,
      at,
      drafts: [{ type: 'Noted', actor: null, body: { a: [1, -0.5, 'é'] } }],
    })

    const all = ledger.read({ after: 0, limit: 10 })
    expect(all.slice(0, 2)).toEqual(opened)
    expect(all.map(({ seq, incident }) => [seq, incident])).toEqual([
      [1, 'INC-1'],
      [2, 'INC-1'],
      [3, 'INC-2'],
    ])
    expect(all[2]?.body).toEqual({ a: [1, -0.5, 'é'] })
    expect(verifyChain(all)).toEqual([])
    expect(ledger.head()).toEqual({ seq: 3, hash: all[2]?.hash })
  })

  test('a writer who has not seen the last entry of the stream is refused and adds nothing', () => {
    using given = temporaryLedger()
    const { ledger } = given
    ledger.append({ incident: 'INC-1', expected: 0, at, drafts: [note('first')] })
    ledger.append({ incident: 'INC-2', expected: 0, at, drafts: [note('elsewhere')] })

    const late = () => ledger.append({ incident: 'INC-1', expected: 0, at, drafts: [note('late')] })
    expect(late).toThrow(PositionConflict)
    expect(late).toThrow('INC-1 is at entry 1, not 0')
    expect(ledger.size()).toBe(2)
    // Entries of other incidents in between are no conflict.
    expect(ledger.append({ incident: 'INC-1', expected: 1, at, drafts: [note('second')] })[0]?.seq).toBe(3)
  })

  test('all drafts are recorded or none', () => {
    using given = temporaryLedger()
    const { ledger } = given
    const half = [note('fine'), note('half a character \ud800')]
    expect(() => ledger.append({ incident: 'INC-1', expected: 0, at, drafts: half })).toThrow(NotRecordable)
    expect(ledger.size()).toBe(0)
    expect(ledger.append({ incident: 'INC-1', expected: 0, at, drafts: [note('again')] })).toHaveLength(1)
  })

  test('after an append that came to nothing, chain and tree go on from what is there', async () => {
    using given = temporaryLedger()
    const { ledger, file } = given
    fill(ledger, 3)
    const half = [note('fine'), note('half a character \ud800')]
    expect(() => ledger.append({ incident: 'INC-1', expected: 3, at, drafts: half })).toThrow(NotRecordable)
    expect(() => ledger.append({ incident: 'INC-1', expected: 1, at, drafts: half })).toThrow(PositionConflict)
    fill(ledger, 2)
    expect(await verifyLedger({ file })).toMatchObject({ ok: true, entries: 5 })
  })

  test('somebody who writes beside the lock forks nothing: an append is refused, and the next goes on behind theirs', async () => {
    using given = temporaryLedger()
    const { ledger, file } = given
    fill(ledger, 3)
    {
      using closing = new DisposableStack()
      const db = closing.adopt(new Database(file), (open) => void open.close())
      const row = link(ledger.head(), { incident: 'INC-1', at, ...note('theirs') })
      db.prepare('INSERT INTO entry VALUES (@seq, @incident, @at, @type, @actor, @body, @previous, @hash)').run(row)
    }
    expect(() => ledger.append({ incident: 'INC-1', expected: 3, at, drafts: [note('ours')] })).toThrow(
      LedgerWriteFailed,
    )
    expect(() => ledger.append({ incident: 'INC-1', expected: 3, at, drafts: [note('ours')] })).toThrow(
      PositionConflict,
    )
    expect(ledger.append({ incident: 'INC-1', expected: 4, at, drafts: [note('ours')] })[0]?.seq).toBe(5)
    expect(ledger.read({ after: 2, limit: 9 }).map(({ seq }) => seq)).toEqual([3, 4, 5])
    expect(await verifyLedger({ file })).toMatchObject({ ok: true, entries: 5 })
  })

  test('a stream that was not written to for long is known all the same', () => {
    using given = temporaryLedger()
    const { ledger } = given
    const drafts = [note('first')]
    for (let n = 1; n <= 1_002; n += 1) ledger.append({ incident: `INC-${n}`, expected: 0, at, drafts })
    expect(() => ledger.append({ incident: 'INC-1', expected: 0, at, drafts })).toThrow('INC-1 is at entry 1, not 0')
    expect(ledger.append({ incident: 'INC-1', expected: 1, at, drafts })[0]?.seq).toBe(1_003)
  })

  test('appends wake their listeners until they leave', async () => {
    using given = temporaryLedger()
    const woken = vi.fn<() => void>()
    const leave = given.ledger.onAppend(woken)
    fill(given.ledger, 1)
    await vi.waitFor(() => expect(woken).toHaveBeenCalledTimes(1))
    leave()
    fill(given.ledger, 1)
    given.ledger.append({ incident: 'INC-9', expected: 0, at, drafts: [] })
    await Promise.resolve()
    expect(woken).toHaveBeenCalledTimes(1)
  })
})

describe('the file refuses', () => {
  const copy = 'SELECT seq, incident, at, type, actor, body, previous, hash FROM entry WHERE seq = 1'
  test.for([
    ['a change', "UPDATE entry SET body = '{}' WHERE seq = 1"],
    ['a removal', 'DELETE FROM entry WHERE seq = 1'],
    [
      'INSERT OR REPLACE over a number',
      `INSERT OR REPLACE INTO entry SELECT seq, incident, at, type, actor, '{}', previous, 'x' FROM (${copy})`,
    ],
    [
      'INSERT OR REPLACE over a hash',
      `INSERT OR REPLACE INTO entry SELECT 99, incident, at, type, actor, '{}', previous, hash FROM (${copy})`,
    ],
    ['REPLACE', `REPLACE INTO entry ${copy}`],
    ['an upsert', `INSERT INTO entry ${copy} ON CONFLICT (seq) DO UPDATE SET body = '{}'`],
    ['UPDATE OR REPLACE', 'UPDATE OR REPLACE entry SET seq = 2 WHERE seq = 1'],
  ])('%s', ([, statement]) => {
    using given = temporaryLedger()
    fill(given.ledger, 2)
    const before = given.ledger.read({ after: 0, limit: 9 })
    using closing = new DisposableStack()
    const db = closing.adopt(new Database(given.file), (open) => void open.close())
    expect(() => db.exec(statement ?? '')).toThrow('the ledger is append-only')
    expect(given.ledger.read({ after: 0, limit: 9 })).toEqual(before)
  })
})

describe('reading', () => {
  test('streams are found by the types they hold and do not hold', () => {
    using given = temporaryLedger()
    const { ledger } = given
    const add = (incident: string, type: string) =>
      ledger.append({
        incident,
        expected: ledger.stream(incident).at(-1)?.seq ?? 0,
        at,
        drafts: [{ type, actor: ana, body: null }],
      })
    for (const incident of ['INC-1', 'INC-2', 'INC-10']) add(incident, 'IncidentOpened')
    add('settings', 'RosterRead')
    add('INC-2', 'IncidentClosed')

    expect(ledger.streams({ having: 'IncidentOpened' })).toEqual(['INC-1', 'INC-2', 'INC-10'])
    expect(ledger.streams({ having: 'IncidentOpened', without: 'IncidentClosed' })).toEqual(['INC-1', 'INC-10'])
    expect(ledger.latestStreams({ having: 'IncidentOpened', limit: 2 })).toEqual(['INC-10', 'INC-2'])
    expect(ledger.streamCount({ having: 'IncidentOpened', without: 'IncidentClosed' })).toBe(2)
    expect(ledger.streamCount({ having: 'Nothing' })).toBe(0)
  })

  test('no question about streams reads the whole table', () => {
    using given = temporaryLedger()
    using closing = new DisposableStack()
    const db = closing.adopt(new Database(given.file), (open) => void open.close())
    const prepared = vi.spyOn(db, 'prepare')
    readerOf(db)
    const questions = prepared.mock.calls.map(([sql]) => sql).filter((sql) => /WHERE (type|incident) =/.test(sql))
    expect(questions).toHaveLength(5)

    for (const question of questions) {
      const steps = db.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${question.replaceAll('?', '1')}`).all()
      expect(steps.some(({ detail }) => /SEARCH .* USING .*INDEX entry_by_/.test(detail))).toBe(true)
      expect(steps.filter(({ detail }) => /SCAN (entry|held)/.test(detail))).toEqual([])
    }
  })

  test('a range, one entry, and the rest of a stream', () => {
    using given = temporaryLedger()
    const { ledger } = given
    const entries = fill(ledger, 5)
    expect(ledger.read({ after: 1, limit: 2 })).toEqual(entries.slice(1, 3))
    expect(ledger.entry(4)).toEqual(entries[3])
    expect(ledger.entry(6)).toBeUndefined()
    expect(ledger.stream('INC-1', 3)).toEqual(entries.slice(3))
    expect(ledger.stream('INC-2')).toEqual([])
  })

  test('a tally counts entries of a type, all of them or those behind one, and names the last', () => {
    using given = temporaryLedger()
    const { ledger } = given
    fill(ledger, 3)
    const refused = { type: 'ClickRefused', actor: ana, body: {} }
    ledger.append({ incident: 'INC-1', expected: 3, at, drafts: [refused, refused] })
    const types = ['NoteTaken', 'ClickRefused', 'ForgeryRefused']
    expect([...ledger.tally(types)]).toEqual([
      ['NoteTaken', { count: 3, last: 3 }],
      ['ClickRefused', { count: 2, last: 5 }],
      ['ForgeryRefused', { count: 0, last: 0 }],
    ])
    expect(ledger.tally(types, 4).get('ClickRefused')).toEqual({ count: 1, last: 5 })
    expect(ledger.tally(types, 4).get('NoteTaken')).toEqual({ count: 0, last: 0 })
  })

  test('to try the disk adds nothing to the record', () => {
    using given = temporaryLedger()
    fill(given.ledger, 1)
    const before = given.ledger.head()
    given.ledger.tryWriting()
    expect(given.ledger.head()).toEqual(before)
  })

  test('a reader beside the writer sees each append at once and cannot write', () => {
    using given = temporaryLedger()
    using reader = openLedgerReader({ file: given.file })
    expect(reader.head()).toBeUndefined()
    fill(given.ledger, 2)
    expect(reader.size()).toBe(2)
    expect(Object.hasOwn(reader, 'append')).toBe(false)
  })

  test('the Merkle tree of the past is the one of that time, kept or rebuilt', () => {
    using given = temporaryLedger()
    const { ledger } = given
    const roots = Array.from({ length: 9 }, () => {
      fill(ledger, 1)
      return rootOf(ledger.tree()).toString('hex')
    })
    expect(roots.map((_, index) => rootOf(ledger.tree(index + 1)).toString('hex'))).toEqual(roots)
    expect(() => ledger.tree(10)).toThrow(RangeError)
    expect(() => ledger.tree(-1)).toThrow(RangeError)

    tamper(given.file, 'DELETE FROM frontier')
    expect(rootOf(ledger.tree()).toString('hex')).toBe(roots.at(-1))
    fill(ledger, 1)
    expect(ledger.tree().size).toBe(10)
  })
})

describe('opening', () => {
  test('makes a private file in a private directory', () => {
    using directory = temporaryDirectory()
    const file = join(directory.path, 'data', 'ledger.sqlite')
    using ledger = openLedger({ file })
    fill(ledger, 1)
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700)
    for (const suffix of ['', '-wal', '-shm', '.lock', '.holder'])
      expect(statSync(file + suffix).mode & 0o777).toBe(0o600)
  })

  test('goes on where the last process stopped', () => {
    using given = temporaryLedger()
    fill(given.ledger, 3)
    given.close()
    using again = openLedger({ file: given.file })
    fill(again, 1)
    expect(verifyChain(again.read({ after: 0, limit: 9 }))).toEqual([])
    expect(again.size()).toBe(4)
  })

  test('refuses the file of a newer release, for writing and for reading', () => {
    using given = temporaryLedger()
    given.close()
    tamper(given.file, 'PRAGMA user_version = 99')
    expect(() => openLedger({ file: given.file })).toThrow(
      /has schema 99, this release knows up to 1: run the newer release/,
    )
    expect(() => openLedgerReader({ file: given.file })).toThrow(LedgerUnusable)
  })

  test('refuses what is not SQLite, and a reader refuses what is not there or not ours', () => {
    using directory = temporaryDirectory()
    const file = join(directory.path, 'ledger.sqlite')
    expect(() => openLedgerReader({ file })).toThrow('there is no ledger at')
    writeFileSync(file, 'not a database, but long enough to look at'.repeat(100))
    expect(() => openLedger({ file })).toThrow(/is damaged \(it is not a SQLite file\)/)
    expect(() => openLedger({ file })).toThrow(LedgerDamaged)
    const empty = join(directory.path, 'empty.sqlite')
    writeFileSync(empty, '')
    expect(() => openLedgerReader({ file: empty })).toThrow(/older schema/)
  })

  test.for([
    ['an edited end', `UPDATE entry SET body = '{"index":7}' WHERE seq = 100`, 'entry 100: hash does not match'],
    ['a gap near the end', 'DELETE FROM entry WHERE seq = 98', 'entry 99: the entry should have number 98'],
    ['a cut end', 'DELETE FROM entry WHERE seq > 97', 'there were 100 entries and there are 97'],
    ['a body that is not JSON', "UPDATE entry SET body = '{' WHERE seq = 100", 'entry 100: body is not canonical'],
  ])('refuses to write on after %s', ([, statement = '', message = '']) => {
    using given = temporaryLedger()
    fill(given.ledger, 100)
    given.close()
    tamper(given.file, statement)
    expect(() => openLedger({ file: given.file })).toThrow(message)
    expect(() => openLedger({ file: given.file })).toThrow(LedgerDamaged)
  })

  test('a failed opening leaves the lock free', () => {
    using given = temporaryLedger()
    fill(given.ledger, 1)
    given.close()
    tamper(given.file, 'UPDATE entry SET type = type || 1')
    expect(() => openLedger({ file: given.file })).toThrow(LedgerUnusable)
    tamper(given.file, "UPDATE entry SET type = 'NoteTaken'")
    using again = openLedger({ file: given.file })
    expect(again.size()).toBe(1)
  })
})

describe('backing up', () => {
  test('copies a ledger in use to a private file that opens as a ledger', async () => {
    using given = temporaryLedger()
    using directory = temporaryDirectory()
    const target = join(directory.path, 'copy.sqlite')
    fill(given.ledger, 50)
    const copying = given.ledger.backup(target)
    fill(given.ledger, 5)
    await copying

    expect(statSync(target).mode & 0o777).toBe(0o600)
    expect(existsSync(`${target}.partial`)).toBe(false)
    using copy = openLedger({ file: target })
    expect(copy.size()).toBeGreaterThanOrEqual(50)
    expect(verifyChain(copy.read({ after: 0, limit: 99 }))).toEqual([])
  })

  test('never overwrites', async () => {
    using given = temporaryLedger()
    await expect(given.ledger.backup(given.file)).rejects.toThrow('a backup never overwrites')
    const directory = `${given.file}-taken`
    mkdirSync(directory)
    await expect(given.ledger.backup(directory)).rejects.toThrow('a backup never overwrites')
  })
})

describe('when the machine fails', () => {
  test('kill -9 in the middle of appending loses no acknowledged entry and breaks no chain', async () => {
    using given = temporaryLedger()
    given.close()
    for (const round of [1, 2, 3]) {
      using writer = secondProcess(
        `const ledger = openLedger({ file })
        let expected = ledger.stream('INC-1').at(-1)?.seq ?? 0
        const fs = await import('node:fs')
        for (;;) {
          const entries = ledger.append({ incident: 'INC-1', expected, at: '${at}', drafts: [1, 2].map((n) => ({ type: 'NoteTaken', actor: null, body: n })) })
          expected = entries.at(-1).seq
          fs.writeSync(1, expected + '\\n') // the acknowledgement
        }`,
        { file: given.file },
      )
      const gone = once(writer.child, 'close')
      let acknowledged = 0
      let seen = 0
      for await (const line of createInterface({ input: writer.child.stdout })) {
        acknowledged = Number(line)
        seen += 1
        if (seen === 40 * round) writer.child.kill('SIGKILL')
      }
      await gone

      using ledger = openLedger({ file: given.file })
      expect(acknowledged).toBeGreaterThan(0)
      expect(ledger.size()).toBeGreaterThanOrEqual(acknowledged)
      expect(ledger.size() % 2).toBe(0) // both drafts or none
      expect(verifyChain(ledger.read({ after: 0, limit: 1e6 }))).toEqual([])
    }
  })

  test('a disk that takes no more says so, and what was acknowledged is still there', async () => {
    using given = temporaryLedger()
    given.close()
    using writer = secondProcess(
      `const ledger = openLedger({ file })
      let expected = 0
      const failures = []
      for (let n = 0; n < 500 && failures.length < 3; n += 1) {
        try {
          expected = ledger.append({ incident: 'INC-1', expected, at: '${at}', drafts: [{ type: 'NoteTaken', actor: null, body: 'x'.repeat(5000) }] })[0].seq
        } catch (error) {
          failures.push({ name: error.name, message: error.message })
        }
      }
      console.log(JSON.stringify({ expected, size: ledger.size(), failures }))`,
      { file: given.file, limit: 400 },
    )
    const { expected, size, failures } = JSON.parse(await text(writer.child.stdout)) as {
      expected: number
      size: number
      failures: { name: string; message: string }[]
    }
    expect(size).toBe(expected)
    expect(failures.map(({ name }) => name)).toEqual(Array.from({ length: 3 }, () => 'LedgerWriteFailed'))
    expect(failures[0]?.message).toMatch(/^nothing was recorded: .* could not be written \(SQLITE_(IOERR_WRITE|FULL)/)

    using ledger = openLedger({ file: given.file })
    expect(ledger.size()).toBe(expected)
    expect(verifyChain(ledger.read({ after: 0, limit: 1e6 }))).toEqual([])
  })
})

test('every commit is synchronised to the disk, although the library would not', () => {
  using given = temporaryLedger()
  given.close()
  using closing = new DisposableStack()
  const db = closing.adopt(openForWriting(given.file), (open) => void open.close())
  const full = 2
  expect(db.pragma('synchronous', { simple: true })).toBe(full)
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
})
