import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** How the line between a program and its server is. */
export type Line =
  | 'whole'
  /** Nothing passes in either direction, and nobody is told; what was sent arrives when the line is whole again. */
  | 'dropped'
  /** The server has lost its side of every connection, and the program does not know; new ones are not answered. */
  | 'half-open'
  /** Every connection is reset, and every new one too. */
  | 'reset'
  /** Everything comes two seconds late. */
  | 'late'
  /** One byte a second. */
  | 'trickling'

/** A line to a server on 127.0.0.1 that can be spoilt. */
export type Partition = AsyncDisposable & {
  readonly port: number
  /** Spoils the line, or makes it whole. */
  readonly set: (line: Line) => void
  /** Sends new connections to another server from now on, and ends those there are. */
  readonly pointTo: (port: number) => void
}

type Pair = { readonly near: Socket; far: Socket | undefined }

/** Puts itself in front of the server at `port`. */
export async function startPartition(port: number): Promise<Partition> {
  const pairs = new Set<Pair>()
  let target = port
  let line: Line = 'whole'
  let changed = Promise.withResolvers<void>()

  /** Carries what comes from one side to the other, as the line is at that moment. */
  const carry = async (from: Socket, to: Socket): Promise<void> => {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; ) {
        while (line === 'dropped' || line === 'half-open') await changed.promise
        if (line === 'late') await Promise.race([pause(2_000), changed.promise])
        if (line === 'trickling') await Promise.race([pause(1_000), changed.promise])
        const end = (line as Line) === 'trickling' ? at + 1 : chunk.length
        if (!to.destroyed) to.write(chunk.subarray(at, end))
        at = end
      }
    }
    to.end()
  }
  const join = (pair: Pair): void => {
    const far = dial({ port: target, host: '127.0.0.1' })
    pair.far = far
    for (const socket of [pair.near, far]) socket.on('error', () => undefined)
    far.on('close', () => {
      // Of a half-open connection the program hears nothing.
      if (line !== 'half-open' && pair.far === far) pair.near.destroy()
    })
    void carry(pair.near, far).catch(() => far.destroy())
    void carry(far, pair.near).catch(() => undefined)
  }
  const server = createServer((near) => {
    const pair: Pair = { near, far: undefined }
    near.on('error', () => undefined)
    near.on('close', () => {
      pairs.delete(pair)
      pair.far?.destroy()
    })
    pairs.add(pair)
    if (line === 'reset') near.resetAndDestroy()
    else void whenOpen().then(() => near.destroyed || join(pair))
  })
  const whenOpen = async (): Promise<void> => {
    while (line === 'dropped' || line === 'half-open') await changed.promise
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const { near } of pairs) near.resetAndDestroy()
  }

  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      line = next
      if (next === 'reset') cut()
      if (next === 'half-open') for (const { far } of pairs) far?.destroy()
      changed.resolve()
      changed = Promise.withResolvers()
    },
    pointTo(next) {
      target = next
      cut()
    },
    async [Symbol.asyncDispose]() {
      line = 'whole'
      changed.resolve()
      for (const { near } of pairs) near.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
