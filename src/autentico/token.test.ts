import { expect, test } from 'vitest'
import { connectAutentico } from './connect.ts'
import { credentialAdvice } from './failures.ts'
import {
  administrationPage,
  type Scripted,
  type Seen,
  scriptedServer,
  unsignedToken,
  userRow,
} from './scripted-server.ts'
import type { Credentials } from './token.ts'
import { totp } from './totp.ts'

const credentials: Credentials = {
  kind: 'password',
  clientId: 'incident-bot',
  clientSecret: 'client-secret-1',
  username: 'incident-bot',
  password: 'bot-password-1',
}
const alice = { status: 200, json: { data: userRow({ id: 'a1', username: 'alice' }) } }

const grant = (token: string, seconds = 900): Scripted => ({
  status: 200,
  json: { access_token: token, token_type: 'Bearer', expires_in: seconds, refresh_token: 'never-used' },
})

function connect(url: string, options: { readonly as?: Credentials; readonly now?: () => Date } = {}) {
  return connectAutentico({ url, credentials: options.as ?? credentials, ...(options.now && { now: options.now }) })
}

const isSignIn = (seen: Seen): boolean => seen.path === '/oauth2/token'
const signIns = (seen: readonly Seen[]): number => seen.filter(isSignIn).length

test('the bot signs in by the password grant of its confidential client, as a form', async () => {
  await using server = await scriptedServer((one) => (isSignIn(one) ? grant('t1') : alice))
  await using autentico = connect(server.url)
  await autentico.users.read('a1')
  expect(Object.fromEntries(new URLSearchParams(server.seen[0]?.body))).toEqual({
    grant_type: 'password',
    client_id: 'incident-bot',
    client_secret: 'client-secret-1',
    username: 'incident-bot',
    password: 'bot-password-1',
  })
  expect(server.seen[1]?.bearer).toBe('t1')
})

test('callers at the same time share one sign-in, and the token is kept', async () => {
  await using server = await scriptedServer((one) => (isSignIn(one) ? grant('t1') : alice))
  await using autentico = connect(server.url)
  await Promise.all([autentico.users.read('a1'), autentico.users.read('a1'), autentico.users.read('a1')])
  await autentico.users.read('a1')
  expect(signIns(server.seen)).toBe(1)
})

test('shortly before its expiry the token is replaced, and never by the refresh grant', async () => {
  let now = new Date('2026-11-23T10:00:00Z')
  await using server = await scriptedServer((one, index) => (isSignIn(one) ? grant(`t${index}`) : alice))
  await using autentico = connect(server.url, { now: () => now })
  await autentico.users.read('a1')
  now = new Date('2026-11-23T10:14:29Z')
  await autentico.users.read('a1')
  expect(signIns(server.seen)).toBe(1)
  now = new Date('2026-11-23T10:14:31Z')
  await autentico.users.read('a1')
  expect(signIns(server.seen)).toBe(2)
  expect(server.seen.some((one) => one.body.includes('refresh'))).toBe(false)
})

test('after a 401 the bot signs in once more and repeats the call once', async () => {
  await using server = await scriptedServer((one, index) => {
    if (isSignIn(one)) return grant(index === 0 ? 'old' : 'new')
    return one.bearer === 'old' ? { status: 401, json: { error: 'invalid_token' } } : { status: 204 }
  })
  await using autentico = connect(server.url)
  await autentico.users.revokeSessions('a1')
  expect(server.seen.map((one) => one.path.split('/').at(-1))).toEqual([
    'token',
    'revoke-sessions',
    'token',
    'revoke-sessions',
  ])
})

test('a second 401 is final', async () => {
  await using server = await scriptedServer((one) => (isSignIn(one) ? grant('t1') : { status: 401, json: {} }))
  await using autentico = connect(server.url)
  await expect(autentico.users.revokeSessions('a1')).rejects.toMatchObject({ problem: 'token_refused' })
  expect(server.seen).toHaveLength(4)
})

test('callers refused together renew the token once', async () => {
  await using server = await scriptedServer((one, index) => {
    if (isSignIn(one)) return grant(index === 0 ? 'old' : 'new')
    return one.bearer === 'old' ? { status: 401, json: {} } : alice
  })
  await using autentico = connect(server.url)
  await Promise.all([autentico.users.read('a1'), autentico.users.read('a1')])
  expect(signIns(server.seen)).toBe(2)
})

