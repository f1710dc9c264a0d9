import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { eventually, figure, type HealthView, healthOf, partOf } from '../../support/health.ts'
import { quickStage } from '../../support/incident-flow.ts'
import { exchangeKeys } from '../../support/roles.ts'

let stage: Stage
let bot: Program
let worker: Program
let ofBot: HealthView
let ofWorker: HealthView

beforeAll(async () => {
  stage = await quickStage({ env: { HEALTH_ADDRESS: '127.0.0.1:0' } })
  const environments = await exchangeKeys(stage)
  // Both have to start without it, and say so.
  await stage.redis.kill()
  bot = await startProgram(environments.bot, { args: ['start', '--role', 'bot'] })
  worker = await startProgram(environments.one, {
    args: ['start', '--role', 'worker'],
    readyWhen: 'the worker is ready',
  })
  ofBot = healthOf(bot)
  ofWorker = healthOf(worker)
})

afterAll(async () => {
  for (const program of [worker, bot]) await program.stop()
  await stage[Symbol.asyncDispose]()
})

test('without Redis a bot is degraded and a worker not ready; both are ready once it is there', async () => {
  const degraded = await ofBot.untilReady(200, 'degraded')
  expect(degraded.parts.filter(({ ok }) => !ok).map(({ part }) => part)).toEqual(['redis'])
  const waiting = await ofWorker.untilReady(503, 'not ready')
  expect(partOf(waiting, 'redis')).toMatchObject({ ok: false, needed: true })
  expect(partOf(waiting, 'worker')?.sentence).toMatch(/takes no orders/)

  await stage.redis.restart()
  await Promise.all([ofBot.untilReady(200, 'ready'), ofWorker.untilReady(200, 'ready')])
})

test('each role shows its own parts and figures, and no other', async () => {
  const [botReport, workerReport] = [await ofBot.untilReady(200, 'ready'), await ofWorker.untilReady(200, 'ready')]
  expect(botReport.parts.map(({ part }) => part)).toEqual([
    'disk',
    'redis',
    'ledger',
    'verification',
    'threads',
    'slack',
  ])
  expect(workerReport.parts.map(({ part }) => part)).toEqual(['disk', 'redis', 'worker', 'autentico'])
  const [botFigures, workerFigures] = [await ofBot.figures(), await ofWorker.figures()]
  expect(botFigures).toMatch(/^responder_ledger_head_seq /m)
  expect(workerFigures).not.toMatch(/^responder_ledger_head_seq /m)
  expect(workerFigures).toMatch(/^responder_order_consumer_rebuilt_total 0/m)
  expect(botFigures).toMatch(/^responder_build_info\{version="[\d.]+",role="bot"\} 1/m)
})

test('a Redis that stands still is missed as well, and the figures are still answered', async () => {
  const redis = new Redis(stage.redis.url)
  const [, pid] = /^process_id:(\d+)/m.exec(await redis.info('server')) ?? []
  redis.disconnect()
  process.kill(Number(pid), 'SIGSTOP')
  try {
    await ofBot.untilReady(200, 'degraded')
    await ofWorker.untilReady(503, 'not ready')
    const text = await ofBot.figures()
    expect(figure(text, 'responder_part_up{part="redis"}')).toBe(0)
    expect(figure(text, 'responder_ready')).toBe(1)
    expect(text).not.toMatch(/^responder_queue_messages\{/m)
  } finally {
    process.kill(Number(pid), 'SIGCONT')
  }
  await Promise.all([ofBot.untilReady(200, 'ready'), ofWorker.untilReady(200, 'ready')])
  await eventually(async () => expect(await ofBot.figures()).toMatch(/^responder_queue_messages\{/m))
})
