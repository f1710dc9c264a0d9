import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { findRedisServer, type PrivateRedisOptions, startPrivateRedis } from './redis.ts'

test('it listens on a unix socket alone, keeps nothing on disk and refuses to evict', async () => {
  const { redis, client } = await started()

  expect(redis.url).toMatch(/^\/tmp\/.*\.sock$/)
  expect(await client.config('GET', 'port')).toEqual(['port', '0'])
  expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
  expect(await client.config('GET', 'save')).toEqual(['save', ''])
})

test('two of them know nothing of each other', async () => {
  const [one, other] = [await started(), await started()]
  await one.client.set('key', 'one')

  expect(await other.client.get('key')).toBeNull()
})

test('stopping removes its folder, and stopping again does no harm', async () => {
  const redis = await startPrivateRedis()
  await redis.stop()
  await redis.stop()

  expect(existsSync(dirname(redis.url))).toBe(false)
})

test('after a crash it comes back at the same address, empty', async () => {
  const { redis, client } = await started()
  await client.set('key', 'value')
  await redis.kill()
  await redis.restart()

  expect(await client.get('key')).toBeNull()
})

test('with an append-only file in a given folder it remembers, and leaves the folder', async () => {
  const dir = await mkdtemp('/tmp/responder-redis-test-')
  onTestFinished(async () => rm(dir, { recursive: true }))
  const { redis, client } = await started({ dir, appendOnly: true })
  await client.set('key', 'value')
  await redis.restart()
  expect(await client.get('key')).toBe('value')

  await redis.stop()
  expect(existsSync(dir)).toBe(true)
})

test('it can listen on a free TCP port of this machine, with another policy', async () => {
  const { redis, client } = await started({ port: 'any', policy: 'allkeys-lru' })

  expect(redis.url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/)
  expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'allkeys-lru'])
})

test('a server that cannot start says why in its own words', async () => {
  const { redis } = await started({ port: 'any' })
  const port = Number(new URL(redis.url).port)

  await expect(startPrivateRedis({ port })).rejects.toThrow(/Address already in use/)
})

test('a program that is not there is named', async () => {
  await expect(startPrivateRedis({ program: '/nowhere/redis-server' })).rejects.toThrow('/nowhere/redis-server')
})

test('a folder too deep for a socket is refused before anything starts', async () => {
  await expect(startPrivateRedis({ dir: `/tmp/${'deep/'.repeat(30)}` })).rejects.toThrow('107 bytes')
})

test('the program is looked for under the name given, then on PATH', () => {
  expect(findRedisServer({ REDIS_SERVER_BIN: '/opt/redis' })).toBe('/opt/redis')
  expect(findRedisServer({ PATH: '/nowhere' })).toBeUndefined()
})

test('kill -9 of the process that started it leaves no server and no folder behind', async () => {
  const script = `
    import { startPrivateRedis } from ${JSON.stringify(import.meta.resolve('./redis.ts'))}
    console.log((await startPrivateRedis()).url)
    setInterval(() => {}, 60_000)`
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(owner, 'exit')
  const said: readonly unknown[] = await once(createInterface({ input: owner.stdout }), 'line')
  const url = String(said[0])
  const client = new Redis(url, { retryStrategy: () => null })
  expect(await client.ping()).toBe('PONG')
  const closed = once(client, 'end')

  owner.kill('SIGKILL')
  await ended
  await closed
  await vi.waitFor(() => expect(existsSync(dirname(url))).toBe(false), { timeout: 8000 })
})

async function started(options: PrivateRedisOptions = {}) {
  const redis = await startPrivateRedis(options)
  const client = new Redis(redis.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 })
  client.on('error', () => undefined) // Expected while the server is away.
  onTestFinished(async () => {
    client.disconnect()
    await redis.stop()
  })
  return { redis, client }
}
