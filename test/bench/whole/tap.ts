import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A line to a server on 127.0.0.1 on which it is seen when something passes. */
export type Tap = AsyncDisposable & {
  readonly port: number
  /** Resolves with the moment (`performance.now()`) at which a piece that holds all of these words has passed. */
  readonly passes: (...words: readonly string[]) => Promise<number>
}

type Wanted = { readonly words: readonly string[]; readonly found: (at: number) => void }

export async function tap(port: number): Promise<Tap> {
  const wanted = new Set<Wanted>()
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ port, host: '127.0.0.1' })
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', (chunk: Buffer) => {
      if (wanted.size > 0) look(chunk.toString('latin1'))
      far.write(chunk)
    })
    far.on('data', (chunk: Buffer) => near.write(chunk))
  })
  const look = (text: string): void => {
    const at = performance.now()
    for (const one of wanted) {
      if (!one.words.every((word) => text.includes(word))) continue
      wanted.delete(one)
      one.found(at)
    }
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    passes: async (...words) =>
      new Promise((found) => {
        wanted.add({ words, found })
      }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
