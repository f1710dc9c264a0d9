import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { type Scripted, type ScriptedServer, scriptedServer } from './scripted-server.ts'
import { openSignIns, type SignInEnd } from './sign-ins.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const now = new Date('2026-11-23T03:05:00.000Z')
const at = Math.floor(now.getTime() / 1_000)

type Parts = Readonly<Record<string, unknown>>

function part(value: Parts): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** An Autentico that lets a device in at the first poll, with this token. `change`: what it answers otherwise, by path. */
async function autentico(
  claims: (issuer: string) => Parts,
  change: (issuer: string) => Readonly<Record<string, Scripted>> = () => ({}),
): Promise<ScriptedServer> {
  let url = ''
  const server = await scriptedServer(({ path }) => {
    const issuer = `${url}/oauth2`
    const body = `${part({ alg: 'RS256', kid: 'key-1' })}.${part(claims(issuer))}`
    const id_token = `${body}.${sign('sha256', Buffer.from(body), privateKey).toString('base64url')}`
    const answers: Readonly<Record<string, Scripted>> = {
      '/oauth2/.well-known/openid-configuration': { status: 200, json: { issuer, jwks_uri: `${issuer}/keys` } },
      '/oauth2/keys': { status: 200, json: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'key-1' }] } },
      '/oauth2/device_authorization': {
        status: 200,
        json: { device_code: 'd', user_code: 'WDJB-MJHT', verification_uri: `${url}/account/device`, expires_in: 600 },
      },
      '/oauth2/token': { status: 200, json: { access_token: 'a', refresh_token: 'r', id_token } },
      '/oauth2/revoke': { status: 200 },
      ...change(issuer),
    }
    return answers[path] ?? { status: 404, text: 'not found' }
  })
  url = server.url
  return server
}

const genuine = (iss: string): Parts => ({ iss, sub: 'cv3kbao', aud: 'step-up', exp: at + 900, iat: at, auth_time: at })

async function ended(server: ScriptedServer, notRevoked = vi.fn<(error: Error) => void>()): Promise<SignInEnd> {
  const broke = vi.fn<(error: unknown) => void>()
  const client = { clientId: 'step-up' }
  const pause = async (): Promise<void> => undefined
  await using signIns = openSignIns({ url: server.url, client, notRevoked, broke, now: () => now, pause })
  const { ended: end } = await signIns.begin()
  const result = await end
  expect(broke).not.toHaveBeenCalled()
  return result
}

test('a genuine token says who it was, and what came with it is taken back', async () => {
  await using server = await autentico(genuine)
  expect(await ended(server)).toMatchObject({ kind: 'signed-in', who: { sub: 'cv3kbao' } })
  expect(server.seen.map(({ path, body }) => `${path} ${body}`).at(-1)).toBe('/oauth2/revoke token=r&client_id=step-up')
})

test.each<[string, (issuer: string) => Parts, string]>([
  ['of another client', (iss) => ({ ...genuine(iss), aud: 'portal' }), 'it was issued to another client'],
  ['of another issuer', () => genuine('https://mallory.test/oauth2'), 'another issuer made it'],
  ['that has expired', (iss) => ({ ...genuine(iss), exp: at - 61 }), 'it has expired'],
  ['of an earlier sign-in', (iss) => ({ ...genuine(iss), iat: at - 61 }), 'it is older than what asked for it'],
])('a token %s is not believed, and taken back all the same', async (_what, claims, why) => {
  await using server = await autentico(claims)
  expect(await ended(server)).toEqual({ kind: 'not-acceptable', why })
  expect(server.seen.at(-1)?.path).toBe('/oauth2/revoke')
})

test('tokens that cannot be taken back are told, and count', async () => {
  const notRevoked = vi.fn<(error: Error) => void>()
  await using server = await autentico(genuine, () => ({ '/oauth2/revoke': { status: 503 } }))
  expect(await ended(server, notRevoked)).toMatchObject({ kind: 'signed-in' })
  expect(notRevoked).toHaveBeenCalledOnce()
})

test('nobody is sent to an address that is not Autentico’s own', async () => {
  const verification_uri = 'https://mallory.test/account/device'
  await using server = await autentico(genuine, () => ({
    '/oauth2/device_authorization': {
      status: 200,
      json: { device_code: 'd', user_code: 'WDJB-MJHT', verification_uri, expires_in: 600 },
    },
  }))
  await expect(ended(server)).rejects.toThrow('sends people to an address that is not its own')
})

test('an answer without an ID token is not believed', async () => {
  await using server = await autentico(genuine, () => ({
    '/oauth2/token': { status: 200, json: { access_token: 'a', refresh_token: 'r' } },
  }))
  expect(await ended(server)).toEqual({ kind: 'not-acceptable', why: 'there is no ID token in it' })
})

test('one that is cancelled ends at once, and Autentico is asked about it no more', async () => {
  await using server = await autentico(genuine)
  const pause = async (_ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  const ignored = (): void => undefined
  const options = { url: server.url, client: { clientId: 'step-up' }, notRevoked: ignored, broke: ignored }
  await using signIns = openSignIns({ ...options, now: () => now, pause })
  const [one, other] = [await signIns.begin(), await signIns.begin()]
  one.cancel()
  expect(await one.ended).toEqual({ kind: 'aborted' })
  expect(server.seen.map(({ path }) => path)).not.toContain('/oauth2/token')
  // The other one goes on until this program ends.
  await signIns[Symbol.asyncDispose]()
  expect(await other.ended).toEqual({ kind: 'aborted' })
})
