import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createMetrics, type Metrics, type Reading } from './metrics.ts'
import { type Board, createBoard, type Look, type Report } from './parts.ts'
import { HealthAddressUnusable, startHealthServer } from './server.ts'

const address = { host: '127.0.0.1', port: 0 }

type Health = { readonly board: Board; readonly metrics: Metrics; readonly url: string; readonly port: number }

async function health(options: Parameters<typeof createBoard>[0] = {}): Promise<Health> {
  const board = createBoard(options)
  const metrics = createMetrics()
  const server = await startHealthServer({ address, board, metrics })
  onTestFinished(async () => {
    await server[Symbol.asyncDispose]()
    await board[Symbol.asyncDispose]()
  })
  return { board, metrics, port: server.port, url: `http://127.0.0.1:${server.port}` }
}

async function ready({ url }: Health): Promise<{ readonly status: number } & Report> {
  const response = await fetch(`${url}/readyz`)
  return { status: response.status, ...((await response.json()) as Report) }
}

async function figures({ url }: Health): Promise<string> {
  return (await fetch(`${url}/metrics`)).text()
}

test('it is alive before it is ready, and not ready before every part is there', async () => {
  const one = await health()
  one.board.add({ name: 'ledger', needed: true, look: () => ({ ok: true, sentence: 'It takes entries.' }) })
  expect((await fetch(`${one.url}/healthz`)).status).toBe(200)
  expect(await ready(one)).toMatchObject({ status: 503, state: 'starting' })

  one.board.complete()
  expect(await ready(one)).toMatchObject({
    status: 200,
    state: 'ready',
    parts: [{ part: 'ledger', ok: true, needed: true, sentence: 'It takes entries.' }],
  })
})

test('a part that is not needed degrades, a needed one makes not ready, and each says since when', async () => {
  let now = new Date('2026-11-24T03:00:00.000Z')
  const one = await health({ now: () => now, everyMs: 3_600_000 })
  const looks: Record<'redis' | 'slack', Look> = {
    redis: { ok: true, sentence: 'Redis answers.' },
    slack: { ok: true, sentence: 'Slack is connected.' },
  }
  one.board.add({ name: 'redis', needed: false, look: () => looks.redis })
  one.board.add({ name: 'slack', needed: true, look: async () => looks.slack })
  one.board.complete()
  expect(await ready(one)).toMatchObject({ status: 200, state: 'ready' })

  now = new Date('2026-11-24T03:01:00.000Z')
  looks.redis = { ok: false, sentence: 'Redis does not answer.' }
  await ready(one)
  now = new Date('2026-11-24T03:02:00.000Z')
  expect(await ready(one)).toMatchObject({
    status: 200,
    state: 'degraded',
    parts: [
      { part: 'redis', ok: false, since: '2026-11-24T03:01:00.000Z' },
      { part: 'slack', ok: true, since: '2026-11-24T03:00:00.000Z' },
    ],
  })

  looks.slack = { ok: false, sentence: 'No connection is open.' }
  expect(await ready(one)).toMatchObject({ status: 503, state: 'not ready' })
  looks.slack = { ok: true, sentence: 'Slack is connected.' }
  looks.redis = { ok: true, sentence: 'Redis answers.' }
  expect(await ready(one)).toMatchObject({ status: 200, state: 'ready' })
})

test('what changes while nobody asks is noticed, with its time', async () => {
  const one = await health({ everyMs: 5 })
  let looked = 0
  one.board.add({
    name: 'redis',
    needed: false,
    look: () => ({ ok: (looked += 1) < 3, sentence: 'Looked at.' }),
  })
  one.board.complete()
  await vi.waitFor(() => expect(looked).toBeGreaterThan(5), 5_000)
  const before = new Date()
  const { parts } = await ready(one)
  expect(parts[0]?.ok).toBe(false)
  expect(Date.parse(parts[0]?.since ?? '')).toBeLessThan(before.getTime())
})

test('a part that throws or never answers is down, and what it threw stays inside', async () => {
  const one = await health()
  one.board.add({
    name: 'thrower',
    needed: false,
    look: () => {
      throw new Error('redis://:password@host')
    },
  })
  one.board.add({ name: 'silent', needed: true, look: async () => new Promise(() => undefined) })
  one.board.complete()
  const { status, parts } = await ready(one)
  expect(status).toBe(503)
  expect(parts.map(({ ok }) => ok)).toEqual([false, false])
  expect(JSON.stringify(parts)).not.toContain('password')
})

