// Loaded before the program (`node --import`). It watches what the program does at its borders (the ledger's file, the queue, the
// network) and strikes the process when it gets to a point that was armed; a kill is SIGKILL: nothing is said, flushed or cleaned up.
import childProcess, { type ChildProcess } from 'node:child_process'
import diagnostics from 'node:diagnostics_channel'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import process from 'node:process'
import Database from 'better-sqlite3'
import { Queue } from 'bullmq'
import { WebSocket } from 'undici'

/**
 * What happens to the process: SIGKILL, SIGSTOP, an error thrown right there, an error thrown where nobody catches it, a promise
 * that nobody handles, or memory taken until there is none.
 */
export type Blow = 'kill' | 'freeze' | 'throw' | 'throw-later' | 'reject' | 'exhaust'

const ordersFile = process.env['KILL_AT_FILE'] ?? ''
const struckFile = process.env['STRUCK_FILE'] ?? ''

/** Reached `point`: is struck here if that is what was ordered, and otherwise goes on. */
function reached(point: string): void {
  const order = armed()
  if (order?.point !== point) return
  rmSync(ordersFile, { force: true })
  writeFileSync(struckFile, String(process.pid))
  strike(order.blow)
}

function armed(): { readonly point: string; readonly blow: Blow } | undefined {
  try {
    return JSON.parse(readFileSync(ordersFile, 'utf8')) as { readonly point: string; readonly blow: Blow }
  } catch {
    return undefined // Nothing is ordered.
  }
}

function strike(blow: Blow): void {
  if (blow === 'kill') process.kill(process.pid, 'SIGKILL')
  if (blow === 'freeze') process.kill(process.pid, 'SIGSTOP')
  if (blow === 'throw') throw new Error('a planted fault')
  if (blow === 'throw-later') {
    setImmediate(() => {
      throw new Error('a planted fault that nobody catches')
    })
  }
  if (blow === 'reject') void Promise.reject(new Error('a planted fault in a promise that nobody handles'))
  if (blow === 'exhaust') {
    const held: unknown[] = []
    for (;;) held.push(Array.from({ length: 100_000 }, (_, n) => ({ n })))
  }
}

/** When what runs now has run to its end: the transaction around a statement is committed then, and nothing has left the process. */
function after(point: string): void {
  queueMicrotask(() => reached(point))
}

watchStatements()
watchQueue()
watchSockets()
watchHttp()
watchEnvironment()

type Method = (...values: readonly unknown[]) => unknown
type Called = { readonly self: unknown; readonly values: readonly unknown[]; readonly go: () => unknown }

/** Stands around a method of every object of a class. */
function around(prototype: object, name: string, watch: (called: Called) => unknown): void {
  const original = Reflect.get(prototype, name) as Method
  function watched(this: unknown, ...values: readonly unknown[]): unknown {
    return watch({ self: this, values, go: () => Reflect.apply(original, this, values) })
  }
  Reflect.set(prototype, name, watched)
}

/** The ledger, the worker's journal and Autentico's database. */
function watchStatements(): void {
  const probe = new Database(':memory:')
  const statements = Object.getPrototypeOf(probe.prepare('SELECT 1')) as object
  probe.close()
  around(statements, 'run', ({ self, values, go }) => {
    const { source } = self as { readonly source: string }
    const isAutenticos = /^UPDATE (?:users|federation_providers) SET\b/.test(source)
    if (isAutenticos) reached('before Autentico’s database is changed')
    const done = go()
    if (isAutenticos) after('after Autentico’s database was changed')
    const said = JSON.stringify(values)
    if (/INSERT INTO entry\b/.test(source)) {
      if (said.includes('StepApproved')) {
        reached('inside the append of an approval')
        after('after the ledger took an approval')
      }
      if (said.includes('CheckpointSigned')) reached('inside the append of a checkpoint')
    }
    if (/INSERT INTO work\b/.test(source)) after('after a worker took an order')
    if (/INSERT INTO said\b/.test(source) && /kind\W+started\b/.test(said)) {
      after('after a worker said that it started')
    }
    if (/UPDATE work SET final\b/.test(source)) after('after the journal took the outcome')
    return done
  })
}

function watchQueue(): void {
  const names: Readonly<Record<string, string>> = { order: 'an order', outcome: 'an outcome' }
  around(Queue.prototype, 'add', async ({ values: [kind], go }) => {
    const what = names[typeof kind === 'string' ? kind : '']
    if (what === undefined) return go()
    reached(`before ${what} is put into the queue`)
    const added = await go()
    reached(`after ${what} was put into the queue`)
    return added
  })
  around(Queue.prototype, 'getJob', ({ go }) => {
    reached('while an order is looked up in the queue')
    return go()
  })
}

/** What Slack sends, and what is acknowledged. */
function watchSockets(): void {
  around(WebSocket.prototype, 'dispatchEvent', ({ values: [event], go }) => {
    const { data } = event as { readonly data?: unknown }
    if (typeof data === 'string' && data.includes('"type":"interactive"')) reached('when a click arrives')
    return go()
  })
  around(WebSocket.prototype, 'send', ({ values: [frame], go }) => {
    const isAck = typeof frame === 'string' && frame.includes('"envelope_id"')
    if (isAck) reached('before the acknowledgement')
    const sent = go()
    // The frame is with the kernel when the loop has turned.
    if (isAck) setTimeout(() => reached('after the acknowledgement'), 1)
    return sent
  })
}

/** Autentico's environment file, the keys that wait on a worker, and the command that restarts Autentico. */
function watchEnvironment(): void {
  around(files, 'rename', async ({ values: [, to], go }) => {
    const what = String(to).endsWith('.env')
      ? 'the environment file'
      : String(to).endsWith('.signing-key')
        ? 'a key'
        : undefined
    if (what === undefined) return go()
    reached(`before ${what} is put in place`)
    const done = await go()
    reached(`after ${what} was put in place`)
    return done
  })
  around(childProcess, 'spawn', ({ values, go }) => {
    if (!JSON.stringify(values[1]).includes('ask-restart')) return go()
    reached('before Autentico is restarted')
    const child = go() as ChildProcess
    child.once('exit', () => reached('after Autentico was restarted'))
    return child
  })
  syncBuiltinESMExports()
}

/** The calls on Autentico and Slack. */
function watchHttp(): void {
  type Message = { readonly request: { readonly method: string; readonly path: string } }
  const nameOf = ({ request: { method, path } }: Message): string | undefined => {
    if (method !== 'GET' && path.startsWith('/admin/api/')) return 'a change on Autentico'
    return path.endsWith('/chat.postMessage') ? 'a message to Slack' : undefined
  }
  diagnostics.subscribe('undici:request:create', (message) => {
    const name = nameOf(message as Message)
    if (name !== undefined) reached(`before ${name} is sent`)
  })
  diagnostics.subscribe('undici:request:headers', (message) => {
    const name = nameOf(message as Message)
    if (name !== undefined) reached(`after ${name} was answered`)
  })
}
