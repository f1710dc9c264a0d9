import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type LocalAutentico, startLocalAutentico } from '../../autentico/local-autentico.ts'
import { hashPassword } from '../../autentico/passwords.ts'
import { robAlice } from '../../autentico/rob-alice.ts'
import type { Account } from '../wire.ts'
import { type AccountTarget, type AccountWatch, watchAccount } from './account.ts'
import { browserWords } from './holdings.ts'

const day = 86_400_000

async function watched(change: Partial<AccountTarget> = {}): Promise<{
  readonly autentico: LocalAutentico
  readonly watch: AccountWatch
  readonly sql: (statement: string) => void
  readonly now: { ms: number }
  readonly target: { -readonly [Key in keyof AccountTarget]: AccountTarget[Key] }
}> {
  const dir = mkdtempSync(join(tmpdir(), 'account-'))
  const autentico = await startLocalAutentico({ dir })
  const alice = autentico.accounts['alice']
  if (alice === undefined) throw new Error('alice must be seeded')
  const now = { ms: Date.now() }
  const target = { id: alice.id, stolenPassword: alice.password, ...change }
  const watch = watchAccount({
    databaseFile: autentico.databaseFile,
    target: () => target,
    onChange: () => undefined,
    now: () => new Date(now.ms),
    glanceMs: 10,
  })
  const sql = (statement: string) => {
    using db = opened(autentico.databaseFile)
    db.handle.exec(statement.replaceAll('$alice', `'${alice.id}'`))
  }
  onTestFinished(async () => {
    watch[Symbol.dispose]()
    await autentico[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true, force: true })
  })
  return { autentico, watch, sql, now, target }
}

function opened(file: string): Disposable & { readonly handle: Database.Database } {
  const handle = new Database(file, { timeout: 1_000 })
  return { handle, [Symbol.dispose]: () => void handle.close() }
}

function live(account: Account | null): Readonly<Record<string, number>> {
  return Object.fromEntries((account?.holdings ?? []).map((one) => [one.kind, one.live]))
}

function linesOf(watch: AccountWatch, kind: string): readonly string[] {
  return watch.account()?.holdings.find((one) => one.kind === kind)?.lines ?? []
}

test('it counts what alice has, and what mallory took from her, and never shows a secret', async () => {
  const { autentico, watch } = await watched()
  expect(watch.account()).toMatchObject({ username: 'alice', email: 'alice@acme.test', state: 'active' })
  expect(live(watch.account())).toEqual({
    sessions: 3,
    sso: 2,
    tokens: 3,
    password: 1,
    authenticator: 1,
    passkeys: 2,
    devices: 2,
    codes: 0,
    logins: 0,
    links: 0,
    linked: 1,
  })

  await robAlice(autentico)
  await vi.waitFor(() => expect(live(watch.account())).toMatchObject({ codes: 2, logins: 1, links: 3 }))
  expect(linesOf(watch, 'passkeys').join()).toMatch(/^Laptop · since.*,Passkey [0-9a-f]{4} · since/)
  expect(linesOf(watch, 'linked')).toEqual(['Workspace, and it can link itself again'])
  expect(linesOf(watch, 'sessions')[0]).toMatch(/^Firefox on Linux · 198\.51\.100\.23 · since \d\d:\d\d UTC$/)

  const shown = JSON.stringify(watch.account())
  using db = opened(autentico.databaseFile)
  const secrets = [
    'SELECT id FROM idp_sessions',
    'SELECT id FROM trusted_devices',
    'SELECT code FROM auth_codes',
    'SELECT totp_secret FROM users',
    'SELECT access_token FROM tokens',
    'SELECT password FROM users',
  ]
    .flatMap((query) => db.handle.prepare<[], string>(query).pluck().all())
    .filter((secret) => secret !== '')
  expect(secrets.length).toBeGreaterThan(20)
  for (const secret of [...secrets, autentico.accounts['alice']?.password ?? '']) expect(shown).not.toContain(secret)
})

