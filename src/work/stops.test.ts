import { expect, test } from 'vitest'
import type { IncidentId } from '#/incident/events.ts'
import { makeKey } from './keys.ts'
import { signed } from './signing.ts'
import { openStopBoard, stopSigns } from './stops.ts'
import { aRedis, aSite, orderFor, quiet, resultOf, type Site } from './test-support.ts'

const prefix = 'autentico-responder'
const incident = 'INC-7' as IncidentId
const at = '2026-11-23T03:00:00.000Z'

/** A board on which the bot writes, and signs that a worker reads, over a real Redis. */
async function scene() {
  const redis = await aRedis()
  const bot = makeKey('ed25519')
  const board = openStopBoard({ url: redis.url, log: quiet, signingKey: bot.privateKey })
  await redis.client.ping()
  const signs = () => stopSigns({ redis: redis.client, prefix, botKeys: [bot.publicKey] })
  const forge = async (value: object, key = bot.privateKey) =>
    redis.client.set(`${prefix}:stopped:${incident}`, JSON.stringify(signed('stop', value, key)))
  return { redis, bot, signs, forge, board }
}

async function published(board: ReturnType<typeof openStopBoard>, seq: number): Promise<void> {
  await expect
    .poll(async () =>
      board.publish({ incident, seq, at }).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true)
}

test('a stop holds what was issued before it, and nothing of another incident', async () => {
  const { signs, board } = await scene()
  using _board = board
  expect(await signs().holds({ incident })).toBe(false)
  await published(board, 40)
  expect(await signs().holds({ incident })).toBe(true)
  expect(await signs().holds({ incident: 'INC-8' as IncidentId })).toBe(false)
})

test('what was issued after two people let it go on is not held by the old notice, however often that is put back', async () => {
  const { signs, board } = await scene()
  using _board = board
  await published(board, 40)
  expect(await signs().holds({ incident, resumed: 45 })).toBe(false)
  await published(board, 50)
  expect(await signs().holds({ incident, resumed: 45 })).toBe(true)
})

test('a stop that a worker has seen is not lifted by taking the notice out of Redis, or by putting an older one there', async () => {
  const { signs, board, redis, forge } = await scene()
  using _board = board
  const seen = signs()
  await published(board, 50)
  expect(await seen.holds({ incident, resumed: 45 })).toBe(true)
  await redis.client.flushall()
  expect(await seen.holds({ incident, resumed: 45 })).toBe(true)
  await forge({ incident, seq: 40, at })
  expect(await seen.holds({ incident, resumed: 45 })).toBe(true)
})

test('a notice that the bot did not sign, or signed for another incident, stops nothing', async () => {
  const { signs, board, redis, forge } = await scene()
  using _board = board
  await forge({ incident, seq: 40, at }, makeKey('ed25519').privateKey)
  expect(await signs().holds({ incident })).toBe(false)
  await forge({ incident: 'INC-8', seq: 40, at })
  expect(await signs().holds({ incident })).toBe(false)
  await redis.client.set(`${prefix}:stopped:${incident}`, 'stop!')
  expect(await signs().holds({ incident })).toBe(false)
})

test('while Redis cannot be asked nothing is concluded', async () => {
  const { signs, board, redis } = await scene()
  using _board = board
  redis.client.disconnect()
  await expect(signs().holds({ incident })).rejects.toThrow(/Connection is closed/)
})

/** What the worker has said of orders that it let go. */
function halts(site: Site): readonly unknown[] {
  return site.outcomes.map(({ result }) => result).filter(({ kind }) => kind === 'halted')
}

function boardOf(site: Site): ReturnType<typeof openStopBoard> {
  return openStopBoard({ url: site.redis.url, log: quiet, signingKey: site.keys.bot.privateKey })
}

test('a worker lets an order go that is stopped, says so, and does it when it is issued after the stop', async () => {
  const site = await aSite()
  await site.signIn()
  const { basis } = await site.effectOf('revoke-sessions', 30)
  using board = boardOf(site)
  await published(board, 40)
  site.idp.control.forgetCalls()
  const order = orderFor(site.target, { action: 'revoke-sessions', basis })
  await site.queue.issue(order)
  await expect.poll(() => halts(site)).toEqual([{ kind: 'halted', begun: false, attempt: 1 }])
  await expect.poll(async () => site.queue.state(order.id)).not.toBe('active')
  expect(site.idp.control.calls).toEqual([])

  await site.queue.issue({ ...order, resumed: 45 })
  expect(resultOf(await site.ended(order.id), 'done').did).toEqual(['Revoked 1 session and 1 token.'])
})

test('a worker in the middle of an order halts before its next change', async () => {
  const site = await aSite({ who: 'alice' })
  const { basis } = await site.effectOf('reset-password', 30)
  using board = boardOf(site)
  await published(board, 1)
  await board.clear(incident)
  // The worker reads the account for a while before it changes anything; by then the stop is there.
  site.idp.control.fail({ method: 'GET', path: /users/, how: { delayMs: 500 } })
  site.idp.control.forgetCalls()
  const order = orderFor(site.target, { action: 'reset-password', basis })
  await site.queue.issue(order)
  await expect.poll(() => site.outcomes.filter(({ result }) => result.kind === 'started')).toHaveLength(1)
  await published(board, 40)
  await expect.poll(() => halts(site)).toHaveLength(1)
  expect(site.idp.control.calls.filter(({ method }) => method !== 'GET')).toEqual([])
})
