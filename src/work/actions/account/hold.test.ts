import { expect, test } from 'vitest'
import type { OrderId, StepCheck } from '#/incident/work.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import type { Outcome } from '../../outcome.ts'
import { aSite, type OrderDraft, orderFor, resultOf, type Site } from '../../test-support.ts'

const steps: readonly ActionName[] = ['revoke-sessions', 'reset-password', 'reset-mfa', 'close-doors']

const placedBy = 'INC-7-30' as OrderId
const until = new Date(Date.now() + 1_800_000).toISOString()

async function place(site: Site, more: Partial<OrderDraft> = {}): Promise<Outcome> {
  const order = { action: 'hold-account', seq: 30, approvedBy: [], hold: { until, placedBy }, ...more } as const
  return site.run(orderFor(site.target, order))
}

async function lift(site: Site, seq: number, wasActive?: boolean): Promise<Outcome> {
  const hold = { until, placedBy, ...(wasActive === undefined ? {} : { wasActive }) }
  return site.run(orderFor(site.target, { action: 'lift-hold', seq, approvedBy: [], hold }))
}

function notProven(checks: readonly StepCheck[]): readonly string[] {
  return checks.filter(({ proven }) => proven !== true).map(({ name, detail }) => `${name}: ${detail}`)
}

/** What reached Autentico and changed something about the account, in order. */
function changed({ idp }: Site): readonly string[] {
  return idp.control.calls
    .filter(({ changed: did, path }) => did && path.startsWith('/admin/api/users/'))
    .map(({ path }) => path.split('/').at(-1) ?? '')
}

test.each([true, false])(
  'a hold suspends the account and ends its sessions; lifted, the old password works and nothing else was touched (database: %s)',
  async (database) => {
    const site = await aSite({ database })
    await site.signIn()
    const placed = resultOf(await place(site), 'done')
    expect(notProven(placed.checks)).toEqual([])
    expect(placed.known).toEqual({ wasActive: 'yes' })
    await expect(site.signIn()).rejects.toThrow('invalid_grant')

    const lifted = resultOf(await lift(site, 40, true), 'done')
    expect(notProven(lifted.checks)).toEqual([])
    expect(changed(site)).toEqual(['deactivate', 'reactivate'])
    await expect(site.signIn()).resolves.toBeDefined()
  },
)

test('what was suspended before the hold is left so, and its end changes nothing', async () => {
  const site = await aSite()
  await site.approve('suspend-account', 10)
  const placed = resultOf(await place(site), 'done')
  expect(placed.known).toEqual({ wasActive: 'no' })
  expect(placed.did[0]).toBe('bobby was suspended already, and stays so when the hold ends.')

  const before = changed(site).length
  const lifted = resultOf(await lift(site, 40, false), 'done')
  expect(lifted.did).toEqual(['bobby was suspended before the hold, and stays so.'])

  // Of a hold that no worker remembers, nobody can say how it found the account.
  const forgotten = { until, placedBy: 'INC-7-29' as OrderId }
  const order = { action: 'lift-hold', seq: 50, approvedBy: [], hold: forgotten } as const
  expect(resultOf(await site.run(orderFor(site.target, order)), 'failed')).toMatchObject({
    retry: false,
    sentence: expect.stringContaining('It is not known whether bobby') as string,
  })
  expect(changed(site)).toHaveLength(before)
})

test('the last administrator is not held: nobody would be left to lift it by hand', async () => {
  const site = await aSite()
  site.sql("UPDATE users SET role = 'user' WHERE role = 'admin' AND username <> ?", 'incident-bot')
  site.sql("UPDATE users SET role = 'admin' WHERE id = ?", site.target.id)
  const refused = resultOf(await place(site), 'failed')
  expect(refused).toMatchObject({ retry: false, sentence: expect.stringContaining('the last administrator') as string })
  expect(refused.begun).toBeUndefined()
  expect(changed(site)).toEqual([])
})

test("the bot's own account is never held", async () => {
  const site = await aSite()
  const { userId } = await site.autentico.whoami()
  const order = orderFor(
    { ...site.target, id: userId as never },
    { action: 'hold-account', seq: 30, approvedBy: [], hold: { until, placedBy } },
  )
  expect(resultOf(await site.run(order), 'failed').sentence).toContain('the account this bot signs in with')
})

test('cut off in the middle it is made good; where the ledger does not know how it found the account, that worker does', async () => {
  const site = await aSite()
  site.idp.control.fail({ method: 'POST', path: /deactivate$/, how: 'reset-after-effect' })
  const placed = resultOf(await place(site), 'done')
  expect(notProven(placed.checks)).toEqual([])
  expect(placed.known).toEqual({ wasActive: 'yes' })

  const lifted = resultOf(await lift(site, 40), 'done')
  expect(notProven(lifted.checks)).toEqual([])
  await expect(site.signIn()).resolves.toBeDefined()
})

test('lifted twice, it is lifted once', async () => {
  const site = await aSite()
  await place(site)
  await lift(site, 40, true)
  const again = resultOf(await lift(site, 41, true), 'done')
  expect(again.did).toEqual(['bobby was active already.'])
  expect(changed(site).filter((path) => path === 'reactivate')).toHaveLength(1)
})

test('while the account is on hold, a sweep finds what was proven before as it was', async () => {
  const site = await aSite({ who: 'alice' })
  for (const [index, action] of steps.entries()) await site.approve(action, 50 + index * 10)
  await place(site)
  const swept = resultOf(
    await site.run(
      orderFor(site.target, {
        action: 'sweep',
        seq: 95,
        again: steps.map((action) => ({ step: action as never, action, target: site.target })),
      }),
    ),
    'done',
  )
  expect(notProven(swept.checks)).toEqual([])
}, 30_000)
