import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { SignedText } from '#/incident/events.ts'
import { type Answer, type Hello, linesOf, readAnswer, readHello, statementLine, tooLong } from './protocol.ts'

/** Somebody listens at the socket and gives no answer that can be read. Whether anything was done is not known: look. */
export class BotSilent extends Error {
  override readonly name = 'BotSilent'
}

/** The bot asks Slack who somebody is before it decides, which takes a few seconds while Slack is away. */
const withinMs = 30_000

/**
 * Has the running bot execute what `sign` makes of its greeting. Undefined: nobody listens there, so nothing was sent.
 * Throws {@link BotSilent}.
 */
export async function askBot(file: string, sign: (hello: Hello) => SignedText): Promise<Answer | undefined> {
  const socket = connect(file)
  const silent = AbortSignal.timeout(withinMs)
  silent.addEventListener('abort', () => socket.destroy())
  try {
    if (!(await isConnected(socket))) return undefined
    const lines = linesOf(socket)
    const first = await lines.next()
    if (first.done === true)
      throw new BotSilent('The bot hung up before it said anything. Nothing was sent; try again.')
    const hello = read(first, readHello)
    if (hello === undefined)
      throw new BotSilent(`What listens at ${file} does not speak as a bot of this version does. Nothing was sent.`)
    socket.write(statementLine(sign(hello)))
    const answer = read(await lines.next(), readAnswer)
    if (answer !== undefined) return answer
    throw new BotSilent(noAnswer)
  } catch (error) {
    // Cut off in the middle, or silent for too long.
    if (error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')
      throw new BotSilent(noAnswer, { cause: error })
    throw error
  } finally {
    socket.destroy()
  }
}

const noAnswer = 'The bot gave no answer. `responder incident show` says whether it was recorded.'

async function isConnected(socket: Socket): Promise<boolean> {
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return false
    if (code === 'EACCES' || code === 'EPERM')
      throw new BotSilent('The socket of the bot is for the user that it runs as. Run this as that user.', {
        cause: error,
      })
    throw error
  }
}

function read<T>(next: IteratorResult<string | typeof tooLong>, as: (line: string) => T | undefined): T | undefined {
  return next.done === true || next.value === tooLong ? undefined : as(next.value)
}
