import { expect, test } from 'vitest'
import { connectAutentico } from './connect.ts'
import { type Ended, observed } from './observed.ts'
import { type Scripted, scriptedServer, unsignedToken } from './scripted-server.ts'
import { defaultLimits, openTransport, type Request } from './transport.ts'

const read: Request = { method: 'GET', path: '/', call: 'GET', headers: {}, mayChange: false }
const change: Request = { ...read, method: 'POST', call: 'POST', mayChange: true }
const silent: Scripted = (response) => void response.destroy()

/** Sends one request to a server that answers so; returns what was told of it. */
async function toldOf(answer: Scripted, request: Request): Promise<readonly Ended[]> {
  await using server = await scriptedServer(() => answer)
  const ended: Ended[] = []
  await using transport = observed(openTransport(new URL(server.url), defaultLimits), (one) => void ended.push(one))
  await transport.send(request).catch(() => undefined)
  return ended
}

test.for([
  ['an answer', { status: 200, json: {} }, read, '2xx'],
  ['a redirect', { status: 302 }, read, '3xx'],
  ['a refusal', { status: 404, json: {} }, read, '4xx'],
  ['a fault over there', { status: 503, json: {} }, read, '5xx'],
  ['a read without an answer', silent, read, 'unavailable'],
  ['a change without an answer', silent, change, 'outcome unknown'],
] as const)('%s is told by its class, with the time that it took', async ([, answer, request, told]) => {
  const ended = await toldOf(answer, request)
  expect(ended.map(({ answer: said }) => said)).toEqual([told])
  expect(ended[0]?.ms).toBeGreaterThan(0)
})

test('whether Autentico answers at all can be asked, and is not counted', async () => {
  const credentials = { kind: 'bearer', token: unsignedToken('bot') } as const
  let status = 200
  const server = await scriptedServer(() => ({ status, json: {} }))
  const ended: Ended[] = []
  await using autentico = connectAutentico({ url: server.url, credentials, ended: (one) => void ended.push(one) })
  expect(await autentico.reachable()).toBe(true)
  status = 503
  expect(await autentico.reachable()).toBe(false)
  await server[Symbol.asyncDispose]()
  expect(await autentico.reachable()).toBe(false)
  expect(ended).toEqual([])
})
