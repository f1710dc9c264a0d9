import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { connectAutentico } from './connect.ts'
import {
  AutenticoRejected,
  AutenticoUnavailable,
  NotSent,
  OutcomeUnknown,
  UnexpectedAnswer,
  WrongCredentials,
} from './failures.ts'
import {
  administrationPage,
  type Scripted,
  type Seen,
  scriptedServer,
  unsignedToken,
  userRow,
} from './scripted-server.ts'
import type { Exchange } from './transport.ts'

const bearer = unsignedToken('bot')
const alice = userRow({ id: 'a1', username: 'alice' })
const limits = { connectMs: 1_000, headersMs: 200, bodyMs: 200, totalMs: 2_000, bodyBytes: 10_000 }

function connect(url: string) {
  return connectAutentico({ url, credentials: { kind: 'bearer', token: bearer }, limits })
}

/** One read and one change against a server that always gives this answer. */
async function bothWays(answer: Scripted): Promise<{ read: unknown; change: unknown; seen: readonly Seen[] }> {
  await using server = await scriptedServer(() => answer)
  await using autentico = connect(server.url)
  const read = await autentico.users.read('a1').catch((error: unknown) => error)
  const change = await autentico.users.revokeSessions('a1').catch((error: unknown) => error)
  return { read, change, seen: server.seen }
}

test('the administration page with 200 is not success: the call did not happen', async () => {
  const { read, change } = await bothWays(administrationPage)
  expect(read).toBeInstanceOf(UnexpectedAnswer)
  expect(change).toBeInstanceOf(UnexpectedAnswer)
  expect(String(change)).toContain('too old')
})

test('a 200 with JSON is not success where 204 is documented', async () => {
  const { change } = await bothWays({ status: 200, json: { data: { result: 'ok' } } })
  expect(change).toBeInstanceOf(UnexpectedAnswer)
})

test('a 404 that is not JSON is a wrong address, not an unknown account', async () => {
  const { read } = await bothWays({ status: 404, text: 'no such page', headers: { 'content-type': 'text/plain' } })
  expect(read).toBeInstanceOf(UnexpectedAnswer)
})

test('a 404 in JSON is an unknown or deactivated account', async () => {
  const { read, change } = await bothWays({
    status: 404,
    json: { error: 'not_found', error_description: 'User not found' },
  })
  expect(read).toBeUndefined()
  expect(change).toMatchObject({ name: 'AutenticoRejected', status: 404, code: 'not_found', requestId: 'request-2' })
})

test('an error given as an object, as for a bad date, is understood', async () => {
  const { read } = await bothWays({ status: 400, json: { data: null, error: { message: 'invalid date', code: 400 } } })
  expect(read).toBeInstanceOf(AutenticoRejected)
  expect(read).toMatchObject({ status: 400 })
  expect(String(read)).toContain('invalid date')
})

test('a redirect is not followed', async () => {
  await using elsewhere = await scriptedServer(() => ({ status: 200, json: { data: alice } }))
  const { read, change } = await bothWays({ status: 302, headers: { location: elsewhere.url } })
  expect(read).toBeInstanceOf(UnexpectedAnswer)
  expect(change).toBeInstanceOf(UnexpectedAnswer)
  expect(elsewhere.seen).toEqual([])
})

test('a 500 leaves the outcome of a change unknown; a read may be tried again', async () => {
  const { read, change, seen } = await bothWays({ status: 500, json: { error: 'server_error' } })
  expect(read).toBeInstanceOf(AutenticoUnavailable)
  expect(change).toBeInstanceOf(OutcomeUnknown)
  expect(seen).toHaveLength(2)
})

test.each([502, 504])('a %i of a proxy leaves the outcome of a change unknown', async (status) => {
  const { change } = await bothWays({ status, text: 'bad gateway' })
  expect(change).toBeInstanceOf(OutcomeUnknown)
})

test('a 503 means that nothing happened', async () => {
  const { change } = await bothWays({ status: 503, json: { error: 'x' }, headers: { 'retry-after': '7' } })
  expect(change).toMatchObject({ name: 'AutenticoUnavailable', retryAfterMs: 7_000 })
})

test.each([
  [undefined, 3_000],
  ['1', 3_000],
  ['30', 30_000],
  ['999999999', 600_000],
  ['nonsense', 3_000],
])('after a 429 with Retry-After %s we wait %i ms', async (header, waits) => {
  const { change } = await bothWays({
    status: 429,
    json: { error: 'too_many_requests' },
    headers: header === undefined ? {} : { 'retry-after': header },
  })
  expect(change).toMatchObject({ name: 'AutenticoUnavailable', retryAfterMs: waits })
})

test('a 403 is final and is not repeated', async () => {
  const { change, seen } = await bothWays({
    status: 403,
    json: { error: 'forbidden', error_description: 'Admin access required' },
  })
  expect(change).toBeInstanceOf(AutenticoRejected)
  expect(String(change)).toContain('allowed_audiences')
  expect(seen).toHaveLength(2)
})

test('a ready bearer that is refused is a clear failure, not retried', async () => {
  const { change, seen } = await bothWays({ status: 401, json: {} })
  expect(change).toMatchObject({ name: 'WrongCredentials', problem: 'bearer_refused' })
  expect(seen).toHaveLength(2)
})

const faults: readonly (readonly [string, Scripted])[] = [
  ['never answers', () => undefined],
  ['resets before the answer', (response: ServerResponse) => response.socket?.resetAndDestroy()],
  [
    'resets in the middle of the answer',
    (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('{"data":', () => response.socket?.resetAndDestroy())
    },
  ],
  [
    'stops in the middle of the answer',
    (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"data":')
    },
  ],
]

