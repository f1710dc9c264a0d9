import { expect, test } from 'vitest'
import { expectAccessible } from '../support/accessibility.ts'
import { drillInBrowser } from '../support/drill-page.ts'
import { approve, askFor } from '../support/page-incident.ts'
import { expectSoon } from '../support/window.ts'

const drill = drillInBrowser({ policy: 'schema: 1\nhold: { allowed: true, by: [responders], length: 8s }\n' })

test('one person puts the account on hold: the panel says suspended, and it lifts by itself; what changed before an approval voids it, and the thread says what', async () => {
  const incident = await drill.openFor('alice')
  const [ana, bao] = [await drill.open('ana', { at: incident.place }), await drill.open('bao', { at: incident.place })]
  const account = async (): Promise<string> => bao.glass('alice in Autentico').innerText()

  await ana.choose(/^Hold alice for /)
  await expectSoon(async () => /suspended/i.test(await account()))
  await bao.reads(/alice is on hold/)
  await expectAccessible(bao, 'an account on hold')
  await bao.thread
    .getByText(/the hold on alice is lifted/)
    .first()
    .waitFor()
  await expectSoon(async () => !/suspended/i.test(await account()))

  await askFor(1, ana, bao)
  await bao.pressGlass('Let mallory try again')
  await expectSoon(async () => /mallory gets in by/.test(await bao.glass('mallory, the attacker').innerText()))
  const { shown } = await incident.request()
  await bao.pressAndConfirm('Approve')
  const voided = await bao.reads(/Nothing was done: the situation changed since this was shown/)
  expect(await voided.innerText()).toMatch(/alice now has \d+ sessions?, not \d+/)
  const fresh = await incident.request()
  expect(fresh.shown?.code).not.toBe(shown?.code)
  await approve(1, bao)
  expect(incident.entries('StepApproved')).toHaveLength(2)
})
