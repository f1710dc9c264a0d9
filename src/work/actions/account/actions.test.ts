import { expect, test } from 'vitest'
import { type Attempt, type Mallory, steal } from '#/drill/autentico/attacker.ts'
import { deviceClientId, scriptClientId } from '#/drill/autentico/seed.ts'
import type { AccountId } from '#/incident/account.ts'
import type { StepCheck } from '#/incident/work.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import { open } from '../../seal.ts'
import { againFor, aSite, orderFor, resultOf, type Site, signInAs } from '../../test-support.ts'

/** Somebody who has been in alice's account and holds everything that opens it. */
async function mallory({ idp, target }: Site): Promise<Mallory> {
  const account = idp.accounts['alice']
  if (account === undefined || idp.loot === undefined) throw new Error('alice must be seeded')
  const { url, databaseFile, loot } = idp
  return steal({
    url,
    databaseFile,
    account: { ...account, username: target.username },
    ...loot,
    scriptClientId,
    deviceClientId,
  })
}

function doors(attempts: readonly Attempt[], got: Attempt['got']): readonly string[] {
  return attempts.filter((attempt) => attempt.got === got).map(({ door }) => door)
}

function notProven(checks: readonly StepCheck[]): readonly string[] {
  return checks
    .filter(({ proven }) => proven !== true)
    .map(({ name, proven, detail }) => `${name} ${proven}: ${detail}`)
}

const steps: readonly ActionName[] = ['revoke-sessions', 'reset-password', 'reset-mfa', 'close-doors']

test('the four steps with the database leave mallory no way in, each of them proven, and the sweep agrees', async () => {
  const site = await aSite({ who: 'alice' })
  const attacker = await mallory(site)
  for (const [index, action] of steps.entries()) {
    const done = resultOf(await site.approve(action, 30 + index * 10), 'done')
    expect(notProven(done.checks)).toEqual([])
    expect(done.checks.length).toBeGreaterThan(2)
  }

  expect(doors(await attacker.attempts(), 'in')).toEqual([])
  const swept = resultOf(
    await site.run(orderFor(site.target, { action: 'sweep', seq: 90, again: againFor(site.target, steps) })),
    'done',
  )
  expect(notProven(swept.checks)).toEqual([])
  expect([...new Set(swept.checks.map(({ action }) => action))]).toEqual(steps)
}, 30_000)

test('what a request would do is said in words, with what people have to know', async () => {
  const site = await aSite({ who: 'alice' })
  const revoke = await site.effectOf('revoke-sessions', 30)
  const mfa = await site.effectOf('reset-mfa', 31)
  const close = await site.effectOf('close-doors', 32)

  expect(revoke.sentence).toBe('revoke 3 sessions, 2 single sign-on sessions and 3 tokens of alice.')
  expect(mfa.sentence).toMatch(/^clear the authenticator of alice and its secret, forget 2 trusted devices/)
  expect(mfa.warnings).toContain(
    'This Autentico does not require MFA. After this, alice signs in with the password alone until MFA is required.',
  )
  expect(close.sentence).toContain('2 passkeys')
  expect(close.sentence).toContain('1 linked account (Workspace)')
  for (const { question, verb } of [revoke, mfa, close]) {
    expect(question.length).toBeLessThanOrEqual(300)
    expect(verb.length).toBeLessThanOrEqual(30)
  }
})

test('of an account that has nothing, nothing is counted: no request speaks of “no sessions”', async () => {
  const site = await aSite()
  const effects = [
    await site.effectOf('revoke-sessions', 30),
    await site.effectOf('reset-mfa', 31),
    await site.effectOf('close-doors', 32),
  ]
  expect(effects.map(({ sentence }) => sentence)).toEqual([
    'revoke whatever is opened meanwhile: bobby has no session and no token now.',
    'clear what is left of an authenticator (bobby has none in use) and revoke every session once more.',
    'delete whatever is added meanwhile (bobby has no passkey, trusted device, code, link or linked account now), and revoke every session once more.',
  ])
})

test('without the database MFA is reset once half-finished logins have run out, and what cannot be read is not proven', async () => {
  const site = await aSite({ who: 'alice', database: false, worker: { times: { pendingLoginMs: 1_500 } } })
  const passwordResetAt = new Date().toISOString()
  const outcome = await site.approve('reset-mfa', 30, { params: { passwordResetAt } })

  const done = resultOf(outcome, 'done')
  expect(Date.parse(outcome.at) - Date.parse(passwordResetAt)).toBeGreaterThanOrEqual(1_500)
  expect(
    site.outcomes.filter(({ result }) => result.kind === 'waiting').map(({ result }) => 'why' in result && result.why),
  ).toEqual([expect.stringContaining('are waited out until')])
  expect(Object.fromEntries(done.checks.map(({ name, proven }) => [name, proven]))).toEqual({
    'mfa-cleared': true,
    'no-pending-mfa': true,
    'no-totp-secret': 'unknown',
    'no-trusted-devices': 'unknown',
  })
})

