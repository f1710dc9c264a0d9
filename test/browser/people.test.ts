import { expect, test } from 'vitest'
import { drillInBrowser } from '../support/drill-page.ts'
import { approve, askFor } from '../support/page-incident.ts'
import { expectSoon } from '../support/window.ts'

const drill = drillInBrowser()

test('ana cannot approve what she asked for: she alone is told why and who can, and bao then does', async () => {
  const { place } = await drill.openFor('user-001')
  const ana = await drill.open('ana', { at: place })
  const bao = await drill.open('bao', { at: place })
  await askFor(1, ana, bao)

  await ana.pressAndConfirm('Approve')
  await ana.toldAlone(/You asked for this, so somebody else has to approve it\. Able to now: .*@bao/)
  await bao.reads(/@ana was refused: approve Revoke all sessions of user-001/)
  expect(await bao.page.getByText('Only visible to you').count()).toBe(0)
  await approve(1, bao)
})

test('gil, a guest, sees the channel and is refused: at the button, and before the form', async () => {
  const { place } = await drill.openFor('user-002')
  const ana = await drill.open('ana', { at: place })
  const gil = await drill.open('gil', { at: place })
  await askFor(1, ana, gil)

  await gil.pressAndConfirm('Approve')
  await gil.toldAlone(/Guests cannot take part/)
  await ana.reads(/@gil was refused: approve Revoke all sessions of user-002/)

  await gil.type('/autentico incident user-003')
  await gil
    .form('Not opened')
    .getByText(/Guests cannot take part/)
    .waitFor()
  await gil.press('Close')
  await expectSoon(async () => (await gil.form('Not opened').count()) === 0)
})

test('alice, whose account it is, has neither the channel nor the incident, and can open none about herself', async () => {
  const { id } = await drill.openFor('alice')
  const alice = await drill.open('alice')

  const channels = alice.page.getByRole('navigation', { name: 'Channels' })
  await channels.getByRole('button', { name: '# general' }).waitFor()
  expect(await channels.getByRole('button', { name: /sec-incidents/ }).count()).toBe(0)
  expect(await alice.channel.getByText(id).count()).toBe(0)

  await alice.type('/autentico list')
  expect(await (await alice.toldAlone(/incident/)).textContent()).not.toContain(id)
  await alice.type('/autentico incident')
  await alice.fillIn('Open an incident', { Target: 'alice' }, 'Open')
  await alice
    .form('Open an incident')
    .getByText(/This account is the target of the incident/)
    .waitFor()
})

test('the address of the incident channel shows alice nothing of it', async () => {
  const alice = await drill.open('alice', { at: '#C0INCIDENTS' })

  await alice.channel.getByRole('heading', { name: '# general' }).waitFor()
  expect(await alice.channel.getByText(/INC-\d/).count()).toBe(0)
})

test('olu, of another company, sees the shared channel only, and has no app', async () => {
  const olu = await drill.open('olu')

  const channels = olu.page.getByRole('navigation', { name: 'Channels' })
  expect(await channels.getByRole('button').allTextContents()).toHaveLength(1)
  await olu.channel.getByRole('heading', { name: '# partners' }).waitFor()
  await olu.type('/autentico incident alice')
  await olu.page.getByRole('alert').filter({ hasText: '/autentico is not a valid command' }).waitFor()
})