test.each([
  [403, 'account_locked', 'account is temporarily locked due to too many failed login attempts', 'account_locked'],
  [403, 'mfa_required', 'MFA is required but not enrolled. Please enroll via the login page.', 'mfa_not_enrolled'],
  [403, 'mfa_required', 'TOTP code is required', 'totp_required'],
  [403, 'invalid_mfa_code', 'Invalid TOTP code', 'totp_wrong'],
  [401, 'invalid_client', 'invalid client credentials', 'invalid_client'],
  [400, 'unauthorized_client', 'Grant type not allowed for this client', 'unauthorized_client'],
  [400, 'invalid_grant', 'Invalid username or password', 'invalid_grant'],
] as const)('%i %s (%s) says what to do', async (status, error, error_description, problem) => {
  await using server = await scriptedServer(() => ({ status, json: { error, error_description } }))
  await using autentico = connect(server.url)
  const failure = autentico.users.read('a1')
  await expect(failure).rejects.toMatchObject({ name: 'WrongCredentials', problem, requestId: 'request-1' })
  await expect(failure).rejects.toThrow(credentialAdvice[problem])
})

test('refused credentials are not sent again at once: five wrong passwords would lock the bot out', async () => {
  let now = new Date('2026-11-23T10:00:00Z')
  await using server = await scriptedServer(() => ({ status: 400, json: { error: 'invalid_grant' } }))
  await using autentico = connect(server.url, { now: () => now })
  for (let attempt = 0; attempt < 5; attempt++) {
    await expect(autentico.users.read('a1')).rejects.toMatchObject({ problem: 'invalid_grant' })
  }
  expect(server.seen).toHaveLength(1)
  now = new Date('2026-11-23T10:01:01Z')
  await expect(autentico.users.read('a1')).rejects.toMatchObject({ problem: 'invalid_grant' })
  expect(server.seen).toHaveLength(2)
})

test('a rate-limited sign-in is left alone for at least three seconds', async () => {
  let now = new Date('2026-11-23T10:00:00Z')
  const limited: Scripted = { status: 429, json: { error: 'too_many_requests' }, headers: { 'retry-after': '1' } }
  await using server = await scriptedServer((one, index) =>
    index === 0 ? limited : isSignIn(one) ? grant('t1') : alice,
  )
  await using autentico = connect(server.url, { now: () => now })
  await expect(autentico.users.read('a1')).rejects.toMatchObject({ retryAfterMs: 3_000 })
  now = new Date('2026-11-23T10:00:02Z')
  await expect(autentico.users.read('a1')).rejects.toMatchObject({ name: 'AutenticoUnavailable' })
  expect(server.seen).toHaveLength(1)
  now = new Date('2026-11-23T10:00:03Z')
  expect(await autentico.users.read('a1')).toMatchObject({ username: 'alice' })
})

test.each([
  ['a page', administrationPage],
  ['a 404 in plain text', { status: 404, text: '404 page not found', headers: { 'content-type': 'text/plain' } }],
  ['a token of no known type', { status: 200, json: { access_token: 't', token_type: 'mac', expires_in: 1 } }],
] as const)('%s from the token endpoint is an unexpected answer', async (_name, answer) => {
  await using server = await scriptedServer(() => answer)
  await using autentico = connect(server.url)
  await expect(autentico.users.read('a1')).rejects.toMatchObject({ name: 'UnexpectedAnswer' })
})

test('a sign-in that breaks down may be tried again', async () => {
  await using server = await scriptedServer((one, index) => {
    if (index === 0) return { status: 500, json: { error: 'server_error' } }
    return isSignIn(one) ? grant('t1') : alice
  })
  await using autentico = connect(server.url)
  await expect(autentico.users.revokeSessions('a1')).rejects.toMatchObject({ name: 'AutenticoUnavailable' })
  expect(await autentico.users.read('a1')).toMatchObject({ id: 'a1' })
})

test('the TOTP code goes along when there is a secret', async () => {
  const now = new Date('2026-11-23T10:00:00Z')
  const as: Credentials = { ...credentials, totpSecret: 'JBSWY3DPEHPK3PXP' }
  await using server = await scriptedServer((one) => (isSignIn(one) ? grant(unsignedToken('bot')) : alice))
  await using autentico = connect(server.url, { as, now: () => now })
  expect(await autentico.whoami()).toMatchObject({ userId: 'bot' })
  expect(new URLSearchParams(server.seen[0]?.body).get('totp_code')).toBe(totp('JBSWY3DPEHPK3PXP', now))
})

test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_234_567_890, '005924'],
  [20_000_000_000, '353130'],
])('the TOTP code at %i s is the one of RFC 6238, appendix B, cut to six digits', (seconds, code) => {
  expect(totp('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', new Date(seconds * 1_000))).toBe(code)
})

test('a TOTP secret that is not base32 is named, not shown', () => {
  expect(() => totp('not base32!', new Date(0))).toThrow('AUTENTICO_TOTP_SECRET')
  expect(() => totp('not base32!', new Date(0))).not.toThrow('not base32!')
  expect(() => totp('', new Date(0))).toThrow('AUTENTICO_TOTP_SECRET')
})