test('without the database and without a new password nothing is claimed about half-finished logins', async () => {
  const site = await aSite({ who: 'alice', database: false, worker: { times: { pendingLoginMs: 300 } } })
  const done = resultOf(await site.approve('reset-mfa', 30), 'done')

  expect(done.checks.find(({ name }) => name === 'no-pending-mfa')?.proven).toBe('unknown')
})

test('an account without an authenticator is said to have none, and that is proven', async () => {
  const site = await aSite()
  const done = resultOf(await site.approve('reset-mfa', 30), 'done')

  expect(done.did[0]).toBe('bobby had no authenticator in use; what was left of one is cleared.')
  expect(notProven(done.checks)).toEqual([])
})

test('without the database the doors stay open, and the step says so instead of turning green', async () => {
  const site = await aSite({ who: 'alice', database: false })
  const effect = await site.effectOf('close-doors', 30)
  const done = resultOf(await site.run(orderFor(site.target, { action: 'close-doors', basis: effect.basis })), 'done')

  expect(effect.warnings).toContain(
    'The passkeys cannot be read on this worker (no `AUTENTICO_DB_PATH`), so this will not count as proven.',
  )
  expect(done.checks.find(({ name }) => name === 'no-passkeys')).toEqual({
    action: 'close-doors',
    name: 'no-passkeys',
    proven: 'unknown',
    detail: 'The passkeys cannot be read on this worker (no `AUTENTICO_DB_PATH`).',
  })
})

test('the new password is nowhere to be found, and the old one no longer works', async () => {
  const made: Buffer[] = []
  const site = await aSite({
    worker: {
      randomBytes: (size) => {
        made.push(Buffer.alloc(size, 7))
        return Buffer.alloc(size, 7)
      },
    },
  })
  const outcome = await site.approve('reset-password', 30)
  const password = made[0]?.toString('base64url') ?? ''

  expect(notProven(resultOf(outcome, 'done').checks)).toEqual([])
  expect(JSON.stringify(site.outcomes)).not.toContain(password)
  await expect(site.signIn()).rejects.toThrow('invalid_grant')
  await expect(signInAs(site.idp, 'bobby', password)).resolves.toBeDefined()
})

test('a session opened between the first revocation and the new password does not survive', async () => {
  const site = await aSite()
  await site.approve('revoke-sessions', 30)
  await site.signIn()
  const done = resultOf(await site.approve('reset-password', 40), 'done')

  expect(done.checks.find(({ name }) => name === 'no-live-sessions')?.proven).toBe(true)
})

test('with auditing off the password step says that there is one witness fewer', async () => {
  const site = await aSite({ settings: { audit_log_retention: '0' } })
  const done = resultOf(await site.approve('reset-password', 30), 'done')
  const snapshot = resultOf(await site.run(orderFor(site.target, { action: 'snapshot-account', seq: 50 })), 'snapshot')

  expect(done.checks.find(({ name }) => name === 'password-set')?.detail).toContain('Its audit log is off')
  expect(snapshot.warnings.some((warning) => warning.startsWith('Auditing is off'))).toBe(true)
})

test('suspending ends every session and is proven; half-done it is made good', async () => {
  const site = await aSite()
  await site.signIn()
  site.idp.control.fail({ method: 'POST', path: /deactivate$/, how: 'reset-after-effect' })
  const done = resultOf(await site.approve('suspend-account', 30), 'done')

  expect(notProven(done.checks)).toEqual([])
  await expect(site.signIn()).rejects.toThrow('invalid_grant')
})

test.each([true, false])(
  'restoring lifts a suspension and seals a password that works (database: %s)',
  async (database) => {
    const site = await aSite({ database })
    await site.approve('suspend-account', 30)
    const outcome = await site.approve('restore-access', 40)
    const done = resultOf(outcome, 'done')

    expect(notProven(done.checks)).toEqual([])
    expect(done.did[0]).toBe('Lifted the suspension.')
    expect(done.sealed?.expiresAt).toBeDefined()
    if (outcome.sealed === undefined) throw new Error('no password came')
    const password = open(outcome.sealed, site.keys.sealing.privateKey, outcome.order).toString()
    expect(password).toMatch(/^([2-9A-HJ-NP-Z]{5}-){3}[2-9A-HJ-NP-Z]{5}$/)
    expect(JSON.stringify(site.outcomes)).not.toContain(password)
    await expect(signInAs(site.idp, 'bobby', password)).resolves.toBeDefined()
  },
)

test('restoring warns of what still opens the account', async () => {
  const site = await aSite({ who: 'alice' })
  const { warnings } = await site.effectOf('restore-access', 30)

  expect(warnings).toContain('2 passkeys of alice still work.')
  expect(warnings).toContain('1 linked account at other providers still signs in as alice.')
})

