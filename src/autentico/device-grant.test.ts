import { describe, expect, test } from 'vitest'
import {
  awaitDeviceGrant,
  type DeviceGrantDeps,
  type GrantEnd,
  revokeTokens,
  startDeviceGrant,
  whyNoDeviceGrant,
} from './device-grant.ts'
import { AutenticoRejected, UnexpectedAnswer } from './failures.ts'
import { administrationPage, type Scripted, type ScriptedServer, scriptedServer } from './scripted-server.ts'
import { defaultLimits, openTransport } from './transport.ts'

const begun = {
  device_code: 'd0c0de',
  user_code: 'WDJB-MJHT',
  verification_uri: 'https://id.acme.test/account/device',
  verification_uri_complete: 'https://id.acme.test/account/device/WDJB-MJHT',
  expires_in: 600,
  interval: 5,
}
const tokens: Scripted = {
  status: 200,
  json: { access_token: 'a', refresh_token: 'r', id_token: 'i', token_type: 'Bearer' },
}

function refusal(error: string): Scripted {
  return { status: 400, json: { error, error_description: 'x' } }
}

/** A clock that moves only while the grant waits. */
function clocked(server: ScriptedServer, client: DeviceGrantDeps['client'] = { clientId: 'step-up' }) {
  const waits: number[] = []
  let ms = Date.parse('2026-11-23T03:00:00.000Z')
  const deps: DeviceGrantDeps = {
    transport: openTransport(new URL(server.url), defaultLimits),
    oauthPath: '/oauth2',
    client,
    now: () => new Date(ms),
    pause: async (wait) => {
      waits.push(wait / 1000)
      ms += wait
    },
  }
  return { deps, waits }
}

/** Polls until the end. Answers beyond those given are tokens, which nobody should ask for. */
async function played(...answers: readonly Scripted[]) {
  await using server = await scriptedServer(({ path }, index) =>
    path === '/oauth2/device_authorization' ? { status: 200, json: begun } : (answers[index - 1] ?? tokens),
  )
  const { deps, waits } = clocked(server)
  await using _transport = deps.transport
  const grant = await startDeviceGrant(deps)
  const end: GrantEnd = await awaitDeviceGrant(deps, grant, new AbortController().signal)
  return { end, waits, polls: server.seen.filter(({ path }) => path === '/oauth2/token') }
}

describe('starting a device grant', () => {
  test('says what the person is shown', async () => {
    await using server = await scriptedServer(() => ({ status: 200, json: begun }))
    const { deps } = clocked(server, { clientId: 'step-up', clientSecret: 'hush' })
    await using _transport = deps.transport
    expect(await startDeviceGrant(deps)).toEqual({
      deviceCode: 'd0c0de',
      userCode: 'WDJB-MJHT',
      verificationUri: begun.verification_uri,
      verificationUriComplete: begun.verification_uri_complete,
      expiresAt: new Date('2026-11-23T03:10:00.000Z'),
      intervalMs: 5_000,
    })
    expect(server.seen[0]?.body).toBe('scope=openid+profile+email&client_id=step-up&client_secret=hush')
  })

  test.each<[string, Scripted, new (...args: never) => Error]>([
    ['a client that may not', refusal('unauthorized_client'), AutenticoRejected],
    ['a page in place of an answer', administrationPage, UnexpectedAnswer],
    ['a link that is none', { status: 200, json: { ...begun, verification_uri: 'javascript:alert(1)' } }, Error],
    ['a code with markup in it', { status: 200, json: { ...begun, user_code: '<!channel>' } }, Error],
  ])('fails for %s', async (_what, answer, failure) => {
    await using server = await scriptedServer(() => answer)
    const { deps } = clocked(server)
    await using _transport = deps.transport
    await expect(startDeviceGrant(deps)).rejects.toThrow(failure)
  })
})

describe('polling', () => {
  test('goes on while the person has not decided, as often as Autentico wants, and ends with the tokens', async () => {
    const pending = refusal('authorization_pending')
    const { end, waits, polls } = await played(pending, pending, tokens)
    expect(end).toEqual({ kind: 'tokens', tokens: { accessToken: 'a', refreshToken: 'r', idToken: 'i' } })
    expect(waits).toEqual([5, 5, 5])
    expect(polls.map(({ body }) => body)).toEqual(
      Array.from(
        { length: 3 },
        () => 'grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d0c0de&client_id=step-up',
      ),
    )
  })

  test('is slower by five seconds for good each time it was too fast', async () => {
    const { waits } = await played(refusal('slow_down'), refusal('slow_down'), refusal('authorization_pending'), tokens)
    expect(waits).toEqual([5, 10, 15, 15])
  })

  test.each<[string, GrantEnd]>([
    ['access_denied', { kind: 'denied' }],
    ['expired_token', { kind: 'expired' }],
    ['invalid_grant', { kind: 'failed', sentence: 'Autentico answered 400 invalid_grant.' }],
  ])('ends with %s, and the code is not sent again', async (code, ended) => {
    const { end, polls } = await played(refusal(code))
    expect(end).toEqual(ended)
    expect(polls).toHaveLength(1)
  })

  test('backs off while Autentico is busy, away, or cuts its answer', async () => {
    const cut: Scripted = (response) => void response.destroy()
    const { end, waits } = await played(
      { status: 429, json: { error: 'too_many_requests' } },
      cut,
      { status: 503 },
      tokens,
    )
    expect(end.kind).toBe('tokens')
    expect(waits).toEqual([5, 10, 20, 40])
  })

  test('ends when the code’s time is over, whatever Autentico says', async () => {
    const { end, waits } = await played(...Array.from({ length: 500 }, () => refusal('authorization_pending')))
    expect(end).toEqual({ kind: 'expired' })
    expect(waits.reduce((sum, one) => sum + one, 0)).toBe(600)
  })

  test('ends at once when the program ends', async () => {
    await using server = await scriptedServer(() => ({ status: 200, json: begun }))
    const { deps } = clocked(server)
    await using _transport = deps.transport
    const grant = await startDeviceGrant(deps)
    expect(await awaitDeviceGrant(deps, grant, AbortSignal.abort())).toEqual({ kind: 'aborted' })
    expect(server.seen).toHaveLength(1)
  })
})

test('what the grant gave is taken back by its refresh token, or by the access token where there is none', async () => {
  await using server = await scriptedServer(() => ({ status: 200 }))
  const { deps } = clocked(server)
  await using _transport = deps.transport
  await revokeTokens(deps, { accessToken: 'a', refreshToken: 'r', idToken: 'i' })
  await revokeTokens(deps, { accessToken: 'a', refreshToken: undefined, idToken: 'i' })
  expect(server.seen.map(({ path, body }) => `${path} ${body}`)).toEqual([
    '/oauth2/revoke token=r&client_id=step-up',
    '/oauth2/revoke token=a&client_id=step-up',
  ])
})

test.each<[string, Scripted, RegExp]>([
  ['a client that may', refusal('invalid_grant'), /^$/],
  ['one that Autentico does not accept', { status: 401, json: { error: 'invalid_client' } }, /Check STEP_UP_CLIENT_ID/],
  ['one without the grant', refusal('unauthorized_client'), /may not use the device grant/],
])('whether it can be begun is asked without beginning it: %s', async (_what, answer, why) => {
  await using server = await scriptedServer(() => answer)
  const { deps } = clocked(server)
  await using _transport = deps.transport
  expect((await whyNoDeviceGrant(deps)) ?? '').toMatch(why)
  expect(server.seen.map(({ path }) => path)).toEqual(['/oauth2/token'])
})
