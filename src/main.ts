import { once } from 'node:events'
import process from 'node:process'
import { askAt } from './cli/ask.ts'
import { runCommandLine } from './cli/command-line.ts'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

process.exitCode = await runCommandLine({
  args: process.argv.slice(2),
  env: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  /** Resolves when the program was asked to end. */
  stopped: async () => {
    if (!stop.signal.aborted) await once(stop.signal, 'abort')
  },
  stop: () => stop.abort(),
  /** A bug that nobody caught: it is logged, and the supervisor starts the program again. */
  onUncaught: (tell) => {
    process.once('uncaughtException', (error) => {
      tell(error)
      process.exitCode = 1
      stop.abort()
    })
  },
  ask: askAt(process.stdin, process.stderr),
})
