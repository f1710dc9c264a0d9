import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { connectAutentico } from './connect.ts'
import { administrationPage, type Scripted, scriptedServer, unsignedToken, userRow } from './scripted-server.ts'
import { type ChangeableSetting, changeableSettings } from './settings.ts'

const now = (): Date => new Date('2026-06-18T12:00:00Z')

function connect(url: string) {
  return connectAutentico({ url, credentials: { kind: 'bearer', token: unsignedToken('bot') }, now })
}

const list = (items: readonly unknown[]): Scripted => ({ status: 200, json: { data: { items, total: items.length } } })
const plain = (data: unknown): Scripted => ({ status: 200, json: { data } })

const session = (fields: object): object => ({
  id: 's1',
  user_id: 'a1',
  user_agent: 'curl',
  ip_address: '203.0.113.9',
  created_at: '2026-06-18T10:00:00Z',
  expires_at: '2026-06-18T10:15:00Z',
  deactivated_at: null,
  status: 'active',
  ...fields,
})

const token = (fields: object): object => ({
  id: 't1',
  user_id: 'a1',
  username: 'bob',
  email: 'bob@acme.test',
  scope: 'openid',
  grant_type: 'password',
  issued_at: '2026-06-18T11:55:00Z',
  access_token_expires_at: '2026-06-18T12:10:00Z',
  revoked_at: null,
  ...fields,
})

const event = (fields: object): object => ({
  id: 'e1',
  event: 'login_success',
  actor_id: 'a1',
  actor_username: 'bob',
  target_type: 'user',
  target_id: 'a1',
  detail: '',
  ip_address: '203.0.113.9',
  created_at: '2026-06-18T10:00:00Z',
  ...fields,
})

test('an expired session is live until it is deactivated, because it can still be refreshed', async () => {
  const expired = session({ id: 's1', status: 'expired' })
  const ended = session({ id: 's2', status: 'deactivated', deactivated_at: '2026-06-18T11:00:00.5+02:00' })
  await using server = await scriptedServer(() => plain([expired, ended]))
  await using autentico = connect(server.url)
  expect(await autentico.sessions.ofUser('a1')).toMatchObject([
    { id: 's1', live: true },
    { id: 's2', live: false },
  ])
  expect(await autentico.proofs.noLiveSessions('a1')).toMatchObject({ proven: false })
})

test('a list that ignores the filter does not mix in the sessions of others', async () => {
  await using server = await scriptedServer(() => plain([session({ user_id: 'other' })]))
  await using autentico = connect(server.url)
  expect(await autentico.sessions.ofUser('a1')).toEqual([])
})

test('the id of an SSO login is a cookie, and only its digest is handed out', async () => {
  const cookie = 'c00kie-c00kie-c00kie-c00kie-c00kie-c00kie-1'
  const row = {
    ...session({ id: cookie }),
    last_activity_at: '2026-06-18T11:00:00Z',
    active_apps_count: 2,
    username: '',
  }
  await using server = await scriptedServer(() => plain([row]))
  await using autentico = connect(server.url)
  const logins = await autentico.sessions.idpOfUser('a1')
  expect(logins).toMatchObject([
    { digest: createHash('sha256').update(cookie).digest('hex').slice(0, 16), activeApps: 2 },
  ])
  expect(JSON.stringify(logins)).not.toContain(cookie)
})

test('the tokens of a username that contains the wanted one are left out', async () => {
  await using server = await scriptedServer(() =>
    list([token({}), token({ id: 't2', user_id: 'a2', username: 'bobby' }), token({ id: 't3', user_id: null })]),
  )
  await using autentico = connect(server.url)
  expect((await autentico.tokens.ofUser({ id: 'a1', username: 'bob' })).map((one) => one.id)).toEqual(['t1'])
  expect(server.seen[0]?.path).toContain('search=bob')
  expect(await autentico.proofs.noLiveTokens({ id: 'a1', username: 'bob' })).toMatchObject({ proven: false })
})

test('audit filters are whole days, and the hours are compared here', async () => {
  const early = event({ id: 'e0', created_at: '2026-06-18T09:59:59Z' })
  const late = event({ id: 'e2', created_at: '2026-06-18T10:00:01Z' })
  await using server = await scriptedServer(() => list([early, event({}), late]))
  await using autentico = connect(server.url)
  const window = { since: new Date('2026-06-18T10:00:00.700Z'), until: new Date('2026-06-18T10:00:00.900Z') }
  expect((await autentico.audit.slice(window)).map((one) => one.id)).toEqual(['e1'])
  const query = new URL(server.seen[0]?.path ?? '', 'http://x').searchParams
  expect(query.get('created_at_from')).toBe('2026-06-18')
  expect(query.get('created_at_to')).toBe('2026-06-19')
})

