import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { AccountId } from '#/incident/account.ts'
import type { StepCheck } from '#/incident/work.ts'
import { open } from '../seal.ts'
import { againFor, aSite, orderFor, resultOf, type Site, signInAs } from '../test-support.ts'
import type { Subject } from '../work-order.ts'

function notProven(checks: readonly StepCheck[]): readonly string[] {
  return checks.filter(({ proven }) => proven !== true).map(({ name, detail }) => `${name}: ${detail}`)
}

const client = { kind: 'client', id: 'rogue-app', name: 'Rogue' } satisfies Subject

function registers(site: Site): void {
  site.sql(
    `INSERT INTO clients (id, client_id, client_name, client_type, redirect_uris, grant_types, response_types, scopes, token_endpoint_auth_method, is_active, allowed_audiences)
     VALUES ('x', 'rogue-app', 'Rogue', 'public', '["https://*.evil.test/cb"]', '["password"]', '["code"]', 'openid', 'none', 1, '["autentico-admin"]')`,
  )
}

let reviews = 1_000

async function reviewed(site: Site, action: 'review-admins' | 'review-clients', expected: readonly string[] = []) {
  return resultOf(await site.run(orderFor(site.target, { action, seq: (reviews += 1), expected })), 'done')
}

test('a snapshot of Autentico says what the worker can reach, and keeps the evidence', async () => {
  const site = await aSite({ whole: true, environment: true })
  const taken = resultOf(await site.run(orderFor(site.target, { action: 'snapshot-instance', seq: 20 })), 'snapshot')
  expect(taken.instance).toMatchObject({ database: true, environment: true, proxy: null, keyId: 'autentico-key-1' })
  expect(taken.evidence.map(({ name }) => name)).toEqual([
    'admins.json',
    'clients.json',
    'providers.json',
    'settings.json',
    'key.json',
  ])
}, 30_000)

test('an administrator that nobody has spoken for is found, demoted with proof, and not found again', async () => {
  const site = await aSite({ whole: true })
  const bobby = site.idp.accounts['bobby']
  site.sql(`UPDATE users SET role = 'admin' WHERE username = 'bobby'`)
  const { findings = [] } = await reviewed(site, 'review-admins')
  const found = findings.find(({ subject }) => subject.name === 'bobby')
  expect(found).toMatchObject({ kind: 'admin', ways: ['demote-admin', 'suspend-account'] })

  const target = { id: (bobby?.id ?? '') as AccountId, username: 'bobby', email: 'bobby@acme.test' }
  const demoted = resultOf(await site.approve('demote-admin', 40, { target }), 'done')
  expect(notProven(demoted.checks)).toEqual([])
  expect((await reviewed(site, 'review-admins')).findings?.map(({ subject }) => subject.name)).not.toContain('bobby')
}, 30_000)

test('what was accepted in an earlier review is asked about again only when it has changed', async () => {
  const site = await aSite({ whole: true })
  registers(site)
  const first = await reviewed(site, 'review-clients')
  const key = first.findings?.find(({ subject }) => subject.id === 'rogue-app')?.key ?? ''
  const ids = async () => (await reviewed(site, 'review-clients', [key])).findings?.map(({ subject }) => subject.id)
  expect(await ids()).not.toContain('rogue-app')
  site.sql(`UPDATE clients SET redirect_uris = '["https://elsewhere.test/cb"]' WHERE client_id = 'rogue-app'`)
  expect(await ids()).toContain('rogue-app')
}, 30_000)

test('a rogue client is flagged for what it can do, and disabled with proof', async () => {
  const site = await aSite({ whole: true })
  registers(site)
  const { findings = [] } = await reviewed(site, 'review-clients')
  const flags = findings.find(({ subject }) => subject.id === 'rogue-app')?.flags
  expect(flags).toEqual([
    expect.stringContaining('nor in KNOWN_CLIENTS'),
    expect.stringContaining('open the admin API'),
    expect.stringContaining('takes passwords'),
    expect.stringContaining('wildcard'),
  ])

  const done = resultOf(await site.approve('disable-client', 40, { subject: client }), 'done')
  expect(notProven(done.checks)).toEqual([])
}, 30_000)

test('Autentico’s own client is never disabled', async () => {
  const site = await aSite({ whole: true })
  const own = { kind: 'client', id: 'autentico-admin', name: 'Admin UI' } satisfies Subject
  expect(resultOf(await site.approve('disable-client', 40, { subject: own }), 'failed').sentence).toMatch(
    /Autentico's own/,
  )
}, 30_000)

test('a setting that opens a door is put right with proof', async () => {
  const site = await aSite({ whole: true, settings: { allow_self_signup: 'true' } })
  const subject = { kind: 'setting', id: 'allow_self_signup', name: 'allow_self_signup' } satisfies Subject
  const done = resultOf(await site.approve('close-setting', 40, { subject }), 'done')
  expect(notProven(done.checks)).toEqual([])
  expect((await site.autentico.settings.read()).get('allow_self_signup')).toBe('false')
}, 30_000)

test('the audit log is counted by who did what, is whole in a file, and says when it cannot be believed', async () => {
  const site = await aSite({ whole: true })
  await site.autentico.users.setRole(site.idp.accounts['bobby']?.id ?? '', 'user')
  const order = orderFor(site.target, {
    action: 'review-audit',
    seq: 40,
    inputs: { since: new Date(Date.now() - 3_600_000).toISOString() },
  })
  const outcome = await site.run(order)
  const read = resultOf(outcome, 'done')
  expect(read.did.join(' ')).toMatch(/user_updated ×\d/)
  const [sealed] = outcome.evidence ?? []
  if (sealed === undefined) throw new Error('there is no file')
  expect(open(sealed.sealed, site.keys.sealing.privateKey, order.id).toString('utf8')).toContain('user_updated')

  site.sql(`UPDATE settings SET value = '0' WHERE key = 'audit_log_retention'`)
  await site.idp.restart()
  const off = resultOf(
    await site.run({ ...order, id: 'INC-7-41' as typeof order.id, cause: { ...order.cause, seq: 41 } }),
    'done',
  )
  expect(notProven(off.checks).join()).toMatch(/Auditing is off/)
}, 30_000)