test('figures are shown as they are now; one that is not known is left out, and costs the others nothing', async () => {
  const one = await health()
  let depth: Reading = [
    { labels: { state: 'waiting' }, value: 3 },
    { labels: { state: 'active' }, value: 1 },
  ]
  one.metrics.gauge({ name: 'queue_jobs', help: 'Jobs.', labels: ['state'], read: () => depth })
  one.metrics.gauge({ name: 'unknown', help: 'Not known.', read: () => undefined })
  one.metrics.gauge({ name: 'unknown_too', help: 'Not known.', labels: ['state'], read: () => undefined })
  one.metrics.total({ name: 'unknown_total', help: 'Not known.', read: () => undefined })
  one.metrics.gauge({ name: 'broken', help: 'Breaks.', read: async () => Promise.reject(new Error('closed')) })
  one.metrics.gauge({ name: 'silent', help: 'Never answers.', read: async () => new Promise(() => undefined) })
  one.metrics.total({ name: 'forgeries_total', help: 'Forgeries.', read: () => 2 })
  const count = one.metrics.counter({ name: 'calls_total', help: 'Calls.', labels: ['method'] })
  const time = one.metrics.histogram({ name: 'call_seconds', help: 'Times.', buckets: [0.1, 1] })
  count({ method: 'chat.postMessage' })
  time(0.5)

  const shown = await figures(one)
  expect(shown).toContain('responder_queue_jobs{state="waiting"} 3')
  expect(shown).toContain('responder_forgeries_total 2')
  expect(shown).toContain('responder_calls_total{method="chat.postMessage"} 1')
  expect(shown).toContain('responder_call_seconds_bucket{le="1"} 1')
  expect(shown).not.toMatch(/^responder_(?:unknown|unknown_too|unknown_total|broken|silent)[ {]/m)
  expect(shown).toContain('nodejs_eventloop_lag_seconds')

  depth = [{ labels: { state: 'waiting' }, value: 0 }]
  const later = await figures(one)
  expect(later).toContain('responder_queue_jobs{state="waiting"} 0')
  expect(later).not.toContain('state="active"')
  expect(later).toContain('responder_forgeries_total 2')
})

test('other methods, other paths and bodies change nothing and get no answer worth having', async () => {
  const { url } = await health()
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const response = await fetch(`${url}/metrics`, { method })
    expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD'])
  }
  for (const path of ['/', '/readyz/', '/metrics/..', '/__proto__', '/constructor', '/healthz%00'])
    expect([path, (await fetch(url + path)).status]).toEqual([path, 404])
  const head = await fetch(`${url}/healthz`, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  expect((await fetch(`${url}/healthz?verbose=1`)).status).toBe(200)
})

test('figures that cannot be gathered are an error, and not silence', async () => {
  const board = createBoard()
  const text = async () => Promise.reject(new Error('redis://:password@host'))
  const server = await startHealthServer({ address, board, metrics: { text, contentType: 'text/plain' } })
  onTestFinished(async () => {
    await server[Symbol.asyncDispose]()
    await board[Symbol.asyncDispose]()
  })
  const response = await fetch(`http://127.0.0.1:${server.port}/metrics`)
  expect([response.status, await response.text()]).toEqual([500, '{"error":"it could not be gathered"}\n'])
})

test('a client that never ends its request is cut off', async () => {
  const { port } = await health()
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('GET /readyz HTTP/1.1\r\nhost: x\r\nx-slow: ')
  expect(await text(socket)).toMatch(/^(?:HTTP\/1\.1 4\d\d .*)?/)
  expect(socket.readableEnded).toBe(true)
})

test('an address that is taken is named, with what to do', async () => {
  const { board, metrics, port } = await health()
  const again = startHealthServer({ address: { host: '127.0.0.1', port }, board, metrics })
  await expect(again).rejects.toThrow(HealthAddressUnusable)
  await expect(again).rejects.toThrow(/EADDRINUSE.*free port/)
})
