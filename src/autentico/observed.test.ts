import { expect, test } from 'vitest'
import { connectAutentico } from './connect.ts'
import type { Ended } from './observed.ts'
import { type Scripted, scriptedServer, unsignedToken } from './scripted-server.ts'

const credentials = { kind: 'bearer', token: unsignedToken('bot') } as const
const limits = { headersMs: 300 }

test.for([
  ['an answer', { status: 200, json: {} }, '2xx', true],
  ['a refusal', { status: 404, json: {} }, '4xx', true],
  ['a fault over there', { status: 503, json: {} }, '5xx', false],
] as const)('%s is told by its class, with the time that it took', async ([, answer, told, reachable]) => {
  await using server = await scriptedServer(() => answer as Scripted)
  const ended: Ended[] = []
  const connection = connectAutentico({ url: server.url, credentials, limits, ended: (one) => void ended.push(one) })
  await using autentico = connection
  expect(await autentico.reachable()).toBe(reachable)
  expect(ended.map(({ answer: said }) => said)).toEqual([told])
  expect(ended[0]?.ms).toBeGreaterThan(0)
})

test('where nobody answers it is told that nothing happened, and it is not reachable', async () => {
  const { url } = await closed()
  const ended: Ended[] = []
  await using autentico = connectAutentico({ url, credentials, ended: (one) => void ended.push(one) })
  expect(await autentico.reachable()).toBe(false)
  expect(ended.map(({ answer }) => answer)).toEqual(['unavailable'])
})

/** An address on which nobody listens any more. */
async function closed(): Promise<{ readonly url: string }> {
  await using server = await scriptedServer(() => ({ status: 200, json: {} }) as Scripted)
  return { url: server.url }
}
