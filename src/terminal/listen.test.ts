import { spawnSync } from 'node:child_process'
import { chmodSync, lstatSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import type { SignedText } from '#/incident/events.ts'
import { askBot, BotSilent } from './ask-bot.ts'
import { listenAtTerminal, SocketUnusable, type TerminalDoor } from './listen.ts'
import { type Answer, longestLine } from './protocol.ts'

const signed: SignedText = { text: '{}', signature: 'AAAA', fingerprint: 'SHA256:x' }
const done: Answer = { kind: 'done', lines: ['#4 @bao (terminal) noted: hello'] }

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), 'terminal-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'terminal.sock')
}

type Behind = { readonly file: string; readonly nonces: readonly string[]; readonly bugs: readonly unknown[] }

async function listening(
  execute: TerminalDoor['execute'] = async () => done,
  file: string = place(),
): Promise<Behind & { readonly close: () => Promise<void> }> {
  const nonces: string[] = []
  const bugs: unknown[] = []
  const door: TerminalDoor = {
    ledger: 'autentico-responder/0123456789abcdef',
    async execute(text, nonce) {
      nonces.push(nonce)
      return execute(text, nonce)
    },
  }
  const server = await listenAtTerminal({ file, door, onBug: (error) => void bugs.push(error) })
  const close = async () => server[Symbol.asyncDispose]()
  onTestFinished(close)
  return { file, nonces, bugs, close }
}

/** A connection as somebody makes it who does not use our program. */
function raw(file: string): { readonly socket: Socket; readonly next: () => Promise<Record<string, unknown>> } {
  const socket = connect(file)
  onTestFinished(() => void socket.destroy())
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  const next = async () => JSON.parse(String((await lines.next()).value)) as Record<string, unknown>
  return { socket, next }
}

test('what is signed for the greeting is executed with its nonce, and the answer comes back', async () => {
  const { file, nonces } = await listening()
  const greeted: string[] = []
  const answer = await askBot(file, ({ ledger, nonce }) => {
    greeted.push(nonce)
    expect(ledger).toBe('autentico-responder/0123456789abcdef')
    return signed
  })
  expect(answer).toEqual(done)
  expect(nonces).toEqual(greeted)
})

test('only the user of the bot may connect', async () => {
  const { file } = await listening()
  expect(statSync(file).mode & 0o777).toBe(0o600)
  // Nothing is left of the folder that it was made in.
  expect(readdirSync(join(file, '..'))).toEqual(['terminal.sock'])
})

test('where nobody listens, nothing is sent', async () => {
  const file = place()
  const sign = (): SignedText => {
    throw new Error('nothing should have been signed')
  }
  expect(await askBot(file, sign)).toBe(undefined)
  const { close } = await listening(undefined, file)
  await close()
  expect(lstatSync(file, { throwIfNoEntry: false })).toBe(undefined)
  expect(await askBot(file, sign)).toBe(undefined)
})

test('the socket that a killed bot left behind is replaced', async () => {
  const file = place()
  const left = `require('node:net').createServer().listen(${JSON.stringify(file)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', left])
  expect(lstatSync(file).isSocket()).toBe(true)
  expect(await askBot(file, () => signed)).toBe(undefined)
  await listening(undefined, file)
  expect(await askBot(file, () => signed)).toEqual(done)
})

test('a file that is no socket is not touched', async () => {
  const file = place()
  writeFileSync(file, 'mine')
  await expect(listening(undefined, file)).rejects.toThrow(/is there and is no socket/)
  expect(lstatSync(file).isFile()).toBe(true)
})

test('in a folder that others may write to, no socket is opened', async () => {
  const file = place()
  chmodSync(join(file, '..'), 0o777)
  await expect(listening(undefined, file)).rejects.toThrow(SocketUnusable)
})

test('a path that is too long for a socket is said, with what to do', async () => {
  const file = join(place(), '..', 'x'.repeat(120))
  await expect(listening(undefined, file)).rejects.toThrow(/at most 103 bytes/)
})

test.each([
  ['no JSON', 'hello'],
  ['another shape', '{"command":"approve"}'],
  ['a field more', JSON.stringify({ ...signed, by: 'ana' })],
  ['nothing', ''],
  ['half a character', '\ud800'],
])('a line with %s gets a clear answer, and the connection goes on', async (_what, line) => {
  const { file, nonces } = await listening()
  const { socket, next } = raw(file)
  await next()
  socket.write(`${line}\n`)
  expect(await next()).toMatchObject({ answer: { kind: 'malformed' } })
  socket.write(`${JSON.stringify(signed)}\n`)
  expect(await next()).toMatchObject({ answer: { kind: 'done' } })
  expect(nonces).toHaveLength(1)
})

test('a line that is too long is thrown away as it comes, and the connection goes on', async () => {
  const { file } = await listening()
  const { socket, next } = raw(file)
  await next()
  socket.write(`${'x'.repeat(longestLine + 1)}\n${JSON.stringify(signed)}\n`)
  expect(await next()).toMatchObject({
    answer: { kind: 'malformed', sentence: expect.stringMatching(/longer/) as string },
  })
  expect(await next()).toMatchObject({ answer: { kind: 'done' } })
})

test('a nonce is good for one line, whatever came of it', async () => {
  const { file, nonces } = await listening()
  const { socket, next } = raw(file)
  const told = [await next()]
  for (const line of ['no command', JSON.stringify(signed), JSON.stringify(signed)]) {
    socket.write(`${line}\n`)
    told.push(await next())
  }
  const given = told.map(({ nonce }) => nonce)
  expect(new Set(given).size).toBe(4)
  expect(nonces).toEqual(given.slice(1, 3))
})

test('a bug behind the door is told to the bot, and to whoever asked that there was one', async () => {
  const bug = new Error('out of order')
  const { file, bugs } = await listening(async () => {
    throw bug
  })
  expect(await askBot(file, () => signed)).toMatchObject({ kind: 'failed' })
  expect(bugs).toEqual([bug])
})

test('whoever is cut off before the answer is told to look whether it was recorded', async () => {
  const began = Promise.withResolvers<void>()
  const { file, close } = await listening(async () => {
    began.resolve()
    return new Promise<Answer>(() => undefined)
  })
  const asked = askBot(file, () => signed).catch((error: unknown) => error)
  await began.promise
  await close()
  expect(await asked).toBeInstanceOf(BotSilent)
})

test('somebody who hangs up in mid-word disturbs nobody', async () => {
  const { file, bugs } = await listening()
  const { socket, next } = raw(file)
  await next()
  socket.write('{"text":')
  socket.destroy()
  expect(await askBot(file, () => signed)).toEqual(done)
  expect(bugs).toEqual([])
})

test('what greets in other words than a bot is not sent anything', async () => {
  const file = place()
  const heard: Buffer[] = []
  const server = createServer((socket) => {
    socket.on('data', (chunk) => void heard.push(chunk))
    socket.write('220 mail.acme.test ESMTP\r\n')
  }).listen(file)
  onTestFinished(() => void server.close())
  await expect(askBot(file, () => signed)).rejects.toThrow(/does not speak as a bot/)
  expect(heard).toEqual([])
})
