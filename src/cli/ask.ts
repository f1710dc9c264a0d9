import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { ReadStream } from 'node:tty'

/** Asks somebody at the terminal for one line. `hidden`: what is typed is not shown. Undefined: nobody is there, or they gave up. */
export type Ask = (question: string, how?: { readonly hidden?: true }) => Promise<string | undefined>

/** Asks where the program was started, and only there: what is piped in is nobody's answer. */
export function askAt(input: Pick<ReadStream, 'isTTY'> & NodeJS.ReadableStream, output: NodeJS.WritableStream): Ask {
  return async (question, { hidden } = {}) => {
    if (!input.isTTY) return undefined
    output.write(question)
    const echo = hidden === true ? new Writable({ write: (_chunk, _encoding, done) => done() }) : output
    const lines = createInterface({ input, output: echo, terminal: true, historySize: 0 })
    const { promise, resolve } = Promise.withResolvers<string | undefined>()
    lines.once('line', resolve)
    // Ctrl-C, or the terminal went away.
    lines.once('close', () => resolve(undefined))
    const typed = await promise
    lines.close()
    if (hidden === true) output.write('\n')
    return typed
  }
}
