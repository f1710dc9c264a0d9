import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import type { Readable } from 'node:stream'
import Database from 'better-sqlite3'
import type { Draft, Entry } from './chain.ts'
import { type Ledger, openLedger } from './ledger.ts'

/** A fixed moment, so that hashes in tests are the same every day. */
export const at: string = '2026-11-23T09:00:00.000Z'

/** Who acts in these tests. */
export const ana: Draft['actor'] = { slack: { team: 'T0ACME', user: 'U0ANA' }, name: 'Ana Ruiz' }

/** A directory of its own, removed with everything in it. */
export function temporaryDirectory(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'ledger-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** An open ledger in a directory of its own; `close` may be called before the end, to open the file again. */
export function temporaryLedger(): {
  readonly file: string
  readonly ledger: Ledger
  readonly close: () => void
} & Disposable {
  const directory = temporaryDirectory()
  const file = join(directory.path, 'ledger.sqlite')
  const ledger = openLedger({ file })
  return {
    file,
    ledger,
    close: () => ledger[Symbol.dispose](),
    [Symbol.dispose]() {
      ledger[Symbol.dispose]()
      directory[Symbol.dispose]()
    },
  }
}

/** Appends `count` entries to one stream, one append each. */
export function fill(ledger: Ledger, count: number, incident = 'INC-1'): readonly Entry[] {
  return Array.from({ length: count }).flatMap((_, index) => {
    const expected = ledger.stream(incident).at(-1)?.seq ?? 0
    return ledger.append({ incident, expected, at, drafts: [{ type: 'NoteTaken', actor: ana, body: { index } }] })
  })
}

/** What someone with the file and SQLite can do to it: the triggers are off while `statements` run, and back afterwards. */
export function tamper(file: string, statements: string): void {
  const db = new Database(file)
  const triggers = db
    .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    .all()
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`)
  db.exec(statements)
  for (const { sql } of triggers) db.exec(sql)
  db.close()
}

/** A second Node process running `script` (JavaScript; `openLedger`, `follow` and `file` are there); killed when disposed. */
export function secondProcess(
  script: string,
  { file, limit }: { readonly file: string /** Largest file it may write, in KiB. */; readonly limit?: number },
): { readonly child: ChildProcessByStdio<null, Readable, null> } & Disposable {
  const whole = `
    const { openLedger } = await import(${JSON.stringify(new URL('./ledger.ts', import.meta.url))})
    const { follow } = await import(${JSON.stringify(new URL('./follow.ts', import.meta.url))})
    const file = ${JSON.stringify(file)}
    ${script}`
  const ulimit = limit === undefined ? '' : `ulimit -f ${limit}; `
  const shell = ['-c', `${ulimit}exec "$0" "$@"`, execPath, '--input-type=module', '-e', whole]
  const child = spawn('bash', shell, { stdio: ['ignore', 'pipe', 'inherit'] })
  return { child, [Symbol.dispose]: () => void child.kill('SIGKILL') }
}