test.each(faults)('a server that %s leaves a change unknown and a read to be tried again', async (_name, fault) => {
  const { read, change, seen } = await bothWays(fault)
  expect(read).toBeInstanceOf(AutenticoUnavailable)
  expect(change).toBeInstanceOf(OutcomeUnknown)
  expect(seen).toHaveLength(2)
})

test('an answer that drips for ever ends at the limit for the whole exchange', async () => {
  const drips: Scripted = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const drip = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(drip))
  }
  await using server = await scriptedServer(() => drips)
  const tight = { ...limits, totalMs: 150 }
  await using autentico = connectAutentico({
    url: server.url,
    credentials: { kind: 'bearer', token: bearer },
    limits: tight,
  })
  await expect(autentico.users.revokeSessions('a1')).rejects.toBeInstanceOf(OutcomeUnknown)
})

test('a refused connection means that nothing was sent, a change included', async () => {
  const url = await scriptedServer(() => administrationPage).then(async (server) => {
    await server[Symbol.asyncDispose]()
    return server.url
  })
  await using autentico = connect(url)
  const error: unknown = await autentico.users.revokeSessions('a1').catch((one: unknown) => one)
  expect(error).toBeInstanceOf(AutenticoUnavailable)
  expect(String(error)).toContain('nothing was sent')
})

test('a huge body is not read to its end', async () => {
  const { read } = await bothWays({ status: 200, json: { data: alice, padding: 'x'.repeat(50_000) } })
  expect(read).toBeInstanceOf(UnexpectedAnswer)
})

test.each([
  ['truncated JSON', '{"data":{"id":"a1"'],
  ['another shape', '{"data":{"id":7}}'],
  ['an error with 200', '{"error":"server_error"}'],
  ['a list', '[]'],
])('%s with 200 is no account', async (_name, text) => {
  const { read } = await bothWays({ status: 200, text, headers: { 'content-type': 'application/json' } })
  expect(read).toBeInstanceOf(UnexpectedAnswer)
})

test('a change answered with truncated JSON may have happened', async () => {
  await using server = await scriptedServer(() => ({
    status: 200,
    text: '{"da',
    headers: { 'content-type': 'application/json' },
  }))
  await using autentico = connect(server.url)
  await expect(autentico.users.clearMfa('a1')).rejects.toBeInstanceOf(OutcomeUnknown)
})

test.each([
  ['../clients', '/admin/api/users/..%2Fclients'],
  ['a?x=1', '/admin/api/users/a%3Fx%3D1'],
  ['%2e%2e', '/admin/api/users/%252e%252e'],
  ['a/b#c', '/admin/api/users/a%2Fb%23c'],
])('the id %s stays one segment of the path', async (id, path) => {
  await using server = await scriptedServer(() => ({ status: 404, json: { error: 'not_found' } }))
  await using autentico = connect(server.url)
  expect(await autentico.users.read(id)).toBeUndefined()
  expect(server.seen.map((one) => one.path)).toEqual([path])
})

test.each([[''], ['.'], ['..'], ['a\r\nX-Evil: 1'], ['a\u0000'], ['\ud800'], ['x'.repeat(10_240)]])(
  'the id %j is never sent',
  async (id) => {
    await using server = await scriptedServer(() => ({ status: 204 }))
    await using autentico = connect(server.url)
    await expect(autentico.users.revokeSessions(id)).rejects.toBeInstanceOf(NotSent)
    await expect(autentico.users.deactivate(id)).rejects.toBeInstanceOf(NotSent)
    expect(server.seen).toEqual([])
  },
)

test('no message repeats the token, the password or the body, even if the server echoes them', async () => {
  const password = 'correct horse 9'
  const echo = { error: 'invalid_request', error_description: `bad password ${password}`, token: bearer }
  await using server = await scriptedServer(() => ({ status: 400, json: echo }))
  await using autentico = connect(server.url)
  const error: unknown = await autentico.users.setPassword('a1', password).catch((one: unknown) => one)
  expect(error).toBeInstanceOf(AutenticoRejected)
  expect(String(error)).not.toContain(password)
  expect(String(error)).not.toContain(bearer)
})

test('every answer, refused ones too, is told with its request id and without ids in the call', async () => {
  await using server = await scriptedServer((_, index) =>
    index === 0 ? { status: 204 } : { status: 404, json: { error: 'not_found' } },
  )
  await using autentico = connect(server.url)
  const exchanges: Exchange[] = []
  const traced = autentico.tracing((exchange) => exchanges.push(exchange))
  await traced.users.revokeSessions('a1')
  await traced.users.read('a1')
  await autentico.users.read('a1')
  expect(exchanges).toEqual([
    { call: 'POST /admin/api/users/{id}/revoke-sessions', status: 204, requestId: 'request-1' },
    { call: 'GET /admin/api/users/{id}', status: 404, requestId: 'request-2' },
  ])
})

test('a base URL with a path keeps it; one with credentials or another scheme is refused', async () => {
  await using server = await scriptedServer(() => ({ status: 404, json: { error: 'not_found' } }))
  await using autentico = connect(`${server.url}/id/`)
  await autentico.users.read('a1')
  expect(server.seen[0]?.path).toBe('/id/admin/api/users/a1')

  expect(() => connect('http://bot:pass@127.0.0.1')).toThrow('AUTENTICO_URL')
  expect(() => connect('file:///etc/passwd')).toThrow('AUTENTICO_URL')
})

test('a bearer that is no JWT cannot say whose it is', async () => {
  await using autentico = connectAutentico({
    url: 'http://127.0.0.1:9',
    credentials: { kind: 'bearer', token: 'opaque' },
  })
  await expect(autentico.whoami()).rejects.toBeInstanceOf(WrongCredentials)
})
