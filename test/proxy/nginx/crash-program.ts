// Applies a change and keeps it or takes it back, and dies by SIGKILL at one of its steps. A step is what it does to a file or how
// it starts a command: Node's own functions are counted, and what uses them knows nothing of it.
import childProcess from 'node:child_process'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import process from 'node:process'
import type { ProxySetup } from '#/proxy/apply.ts'
import type { Rendered } from '#/proxy/rendered.ts'

/** What the program is told to do, as JSON. `dieAt` is a step, counted from `from`. */
export type Errand = {
  readonly setup: Omit<ProxySetup, 'run' | 'now'>
  readonly rendered: Rendered
  readonly until: string
  readonly end: 'keep' | 'take back'
  readonly from: 'beginning' | 'end'
  readonly dieAt: number
}

const { setup, rendered, until, end, from, dieAt } = JSON.parse(process.argv[2] ?? '') as Errand
const steps = { counted: from === 'beginning', taken: 0 }

function step(): void {
  if (!steps.counted) return
  steps.taken += 1
  if (steps.taken === dieAt) process.kill(process.pid, 'SIGKILL')
}

/** Dies before the call, or has it done. */
function before(module: object, name: string, counts: (argument: unknown) => boolean): void {
  const original = Reflect.get(module, name) as (...values: readonly unknown[]) => unknown
  Reflect.set(module, name, (...values: readonly unknown[]) => {
    if (counts(values[0])) step()
    const result = Reflect.apply(original, module, values)
    // A command goes on without whoever started it.
    if (name === 'execFile') step()
    return result
  })
}

before(fs, 'renameSync', () => true)
before(fs, 'rmSync', (path) => !String(path).endsWith('.new'))
before(childProcess, 'execFile', () => true)
syncBuiltinESMExports()

const { openProxy } = await import('#/proxy/apply.ts')
const { commands } = await import('#/proxy/command.ts')
const proxy = openProxy({ ...setup, run: commands({ scrub: (text) => text }), now: () => new Date(0) })
const check = async () => Promise.resolve({ good: true } as const)
await proxy.apply({ rendered, until: new Date(until), check })
steps.counted = true
const { kind } = await (end === 'keep' ? proxy.keep(rendered.mark) : proxy.rollBack())
process.stdout.write(`${kind}\n`)
