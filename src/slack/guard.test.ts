import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { fetch } from 'undici'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createGuard, seenInMemory } from './guard.ts'
import { keepLog } from './test-support.ts'

const signingSecret = 'a-signing-secret'
let now = 1_795_400_000_000
let received: object[] = []
let log = keepLog()
let seen = seenInMemory(() => now)
let server = start()
const sockets: Socket[] = []

function start(): ReturnType<typeof createGuard> {
  return createGuard({
    signingSecret,
    path: '/slack/events',
    seen,
    now: () => now,
    log,
    onRequest: ({ body }, answer) => {
      received.push(body)
      answer(200)
    },
  })
}

beforeEach(async () => {
  received = []
  log = keepLog()
  seen = seenInMemory(() => now)
  server = start()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

type Sent = {
  readonly body: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  readonly type?: string
  readonly path?: string
}

async function send({ body, headers, type = 'application/json', path = '/slack/events' }: Sent): Promise<number> {
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body,
  })
  await answer.text()
  return answer.status
}

function signed(body: string | Buffer, at = Math.floor(now / 1000)): Record<string, string> {
  const digest = createHmac('sha256', signingSecret).update(`v0:${at}:`).update(body).digest('hex')
  return { 'x-slack-request-timestamp': String(at), 'x-slack-signature': `v0=${digest}` }
}

test('what Slack signed just now passes', async () => {
  const body = JSON.stringify({ type: 'event_callback' })
  expect(await send({ body, headers: signed(body) })).toBe(200)
  const form = `payload=${encodeURIComponent('{"type":"block_actions"}')}`
  expect(await send({ body: form, headers: signed(form), type: 'application/x-www-form-urlencoded' })).toBe(200)
  expect(received).toEqual([{ type: 'event_callback' }, { type: 'block_actions' }])
})

test('what was accepted is remembered for as long as it has to be, and then forgotten', () => {
  let at = 1_000_000
  const accepted = seenInMemory(() => at)
  accepted.add('first', at + 60_000)
  at += 59_000
  accepted.add('second', at + 60_000)
  expect(accepted.has('first')).toBe(true)
  at += 120_000
  accepted.add('third', at + 60_000)
  expect([accepted.has('first'), accepted.has('second'), accepted.has('third')]).toEqual([false, false, true])
})

test('the same signed request never passes twice, not even in another process that shares the memory', async () => {
  const body = '{"type":"x"}'
  const headers = signed(body)
  expect(await send({ body, headers })).toBe(200)
  expect(await send({ body, headers })).toBe(401)
  now += 4 * 60_000
  expect(await send({ body, headers })).toBe(401)
  expect(received).toHaveLength(1)
})

test.each([
  ['five minutes and one second old', -301],
  ['an hour ahead', 3600],
  ['61 seconds ahead', 61],
])('a stamp %s is refused', async (_name, seconds) => {
  const body = '{"type":"x"}'
  expect(await send({ body, headers: signed(body, Math.floor(now / 1000) + seconds) })).toBe(401)
  expect(received).toEqual([])
})

const good = '{"type":"x"}'
test.each<readonly [string, Sent, number]>([
  ['no signature', { body: good }, 401],
  ['another secret', { body: good, headers: { ...signed(good), 'x-slack-signature': `v0=${'0'.repeat(64)}` } }, 401],
  ['a body that was altered', { body: `${good} `, headers: signed(good) }, 401],
  [
    'version v1',
    {
      body: good,
      headers: { ...signed(good), 'x-slack-signature': signed(good)['x-slack-signature']?.replace('v0', 'v1') ?? '' },
    },
    401,
  ],
  [
    'capital letters',
    {
      body: good,
      headers: { ...signed(good), 'x-slack-signature': signed(good)['x-slack-signature']?.toUpperCase() ?? '' },
    },
    401,
  ],
  ['a stamp that is no number', { body: good, headers: { ...signed(good), 'x-slack-request-timestamp': '1e9' } }, 401],
  ['null', { body: 'null', headers: signed('null') }, 400],
  ['an array', { body: '[]', headers: signed('[]') }, 400],
  [
    'payload=null',
    { body: 'payload=null', headers: signed('payload=null'), type: 'application/x-www-form-urlencoded' },
    400,
  ],
  ['nothing at all', { body: '', headers: signed('') }, 400],
  ['5,000 levels', { body: '['.repeat(5000), headers: signed('['.repeat(5000)) }, 400],
  ['another type', { body: good, headers: signed(good), type: 'text/plain' }, 415],
  ['compression', { body: good, headers: { ...signed(good), 'content-encoding': 'gzip' } }, 415],
  ['a body of 2 MB', { body: 'x'.repeat(2 * 1024 * 1024), headers: signed('x') }, 413],
  ['another path', { body: good, headers: signed(good), path: '/other' }, 404],
  [
    'ssl_check without a signature',
    { body: 'ssl_check=1&command=%2Fautentico', type: 'application/x-www-form-urlencoded' },
    401,
  ],
])('%s is refused, and the server lives', async (_name, sent, status) => {
  expect(await send(sent).catch(() => 413)).toBe(status)
  expect(received).toEqual([])
  expect(await send({ body: good, headers: signed(good) })).toBe(200)
})

test('bytes that are no UTF-8 are refused', async () => {
  const body = Buffer.from([0x7b, 0xff, 0xfe, 0x7d])
  expect(await send({ body, headers: signed(body) })).toBe(400)
})

test('a signed ssl_check is answered and goes nowhere', async () => {
  const body = 'ssl_check=1&command=%2Fautentico&text=incident'
  expect(await send({ body, headers: signed(body), type: 'application/x-www-form-urlencoded' })).toBe(200)
  expect(received).toEqual([])
})

test('__proto__ in a payload reaches nobody', async () => {
  const body = '{"type":"x","__proto__":{"admin":true},"user":{"__proto__":{"admin":true}}}'
  expect(await send({ body, headers: signed(body) })).toBe(200)
  expect(received).toEqual([{ type: 'x', user: {} }])
})

test('whatever is signed, the server answers and lives', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.json(), fc.string({ unit: 'binary' })), fc.boolean(), async (text, asForm) => {
      now += 1000
      const body = asForm ? `payload=${encodeURIComponent(text.toWellFormed())}` : text.toWellFormed()
      const status = await send({
        body,
        headers: signed(body),
        type: asForm ? 'application/x-www-form-urlencoded' : 'application/json',
      })
      expect([200, 400]).toContain(status)
    }),
    { numRuns: 200 },
  )
})

test('a signed request is answered while hundreds of sockets idle', async () => {
  const { port } = server.address() as AddressInfo
  for (let count = 0; count < 300; count += 1) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write('POST /slack/events HTTP/1.1\r\nhost: x\r\n')
    sockets.push(socket)
  }
  expect(await send({ body: good, headers: signed(good) })).toBe(200)
})

test('what is refused is logged with its reason, and without its content', async () => {
  await send({ body: '{"secret":"xoxb-1"}', headers: { ...signed('x') } })
  expect(log.lines).toMatchObject([{ level: 'warn', fields: { why: 'the signature does not fit' } }])
  expect(JSON.stringify(log.lines)).not.toContain('xoxb-1')
})

test('a flood of forgeries makes one line in the log, with how many there were', async () => {
  for (let count = 0; count < 20; count += 1) await send({ body: good })
  expect(log.lines).toHaveLength(1)
  now += 1000
  await send({ body: good })
  expect(log.lines.at(-1)).toMatchObject({ fields: { unsaid: 19 } })
})