test('the sweep names the step whose promise no longer holds', async () => {
  const site = await aSite()
  for (const [index, action] of steps.entries()) await site.approve(action, 30 + index * 10)
  site.sql(`INSERT INTO passkey_credentials (id, user_id, credential) VALUES ('new', ?, '{}')`, site.target.id)
  const swept = resultOf(
    await site.run(orderFor(site.target, { action: 'sweep', seq: 90, again: againFor(site.target, steps) })),
    'done',
  )

  expect(swept.checks.filter(({ proven }) => proven !== true).map(({ action, name }) => `${action} ${name}`)).toEqual([
    'close-doors no-passkeys',
  ])
})

test('the account of the bot is never touched, whoever asks', async () => {
  const site = await aSite()
  const { userId } = await site.autentico.whoami()
  const bot = { id: userId as AccountId, username: 'incident-bot', email: '' }
  for (const [index, action] of steps.entries()) {
    const seq = 30 + index * 10
    const prepared = await site.run(orderFor(bot, { action, seq, mode: 'prepare' }))
    const ran = await site.run(orderFor(bot, { action, seq: seq + 1, basis: {} }))
    for (const outcome of [prepared, ran])
      expect(resultOf(outcome, 'failed').sentence).toContain('the account this bot signs in with')
  }
  expect(site.idp.control.calls.filter(({ method }) => method !== 'GET')).toEqual([])
})

test('the last administrator is typed out once more', async () => {
  const site = await aSite()
  const { userId } = await site.autentico.whoami()
  site.sql(`UPDATE users SET role = 'user' WHERE id <> ?`, userId)
  site.sql(`UPDATE users SET role = 'admin' WHERE id = ?`, site.target.id)
  const effect = await site.effectOf('suspend-account', 30)

  // The bot is an administrator too, but nobody can sign in as the bot.
  expect(effect.confirmByTyping).toBe('bobby')
  expect(effect.warnings[0]).toContain('the last administrator')
})

test('an account that is gone is said to be gone, and nothing is revoked for a mistyped id', async () => {
  const site = await aSite()
  const nobody = { ...site.target, id: 'cv3k0000000000000000' as AccountId }
  const failed = resultOf(await site.run(orderFor(nobody, { action: 'revoke-sessions', basis: {} })), 'failed')

  expect(failed.sentence).toBe(
    'bobby is not in Autentico any more: the account with the id cv3k0000000000000000 was deleted.',
  )
  expect(site.idp.control.calls.filter(({ method }) => method !== 'GET')).toEqual([])
})

test('a changed e-mail address voids an approval', async () => {
  const site = await aSite()
  const { basis } = await site.effectOf('reset-password', 30)
  site.sql(`UPDATE users SET email = 'mallory@other.test' WHERE id = ?`, site.target.id)
  const changed = resultOf(await site.run(orderFor(site.target, { action: 'reset-password', basis })), 'changed')

  expect(changed.differences).toEqual([
    'The e-mail address of bobby is now “mallory@other.test”, not “bobby@acme.test”.',
  ])
})

test('a bot that lost its role stops and says which one it needs', async () => {
  const site = await aSite()
  const { userId } = await site.autentico.whoami()
  const { basis } = await site.effectOf('revoke-sessions', 30)
  site.sql(`UPDATE users SET role = 'user' WHERE id = ?`, userId)
  const failed = resultOf(await site.run(orderFor(site.target, { action: 'revoke-sessions', basis })), 'failed')

  expect(failed).toMatchObject({ retry: true })
  expect(failed.sentence).toContain('needs the role admin')
})

test('whoever keeps signing in cannot hold the revocation off: a second approval stands although more sessions came', async () => {
  const site = await aSite()
  const { basis } = await site.effectOf('revoke-sessions', 30)
  await site.signIn()
  const first = await site.run(orderFor(site.target, { action: 'revoke-sessions', seq: 31, basis }))
  const again = resultOf(first, 'changed').effect.basis
  await site.signIn()
  const second = await site.run(
    orderFor(site.target, { action: 'revoke-sessions', seq: 32, basis: again, params: { changedBefore: 'yes' } }),
  )

  expect(notProven(resultOf(second, 'done').checks)).toEqual([])
})

test('a second approval is void all the same when the account became another one', async () => {
  const site = await aSite()
  const { basis } = await site.effectOf('revoke-sessions', 30)
  site.sql(`UPDATE users SET role = 'admin' WHERE id = ?`, site.target.id)
  const outcome = await site.run(
    orderFor(site.target, { action: 'revoke-sessions', seq: 31, basis, params: { changedBefore: 'yes' } }),
  )

  expect(resultOf(outcome, 'changed').differences.join(' ')).toContain('role')
})