test('what is ended, used, cleared or only old opens no door any more; what was there once is remembered', async () => {
  const { watch, sql, now, autentico } = await watched()
  await robAlice(autentico)
  await vi.waitFor(() => expect(live(watch.account())).toMatchObject({ codes: 2, links: 3 }))
  const before = watch.account()

  now.ms += 366 * day
  await vi.waitFor(() =>
    expect(live(watch.account())).toMatchObject({ tokens: 0, devices: 0, codes: 0, logins: 0, links: 0 }),
  )
  // Autentico takes a session's own refresh token until somebody ends the session.
  expect(live(watch.account())).toMatchObject({ sessions: 5, passkeys: 2 })
  now.ms -= 366 * day
  await vi.waitFor(() => expect(watch.account()).toEqual(before))

  sql('UPDATE sessions SET deactivated_at = CURRENT_TIMESTAMP WHERE user_id = $alice')
  await vi.waitFor(() => expect(live(watch.account())).toMatchObject({ sessions: 0, tokens: 0, sso: 4 }))
  sql(`UPDATE auth_codes SET used = 1; UPDATE mfa_challenges SET used = 1; UPDATE magic_link_tokens SET used_at = CURRENT_TIMESTAMP;
    UPDATE users SET totp_verified = 0 WHERE id = $alice; DELETE FROM passkey_credentials`)
  await vi.waitFor(() => expect(live(watch.account())).toMatchObject({ codes: 1, logins: 0, links: 2, passkeys: 0 }))
  expect(linesOf(watch, 'authenticator')).toEqual(['off, but its secret is kept and can be armed again'])
  expect(watch.account()?.holdings.find(({ kind }) => kind === 'sessions')).toMatchObject({ live: 0, ever: 5 })
})

test('a provider may link itself again as long as the address counts as verified', async () => {
  const { watch, sql } = await watched()
  sql('UPDATE users SET is_email_verified = 0 WHERE id = $alice')
  await vi.waitFor(() => expect(linesOf(watch, 'linked')).toEqual(['Workspace']))
  sql('UPDATE users SET is_email_verified = 1 WHERE id = $alice; DELETE FROM federated_identities')
  await vi.waitFor(() => expect(linesOf(watch, 'linked').join()).toMatch(/^Workspace can link itself again/))
  sql('UPDATE federation_providers SET enabled = 0')
  await vi.waitFor(() => expect(live(watch.account())).toMatchObject({ linked: 0 }))
})

test('the password is told by its hash: stolen, random, temporary, or set by somebody else over the random one', async () => {
  const { autentico, watch, sql, target } = await watched()
  expect(linesOf(watch, 'password').join()).toMatch(/^the stolen one · last changed/)

  const set = (password: string) => sql(`UPDATE users SET password = '${hashPassword(password)}' WHERE id = $alice`)
  set('a-long-password-nobody-knows')
  await vi.waitFor(() => expect(linesOf(watch, 'password').join()).toMatch(/^not the stolen one/))
  target.password = { is: 'known to nobody', since: '2026-11-23T03:17:00.000Z' }
  watch.look()
  expect(watch.account()?.holdings.find(({ kind }) => kind === 'password')).toMatchObject({
    live: 0,
    ever: 1,
    lines: [expect.stringMatching(/^random, known to nobody/)],
  })

  set('mallory-by-a-stolen-link')
  await vi.waitFor(() => expect(linesOf(watch, 'password')).toEqual(['set by somebody else since']))
  expect(live(watch.account())).toMatchObject({ password: 1 })
  target.password = { is: 'temporary', since: '2026-11-23T03:30:00.000Z' }
  watch.look()
  expect(linesOf(watch, 'password').join()).toMatch(/^temporary/)
  expect(autentico.accounts['alice']).toBeDefined()
})

test('it goes on reading while Autentico is stopped, says suspended and locked, and hinders no writer', async () => {
  const { autentico, watch, sql } = await watched()
  await autentico.stop()
  sql(`UPDATE users SET locked_until = datetime('now', '+15 minutes') WHERE id = $alice`)
  await vi.waitFor(() => expect(watch.account()).toMatchObject({ state: 'locked' }))
  sql('BEGIN EXCLUSIVE; UPDATE users SET deactivated_at = CURRENT_TIMESTAMP WHERE id = $alice; COMMIT')
  await vi.waitFor(() => expect(watch.account()).toMatchObject({ state: 'suspended' }))
  await autentico.restart()
})

test('nobody is shown, and nothing thrown, for an account that is not there', async () => {
  const { watch, target } = await watched({ id: 'nobody' })
  expect(watch.account()).toBeNull()
  target.id = ''
  expect(() => watch.look()).not.toThrow()
})

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', 'Firefox on Linux'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) Safari/605.1', 'Safari on iPhone'],
  ['curl/8.17.0', 'curl/8.17.0'],
  ['mallory', 'mallory'],
  ['<script>'.repeat(20), '<script><script><script><scrip'],
])('a browser is told by a few words: %s', (userAgent, words) => {
  expect(browserWords(userAgent)).toBe(words)
})
