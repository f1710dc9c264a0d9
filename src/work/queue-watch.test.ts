import { expect, onTestFinished, test, vi } from 'vitest'
import { openQueue } from './queue.ts'
import { openQueueWatch } from './queue-watch.ts'
import { signed } from './signing.ts'
import { aRedis, quiet, someKeys } from './test-support.ts'

const one = { queue: 'orders', state: 'waiting', messages: 1 }

test('what waits is counted; what only tries whether anybody listens is not; and Redis going away and coming back is seen', async () => {
  const redis = await aRedis()
  const queue = openQueue('orders', { url: redis.url, log: quiet })
  const watch = openQueueWatch({ url: redis.url, log: quiet })
  onTestFinished(async () => {
    await watch[Symbol.asyncDispose]()
    await queue[Symbol.asyncDispose]()
  })
  expect(await watch.answers()).toBe(true)
  const nothing = await watch.depths()
  expect(nothing.map(({ messages }) => messages)).toEqual(nothing.map(() => 0))

  await queue.putCanary()
  await queue.put({ id: 'INC-1-5', kind: 'order', envelope: signed('order', {}, someKeys().bot.privateKey) })
  expect((await watch.depths()).filter(({ messages }) => messages > 0)).toEqual([one])

  await redis.kill()
  await vi.waitFor(async () => expect(await watch.answers()).toBe(false), 5_000)
  await expect(watch.depths()).rejects.toThrow(/reached|writeable/)
  await redis.restart()
  await vi.waitFor(async () => expect(await watch.answers()).toBe(true), 5_000)
})