test('rotating the admin token ends every administrator’s session, the bot’s too, which signs in anew', async () => {
  const site = await aSite({ whole: true, environment: true })
  site.sql(`UPDATE users SET role = 'admin' WHERE username = 'bobby'`)
  const { access } = await signInAs(site.idp, 'bobby', site.idp.accounts['bobby']?.password ?? '')
  const done = resultOf(await site.approve('rotate-admin-token', 40), 'done')
  expect(notProven(done.checks)).toEqual([])
  expect(done.notes.join()).toMatch(/No release of Autentico has ever read AUTENTICO_ADMIN_TOKEN/)
  expect(readFileSync(site.idp.environmentFile, 'utf8')).toMatch(/^AUTENTICO_ADMIN_TOKEN=[\w-]{43}$/m)
  const answer = await fetch(`${site.idp.url}/oauth2/userinfo`, { headers: { authorization: `Bearer ${access}` } })
  expect(answer.status).toBe(401)
}, 60_000)

test('everybody is signed out, those that fail are tried again and named, and the bot goes on', async () => {
  const site = await aSite({ whole: true, idp: { crowd: 60 } })
  const bobby = site.idp.accounts['bobby']
  const { access } = await signInAs(site.idp, 'bobby', bobby?.password ?? '')
  site.idp.control.fail({
    method: 'POST',
    pathPattern: undefined,
    path: `/admin/api/users/${bobby?.id}/revoke-sessions`,
    times: 2,
    how: { status: 503 },
  } as never)
  const done = resultOf(await site.approve('revoke-everybody', 40), 'done')
  expect(notProven(done.checks)).toEqual([])
  const answer = await fetch(`${site.idp.url}/oauth2/userinfo`, { headers: { authorization: `Bearer ${access}` } })
  expect(answer.status).toBe(401)
  expect((await site.autentico.everyUser.count()).active).toBeGreaterThan(60)
}, 60_000)

test('how far it is with signing everybody out is told also where few people take long', async () => {
  const site = await aSite({ whole: true, idp: { crowd: 60 } })
  site.idp.control.fail({ path: /\/revoke-sessions$/, times: Number.POSITIVE_INFINITY, how: { delayMs: 700 } })
  await site.approve('revoke-everybody', 40)
  const told = site.outcomes.flatMap(({ result }) => (result.kind === 'progress' ? [result] : []))
  expect(told.length).toBeGreaterThan(0)
  for (const { done, total } of told) expect(done).toBeLessThan(total)
}, 60_000)

test('the authenticators of everybody but the bot are cleared, and their secrets with them', async () => {
  const site = await aSite({ whole: true })
  const done = resultOf(await site.approve('reset-everybodys-mfa', 40), 'done')
  expect(notProven(done.checks)).toEqual([])
  expect(await site.autentico.clearEverybody.left()).toEqual({ totp: 0, trustedDevices: 0 })
}, 30_000)

test('accounts that the attack has locked are listed and unlocked', async () => {
  const site = await aSite({ whole: true })
  site.sql(
    `UPDATE users SET failed_login_attempts = 5, locked_until = ? WHERE username = 'bobby'`,
    new Date(Date.now() + 900_000).toISOString(),
  )
  expect((await site.effectOf('unlock-accounts', 30)).sentence).toBe('unlock 1 account: bobby.')
  const done = resultOf(await site.approve('unlock-accounts', 40), 'done')
  expect(notProven(done.checks)).toEqual([])
}, 30_000)

test('affected users are a table for private channels alone', async () => {
  const site = await aSite({ whole: true })
  const outcome = await site.run(orderFor(site.target, { action: 'list-affected', seq: 40 }))
  expect(resultOf(outcome, 'done').files).toMatchObject([{ name: 'affected-users.csv', privateOnly: true }])
}, 30_000)

test.each(['review-passwords', 'review-secrets', 'review-limits'] as const)(
  '%s says what there is, and changes nothing',
  async (action) => {
    const site = await aSite({ whole: true, environment: true })
    const read = resultOf(await site.run(orderFor(site.target, { action, seq: 40 })), 'done')
    expect(notProven(read.checks)).toEqual([])
    expect(read.did.join(' ').length).toBeGreaterThan(100)
    expect(site.idp.control.calls.filter(({ method }) => method !== 'GET')).toEqual([])
  },
  30_000,
)

test('an action on Autentico as a whole refuses an order about an account', async () => {
  const site = await aSite()
  expect(
    resultOf(await site.run(orderFor(site.target, { action: 'revoke-everybody', seq: 40, mode: 'prepare' })), 'failed')
      .sentence,
  ).toMatch(/fault of its own/)
}, 30_000)

test('a sweep counts what was done once and cannot come undone as looked at, or nothing with such a step were ever contained', async () => {
  const site = await aSite({ whole: true })
  const again = againFor(site.target, ['unlock-accounts'])
  const swept = resultOf(await site.run(orderFor(site.target, { action: 'sweep', seq: 90, again })), 'done')
  expect(swept.checks).toMatchObject([{ step: again[0]?.step, proven: true }])
}, 30_000)
