import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import SQLite from 'better-sqlite3'
import { type Entry, entryOf, link, type Row } from '#/ledger/chain.ts'
import type { Random } from '../harness/random.ts'

/** What is done to a copy of a ledger's file, and whether that always changes what the ledger says. */
export type Harm = { readonly always: boolean; readonly strike: (copy: Copy) => void }

/** A ledger's file that nobody uses, an older copy of it, and the files of the running program as they lay there. */
export type Copy = { readonly file: string; readonly older: string; readonly live: string; readonly random: Random }

const pageSize = 4096

export const harms: Readonly<Record<string, Harm>> = {
  'one bit': {
    always: false,
    strike({ file, random }) {
      const at = random.between(0, statSync(file).size - 1)
      put(file, at, Buffer.from([(readFileSync(file)[at] ?? 0) ^ (1 << random.between(0, 7))]))
    },
  },
  'a torn page': {
    always: false,
    strike({ file, random }) {
      const page = random.between(0, statSync(file).size / pageSize - 1)
      put(file, page * pageSize + pageSize / 2, random.bytes(pageSize / 2))
    },
  },
  'the end of the file cut off': {
    always: true,
    strike({ file, random }) {
      truncateSync(file, random.between(100, statSync(file).size - pageSize))
    },
  },
  'rows swapped': {
    always: true,
    strike({ file, random }) {
      const [one, other] = random.shuffled(numbersIn(file))
      edit(
        file,
        `UPDATE entry SET seq = -1 WHERE seq = ${one}; UPDATE entry SET seq = ${one} WHERE seq = ${other}; UPDATE entry SET seq = ${other} WHERE seq = -1`,
      )
    },
  },
  'an edited row': {
    always: true,
    strike({ file, random }) {
      edit(file, `UPDATE entry SET actor = '{"program":"mallory"}' WHERE seq = ${random.pick(numbersIn(file))}`)
    },
  },
  'an edited row, and its chain made again': {
    always: true,
    strike({ file, random }) {
      // The last checkpoint covers all but itself.
      const from = random.between(1, numbersIn(file).length - 2)
      const rows = rowsOf(file)
      const before = rows[from - 2]
      let head = before
      const forged = rows.slice(from - 1).map((row, n) => {
        const entry = entryOf(row)
        head = link(head, n === 0 ? { ...entry, actor: { program: 'mallory' } } : entry)
        return head
      })
      edit(file, `DELETE FROM entry WHERE seq >= ${from}; DELETE FROM frontier`, forged)
    },
  },
  'the last entries removed': {
    always: true,
    strike({ file, random }) {
      const { length } = numbersIn(file)
      edit(file, `DELETE FROM entry WHERE seq > ${length - random.between(2, length - 1)}; DELETE FROM frontier`)
    },
  },
  'an older copy in its place': {
    always: true,
    strike: ({ file, older }) => copyFileSync(older, file),
  },
  'a WAL that is cut off': {
    always: false,
    strike({ file, live, random }) {
      for (const end of ['', '-wal']) if (existsSync(`${live}${end}`)) copyFileSync(`${live}${end}`, `${file}${end}`)
      if (existsSync(`${file}-wal`)) truncateSync(`${file}-wal`, random.between(0, statSync(`${file}-wal`).size))
    },
  },
  'no -shm': {
    always: false,
    strike({ file, live }) {
      for (const end of ['', '-wal']) if (existsSync(`${live}${end}`)) copyFileSync(`${live}${end}`, `${file}${end}`)
      rmSync(`${file}-shm`, { force: true })
    },
  },
}

/** Every row of a ledger's file, read without our own reader. Undefined where SQLite cannot. */
export function rowsIn(file: string): readonly Row[] | undefined {
  try {
    return rowsOf(file)
  } catch {
    return undefined
  }
}

function rowsOf(file: string): readonly Row[] {
  const db = new SQLite(file)
  try {
    return db.prepare<[], Row>('SELECT * FROM entry ORDER BY seq').all()
  } finally {
    db.close()
  }
}

function numbersIn(file: string): readonly Entry['seq'][] {
  return rowsOf(file).map(({ seq }) => seq)
}

/** What somebody with the file can do to it, although the ledger forbids it: the triggers are back afterwards. */
export function edit(file: string, statements: string, rows: readonly Row[] = []): void {
  const db = new SQLite(file)
  try {
    const triggers = db
      .prepare<[], { readonly name: string; readonly sql: string }>(
        `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`,
      )
      .all()
    for (const { name } of triggers) db.exec(`DROP TRIGGER "${name}"`)
    db.exec(statements)
    const insert = db.prepare<[Row]>(
      'INSERT INTO entry (seq, incident, at, type, actor, body, previous, hash) VALUES (@seq, @incident, @at, @type, @actor, @body, @previous, @hash)',
    )
    for (const row of rows) insert.run(row)
    for (const { sql } of triggers) db.exec(sql)
  } finally {
    db.close()
  }
}

function put(file: string, at: number, bytes: Uint8Array): void {
  const open = openSync(file, 'r+')
  try {
    writeSync(open, bytes, 0, bytes.length, at)
  } finally {
    closeSync(open)
  }
}