test('changes are read kind by kind, so that no flood of sign-ins hides them or holds them up', async () => {
  await using server = await scriptedServer((seen) => {
    const wanted = new URL(seen.path, 'http://x').searchParams.get('event') ?? ''
    const at = wanted === 'client_created' ? '2026-06-18T10:00:02Z' : '2026-06-18T10:00:01Z'
    return list(/^(client|user)_created$/.test(wanted) ? [event({ id: wanted, event: wanted, created_at: at })] : [])
  })
  await using autentico = connect(server.url)
  const window = { since: new Date('2026-06-18T00:00:00Z'), until: now() }
  expect((await autentico.audit.changes(window)).map((one) => one.event)).toEqual(['user_created', 'client_created'])
  expect(server.seen.map((one) => one.path).join(' ')).not.toMatch(/login|mfa_success|event=&/)
})

test('the audit events of an account are those it acts in, suffers, or is named in by a failed sign-in', async () => {
  const failed = { actor_id: null, actor_username: '', target_id: '' }
  await using server = await scriptedServer(() =>
    list([
      event({ id: 'acts', target_id: 'x' }),
      event({ id: 'suffers', actor_id: 'admin' }),
      event({ id: 'named', ...failed, detail: '{"username":"bob"}' }),
      event({ id: 'other', ...failed, detail: '{"username":"bobby"}' }),
      event({ id: 'broken', ...failed, detail: 'not json' }),
    ]),
  )
  await using autentico = connect(server.url)
  const window = { since: new Date('2026-06-18T00:00:00Z'), until: now() }
  const events = await autentico.audit.ofAccount({ id: 'a1', username: 'bob' }, window)
  expect(events.map((one) => one.id)).toEqual(['acts', 'named', 'suffers'])
})

test('a dead cookie in the audit log is shown as a digest too', async () => {
  const cookie = 'c00kie-c00kie-c00kie-c00kie-c00kie-c00kie-1'
  await using server = await scriptedServer(() => list([event({ target_type: 'session', target_id: cookie })]))
  await using autentico = connect(server.url)
  const events = await autentico.audit.slice({ since: new Date('2026-06-18T00:00:00Z'), until: now() })
  expect(JSON.stringify(events)).not.toContain(cookie)
})

test.each([
  ['720h', true],
  ['-1', true],
  ['0', false],
  ['', false],
])('with an audit retention of %j auditing is on: %s', async (retention, on) => {
  await using server = await scriptedServer(() => plain({ audit_log_retention: retention }))
  await using autentico = connect(server.url)
  expect(await autentico.audit.auditing()).toMatchObject({ on })
})

test('without the setting nobody knows whether auditing is on', async () => {
  await using server = await scriptedServer(() => plain({}))
  await using autentico = connect(server.url)
  expect(await autentico.audit.auditing()).toMatchObject({ on: 'unknown' })
})

test('a setting that this server does not have is not sent, because a typo would be answered 204', async () => {
  await using server = await scriptedServer(() => plain({ sso_enabled: 'true' }))
  await using autentico = connect(server.url)
  await expect(autentico.settings.put('magic_link_enabled', 'false')).rejects.toMatchObject({ name: 'NotSent' })
  await expect(autentico.settings.put('smtp_host' as ChangeableSetting, 'x')).rejects.toMatchObject({ name: 'NotSent' })
  expect(server.seen.filter((one) => one.method === 'PUT')).toEqual([])
})

test('a setting counts as changed when it reads back so', async () => {
  let value = 'true'
  await using server = await scriptedServer((seen) => {
    if (seen.method !== 'PUT')
      return plain({ sso_enabled: value, trust_device_enabled: 'true', smtp_password: 'secret' })
    if (seen.body.includes('sso_enabled')) value = 'false'
    return { status: 204 }
  })
  await using autentico = connect(server.url)
  await autentico.settings.put('sso_enabled', 'false')
  await expect(autentico.settings.put('trust_device_enabled', 'false')).rejects.toMatchObject({
    name: 'UnexpectedAnswer',
  })
  expect([...(await autentico.settings.read()).keys()]).not.toContain('smtp_password')
})

test('MFA is not required of everybody while that would lock the bot out', async () => {
  await using server = await scriptedServer((seen) => {
    if (seen.method === 'PUT') return { status: 204 }
    return seen.path.includes('/users/')
      ? plain(userRow({ id: 'bot', username: 'incident-bot' }))
      : plain({ require_mfa: 'false' })
  })
  await using autentico = connect(server.url)
  await expect(autentico.settings.put('require_mfa', 'true')).rejects.toThrow('lock the bot out')
  expect(server.seen.some((one) => one.method === 'PUT')).toBe(false)
  expect(changeableSettings).not.toContain('access_token_audience')
})

test('what cannot be read is unknown, never proven', async () => {
  await using server = await scriptedServer(() => administrationPage)
  await using autentico = connect(server.url)
  const account = { id: 'a1', username: 'alice' }
  const checks = [
    ...(await autentico.proofs.revoked(account)),
    ...(await autentico.proofs.mfaCleared('a1')),
    ...(await autentico.proofs.doorsClosed('a1', { includeFederated: true })),
    await autentico.proofs.suspended(account),
  ]
  expect(checks).toHaveLength(13)
  expect(checks.filter((one) => one.proven !== 'unknown')).toEqual([])
})
