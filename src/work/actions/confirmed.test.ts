import { expect, test } from 'vitest'
import type { StepCheck } from '#/incident/work.ts'
import { againFor, aSite, orderFor, resultOf, type Site } from '../test-support.ts'

function notProven(checks: readonly StepCheck[]): readonly string[] {
  return checks.filter(({ proven }) => proven !== true).map(({ name, detail }) => `${name}: ${detail}`)
}

function revoking(site: Site): { readonly method: string; readonly path: string } {
  return { method: 'POST', path: `/admin/api/users/${site.target.id}/revoke-sessions` }
}

function waitsOf(site: Site): readonly string[] {
  return site.outcomes.flatMap(({ result }) => (result.kind === 'waiting' ? [result.why] : []))
}

test('what is read back a moment late is told as accepted and not confirmed, and then is proven, without doing it twice', async () => {
  const site = await aSite()
  await site.signIn()
  site.idp.control.fail({ ...revoking(site), how: { lagMs: 900 } })
  const done = resultOf(await site.approve('revoke-sessions', 30), 'done')

  expect(notProven(done.checks)).toEqual([])
  expect(waitsOf(site)).toEqual([
    expect.stringMatching(
      /accepted it, and what is read back does not confirm it yet\. Still there \(live session\): 1\./,
    ),
  ])
  expect(site.idp.control.calls.filter(({ method }) => method === 'POST')).toHaveLength(1)
})

test('what never shows is "done, not proven" after the time for it, and says what is still there', async () => {
  const site = await aSite({ worker: { times: { confirmMs: 300 } } })
  await site.signIn()
  site.idp.control.fail({ ...revoking(site), how: { lagMs: 3_600_000 } })
  const done = resultOf(await site.approve('revoke-sessions', 30), 'done')

  expect(done.checks.find(({ name }) => name === 'no-live-sessions')).toEqual({
    action: 'revoke-sessions',
    name: 'no-live-sessions',
    proven: false,
    detail: 'Still there (live session): 1.',
  })
})

/** So many reads of the account's logins are answered, and the one after them finds Autentico busy. */
function busyAfter({ idp, target }: Site, reads: number): void {
  const read = { method: 'GET', path: `/admin/api/users/${target.id}/idp-sessions` }
  if (reads > 0) idp.control.fail({ ...read, times: reads, how: { delayMs: 0 } })
  idp.control.fail({ ...read, how: { status: 503 } })
}

test('a read-back that finds Autentico busy is read again, and nothing is done again', async () => {
  const site = await aSite()
  // One read for what people are shown, one before it is done.
  busyAfter(site, 2)
  const done = resultOf(await site.approve('revoke-sessions', 30), 'done')

  expect(notProven(done.checks)).toEqual([])
  const { calls } = site.idp.control
  expect(calls.filter(({ status }) => status === 503)).toHaveLength(1)
  expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(1)
})

test('a sweep that finds Autentico busy for a moment raises no alarm', async () => {
  const site = await aSite()
  await site.approve('revoke-sessions', 30)
  busyAfter(site, 1)
  const swept = resultOf(
    await site.run(
      orderFor(site.target, { action: 'sweep', seq: 90, again: againFor(site.target, ['revoke-sessions']) }),
    ),
    'done',
  )

  expect(swept.checks.filter(({ action, proven }) => action === 'revoke-sessions' && proven !== true)).toEqual([])
  expect(site.idp.control.calls.filter(({ status }) => status === 503)).toHaveLength(1)
})

test('a password that was confirmed is not set again when the order is taken up anew', async () => {
  const site = await aSite()
  site.idp.control.fail({ ...revoking(site), how: 'reset-after-effect' })
  const done = resultOf(await site.approve('reset-password', 30), 'done')

  expect(notProven(done.checks)).toEqual([])
  expect(site.idp.control.calls.filter(({ method }) => method === 'PUT')).toHaveLength(1)
  expect(site.idp.control.calls.filter(({ method }) => method === 'POST')).toHaveLength(2)
})
