import { expect, onTestFinished, test, vi } from 'vitest'
import { cast } from '#/drill/cast.ts'
import type { IncidentId } from '#/incident/events.ts'
import { type Rule, standardPolicy } from '#/policy/policy.ts'
import { askForFirstStep, MemoryDoor, openThroughForm, startWorld, type World } from './test-support.ts'

/** A request of Ana's, shown under a policy with this rule for the first step. */
async function requestUnder(rule: Partial<Rule>): Promise<{ readonly w: World; readonly id: IncidentId }> {
  const door = new MemoryDoor()
  const policy = standardPolicy({ ttlMs: 30 * 60_000 })
  door.rules = {
    ...policy,
    groups: { leads: [cast.chi.user] },
    rules: { 'revoke-sessions': { ...policy.standard, ...rule } },
  }
  const w = await startWorld({ door })
  onTestFinished(async () => w[Symbol.asyncDispose]())
  const id = await openThroughForm(w)
  await askForFirstStep(w, id)
  return { w, id }
}

/** The request as it stands in the thread. */
function requestText(w: World): string {
  const inThread = w.local
    .as('chi')
    .sees()
    .findLast(({ thread }) => thread !== undefined)
  return inThread?.text ?? ''
}

test('the message says how many have approved, who, and who is still needed', async () => {
  const { w, id } = await requestUnder({ approvals: 2, including: 'leads' })
  expect(requestText(w)).toContain('*0 of 2* · still needed: 2 of @approvers, one of them of @leads')
  await w.local.as('bao').press(w.messageWith('approve'), 'approve')
  await w.publish(id)
  expect(requestText(w)).toContain('*1 of 2* · approved by <@U0BAO> · still needed: one of @leads')
  await w.local.as('chi').press(w.messageWith('approve'), 'approve')
  await w.publish(id)
  expect(w.door.events('StepApproved')).toMatchObject([{ actor: { name: 'chi' } }])
  expect(requestText(w)).toMatch(/Approved by <@U0BAO> and <@U0CHI> /)
})

test('somebody who approved already is told that another one is needed', async () => {
  const { w } = await requestUnder({ approvals: 2 })
  await w.local.as('bao').press(w.messageWith('approve'), 'approve')
  await w.local.as('bao').press(w.messageWith('approve'), 'approve')
  await vi.waitFor(() => expect(w.told('bao').at(-1)).toMatch(/^You have approved this already/))
  expect(w.door.events('StepApproved')).toEqual([])
})

test('where the policy asks why, Approve opens a form, and the reason is on record', async () => {
  const { w, id } = await requestUnder({ reason: true })
  expect(() => w.messageWith('approve')).toThrow(/no message shows/)
  await w.local.as('bao').press(w.messageWith('approve_by_typing'), 'approve_by_typing')
  const view = await w.formOf('bao')
  await w.local.as('bao').submit(view, { reason: 'Seen in the logs as well.' })
  expect(w.door.events('StepApproved')).toMatchObject([{ event: { reason: 'Seen in the logs as well.' } }])
  await w.publish(id)
  expect(requestText(w)).toContain('@bao approved because: Seen in the logs as well.')
})

test('an approval without the reason that the policy asks for does not count', async () => {
  const { w } = await requestUnder({ reason: true })
  await w.local.as('bao').press(w.messageWith('approve_by_typing'), 'approve_by_typing')
  const view = await w.formOf('bao')
  expect(await w.local.as('bao').submit(view, { reason: '   ' })).toMatchObject({
    now: 'errors',
    errors: { reason: expect.stringMatching(/^A reason is needed/) as string },
  })
  expect(w.door.events('StepApproved')).toEqual([])
})

test('only a member of the group that the rule names may approve, and the others hear who that is', async () => {
  const { w } = await requestUnder({ from: ['leads'] })
  await w.local.as('bao').press(w.messageWith('approve'), 'approve')
  await vi.waitFor(() => expect(w.told('bao').at(-1)).toMatch(/the policy leaves it to @leads\. Able to now: @chi\./))
  await w.local.as('chi').press(w.messageWith('approve'), 'approve')
  expect(w.door.events('StepApproved')).toMatchObject([{ actor: { name: 'chi' } }])
})
