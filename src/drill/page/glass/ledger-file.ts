import Database from 'better-sqlite3'
import type { GlassActs, LedgerFile } from '../wire.ts'

/** What a verification of the file found. */
export type Found = {
  readonly ok: boolean
  readonly entries: number
  readonly problems: readonly { readonly seq?: number; readonly what: string }[]
}

export type LedgerFileOptions = {
  readonly file: string
  /** Recomputes everything from the file, and asks the bot nothing. */
  readonly verify: () => Promise<Found>
  /** Told what was done to the file and what was found, for the log. */
  readonly noticed: (words: string, tone: 'plain' | 'good' | 'bad') => void
  /** Called after the answer has become another one. */
  readonly onChange: () => void
  readonly now?: () => Date
}

/**
 * The ledger's file, in the hands of an intruder on the bot's machine. A turn rejects with a sentence when it cannot be made; whoever asks
 * for what is so already changes nothing.
 */
export type LedgerFileTurns = {
  readonly ledgerFile: () => LedgerFile
  readonly turn: (to: GlassActs['ledger']['to']) => Promise<void>
}

type Tampering = {
  readonly seq: number
  readonly words: string
  readonly before: string
  readonly after: string
}

/** Nothing is changed until `turn` is called. Writes past the bot by a connection of its own, which no lock of the bot's hinders. */
export function createLedgerFile(options: LedgerFileOptions): LedgerFileTurns {
  const { file, noticed, onChange, now = () => new Date() } = options
  let tampering: Tampering | undefined
  let verified: LedgerFile['verified'] = null

  const tamper = (): void => {
    if (tampering !== undefined) return
    const made = withFile(file, (db) => {
      const chosen = choose(db)
      if (chosen !== undefined) exchange(db, chosen.seq, { from: chosen.before, to: chosen.after })
      return chosen
    })
    if (made === undefined)
      throw new Error('Nobody has done anything yet that could be changed: open an incident first.')
    tampering = made
    noticed(`One byte of entry #${made.seq} was changed in the ledger’s file: ${made.words}.`, 'bad')
  }
  const restore = (): void => {
    if (tampering === undefined) return
    const { seq, before, after } = tampering
    withFile(file, (db) => exchange(db, seq, { from: after, to: before }))
    tampering = undefined
    noticed(`The byte of entry #${seq} is back.`, 'good')
  }
  const verify = async (): Promise<void> => {
    const { ok, entries, problems } = await options.verify()
    const at = now().toISOString()
    const found = problems.map(({ seq = null, what }) => ({ seq, what }))
    verified = { at, ok, entries, problems: found }
    const [first] = found
    noticed(
      first === undefined
        ? `The ledger’s file was verified: ${entries} entries hold.`
        : `The ledger’s file was verified and does not hold: ${first.seq === null ? '' : `entry #${first.seq}: `}${first.what}.`,
      ok ? 'good' : 'bad',
    )
  }

  return {
    ledgerFile: () => ({
      tampered: tampering === undefined ? null : { seq: tampering.seq, words: tampering.words },
      verified,
    }),
    turn: async (to) => {
      try {
        if (to === 'verified') return await verify()
        // What was found before says nothing of what the file is now.
        verified = null
        if (to === 'tampered') tamper()
        else restore()
      } catch (error) {
        if (error instanceof Database.SqliteError)
          throw new Error(`The ledger’s file could not be changed: ${error.message}.`, { cause: error })
        throw error
      } finally {
        onChange()
      }
    },
  }
}

function withFile<T>(file: string, use: (db: Database.Database) => T): T {
  const db = new Database(file, { fileMustExist: true, timeout: 2_000 })
  try {
    return db.transaction(() => use(db)).immediate()
  } finally {
    db.close()
  }
}

type Row = { readonly seq: number; readonly at: string; readonly actor: string; readonly type: string }

/** The newest approval, or else the newest thing that a person did; and the last letter of that person's name, which becomes the next one. */
function choose(db: Database.Database): Tampering | undefined {
  const [row] = db
    .prepare<[], Row>(
      `SELECT seq, at, actor, type FROM entry WHERE json_extract(actor, '$.name') IS NOT NULL
       ORDER BY type = 'StepApproved' DESC, seq DESC LIMIT 1`,
    )
    .all()
  const name = /"name":"([^"\\]*[a-z0-9])"/.exec(row?.actor ?? '')?.[1]
  if (row === undefined || name === undefined) return undefined
  const last = name.slice(-1)
  const other = `${name.slice(0, -1)}${last === 'z' || last === '9' ? 'a' : String.fromCharCode(last.charCodeAt(0) + 1)}`
  const what = row.type === 'StepApproved' ? 'the approval' : 'what was done'
  return {
    seq: row.seq,
    words: `${what} at ${row.at.slice(11, 19)} UTC is by @${other} now, and was by @${name}`,
    before: row.actor,
    after: row.actor.replace(`"name":"${name}"`, `"name":"${other}"`),
  }
}

/** Takes away what keeps the table append-only, writes, and puts it back as it was: whoever can write the file can do that as well. */
function exchange(
  db: Database.Database,
  seq: number,
  { from, to }: { readonly from: string; readonly to: string },
): void {
  const guards = db
    .prepare<[], { readonly name: string; readonly sql: string }>(
      `SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'entry' AND sql LIKE '%BEFORE UPDATE%'`,
    )
    .all()
  for (const { name } of guards) db.exec(`DROP TRIGGER "${name}"`)
  const { changes } = db.prepare('UPDATE entry SET actor = ? WHERE seq = ? AND actor = ?').run(to, seq, from)
  for (const { sql } of guards) db.exec(sql)
  if (changes !== 1) throw new Error(`Entry #${seq} is not as it was left, so it was not changed.`)
}
