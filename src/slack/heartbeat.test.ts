import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'undici'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { heartbeat } from './heartbeat.ts'

/** A socket to a server that answers pings, or does not. */
async function socketTo({ answers }: { readonly answers: boolean }): Promise<WebSocket> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong: answers })
  await once(server, 'listening')
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    socket.close()
    server.close()
  })
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
  return socket
}

test('a side that answers is left alone, whatever the wall clock says', async () => {
  const socket = await socketTo({ answers: true })
  const asked = vi.fn<() => number>(() => performance.now())
  let dead = 0
  using _beat = heartbeat({ socket: () => socket, monotonic: asked, silentMs: 300, onDead: () => void (dead += 1) })
  const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000)
  onTestFinished(() => clock.mockRestore())
  // Once at each beat, and once at each answer: a dozen of them is longer than it may stay silent.
  await vi.waitFor(() => expect(asked.mock.calls.length).toBeGreaterThan(24), { timeout: 5_000 })
  expect(dead).toBe(0)
})

test('a side that stays silent is given up, once', async () => {
  const socket = await socketTo({ answers: false })
  let dead = 0
  using _beat = heartbeat({
    socket: () => socket,
    monotonic: () => performance.now(),
    silentMs: 60,
    onDead: () => void (dead += 1),
  })
  await vi.waitFor(() => expect(dead).toBe(1))
})

test('while there is no socket nobody is given up', async () => {
  const looked = vi.fn<() => undefined>(() => undefined)
  let dead = 0
  using _beat = heartbeat({
    socket: looked,
    monotonic: () => performance.now(),
    silentMs: 30,
    onDead: () => void (dead += 1),
  })
  await vi.waitFor(() => expect(looked.mock.calls.length).toBeGreaterThan(10))
  expect(dead).toBe(0)
})
