import { randomBytes } from 'node:crypto'
import { chmodSync, lstatSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { geteuid } from 'node:process'
import type { SignedText } from '#/incident/events.ts'
import { type Answer, answerLine, helloLine, linesOf, readStatementLine, tooLong } from './protocol.ts'

/** The socket cannot be opened. The message says why and what to do; the program goes on without it. */
export class SocketUnusable extends Error {
  override readonly name = 'SocketUnusable'
}

/** What stands behind the socket. */
export type TerminalDoor = {
  /** The origin of the ledger. */
  readonly ledger: string
  /** Decides and records what was signed for this nonce. Never throws for what somebody sent. */
  readonly execute: (signed: SignedText, nonce: string) => Promise<Answer>
}

/** In bytes. Linux takes 107, macOS and BSD 103. */
const longestPath = 103
/** What the bot's socket is called, beside its ledger. */
export const socketName = 'terminal.sock'

/** A person needs one connection for a moment; who opens more than these at once is turned away. */
const mostConnections = 64
/** Whoever connects signs at once; nobody types meanwhile. */
const idleMs = 30_000

/**
 * Listens at a unix socket (mode 0600) whose folder nobody else may write to. What a dead bot left there is replaced: only call this while
 * holding the lock of the ledger beside it. Throws {@link SocketUnusable}. Closing ends every connection.
 */
export async function listenAtTerminal({
  file,
  door,
  onBug,
}: {
  readonly file: string
  readonly door: TerminalDoor
  /** Told of a bug behind the door. Whoever asked is told that there was one. */
  readonly onBug: (error: unknown) => void
}): Promise<AsyncDisposable> {
  const trouble = whyNoSocket(file)
  if (trouble !== undefined) throw new SocketUnusable(trouble)
  const open = new Set<Socket>()
  const server = createServer({ pauseOnConnect: false }, (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.setTimeout(idleMs, () => socket.destroy())
    // The other end went away in mid-word.
    socket.on('error', () => socket.destroy())
    converse(socket, async (signed, nonce) => executed(door, { signed, nonce, onBug }), door.ledger).catch(() =>
      socket.destroy(),
    )
  })
  server.maxConnections = mostConnections
  await bind(server, file)
  return {
    async [Symbol.asyncDispose]() {
      rmSync(file, { force: true })
      for (const socket of open) socket.destroy()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

/** Why no socket can be opened at a place, as a sentence with what to do. Undefined: nothing speaks against it. Throws where its folder cannot be read. */
export function whyNoSocket(file: string): string | undefined {
  if (Buffer.byteLength(file) > longestPath)
    return `${file} is too long for a socket: at most ${longestPath} bytes. Choose a DATA_DIR with a shorter path.`
  const folder = dirname(file)
  const { mode, uid } = statSync(folder)
  if ((mode & 0o022) !== 0)
    return `${folder} can be written to by others (mode ${(mode & 0o777).toString(8)}), who could put a socket of their own there. Run: chmod 700 ${folder}`
  const own = geteuid?.()
  if (own !== undefined && own !== 0 && uid !== own)
    return `${folder} belongs to another user (uid ${uid}). Run the bot as that user.`
  const found = lstatSync(file, { throwIfNoEntry: false })
  return found === undefined || found.isSocket() ? undefined : `${file} is there and is no socket. Move it away.`
}

/**
 * Bound in a folder that only we may enter and moved into its place when its mode is set: nobody can connect before, and what stands
 * there is replaced in one step.
 */
async function bind(server: Server, file: string): Promise<void> {
  const folder = mkdtempSync(join(dirname(file), '.t-'))
  const made = join(folder, 's')
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(made, () => resolve())
    })
    chmodSync(made, 0o600)
    renameSync(made, file)
  } catch (error) {
    server.close()
    const why = error instanceof Error ? error.message : String(error)
    throw new SocketUnusable(`No socket can be opened at ${file} (${why}).`, { cause: error })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One line after the other, each for the nonce that was sent before it. Rejects when the other end went away. */
async function converse(
  socket: Socket,
  execute: (signed: SignedText, nonce: string) => Promise<Answer>,
  ledger: string,
): Promise<void> {
  let nonce = newNonce()
  socket.write(helloLine(ledger, nonce))
  for await (const line of linesOf(socket)) {
    const signed = line === tooLong ? tooLong : readStatementLine(line)
    const answer = typeof signed === 'object' ? await execute(signed, nonce) : malformed(signed)
    nonce = newNonce()
    socket.write(answerLine(answer, nonce))
  }
  socket.end()
}

function malformed(found: typeof tooLong | undefined): Answer {
  const sentence =
    found === tooLong
      ? 'That line is longer than any command.'
      : 'That line is no signed command. `responder` makes one that is.'
  return { kind: 'malformed', sentence }
}

async function executed(
  door: TerminalDoor,
  {
    signed,
    nonce,
    onBug,
  }: { readonly signed: SignedText; readonly nonce: string; readonly onBug: (error: unknown) => void },
): Promise<Answer> {
  try {
    return await door.execute(signed, nonce)
  } catch (error) {
    onBug(error)
    const sentence =
      'The bot could not finish that: its log says why. `responder incident show` says what was recorded.'
    return { kind: 'failed', sentence }
  }
}

/** Sixteen bytes of chance, hex. */
export function newNonce(): string {
  return randomBytes(16).toString('hex')
}
