import { expect, test } from 'vitest'
import { expectAccessible } from '../support/accessibility.ts'
import { sizes } from '../support/chromium.ts'
import { drillInBrowser } from '../support/drill-page.ts'
import { approve, askFor } from '../support/page-incident.ts'
import { expectSoon } from '../support/window.ts'

const drill = drillInBrowser()

test('a byte of the ledger’s file is changed behind the bot’s back: verify names the entry in Slack, on the Home tab and in the panel, and put back it holds', async () => {
  const incident = await drill.openFor('alice')
  const [ana, bao] = [await drill.open('ana', { at: incident.place }), await drill.open('bao', { at: incident.place })]
  await askFor(1, ana, bao)
  await approve(1, bao)
  const [approved] = incident.entries('StepApproved')
  const entry = approved?.seq ?? 0
  const ledger = bao.glass('Ledger')

  await bao.pressGlass('Verify the file')
  await ledger.getByText(/Verified at .* UTC: \d+ entries, all of them hold/).waitFor()
  await bao.pressGlass('Tamper with the ledger file')
  await ledger.getByText(`Entry #${entry} is another one in the file: the approval`).waitFor()

  await bao.type(`/autentico verify ${incident.id}`)
  const told = await bao.toldAlone(/The ledger does not hold/)
  expect(await told.innerText()).toMatch(new RegExp(`Entry ${entry}: .*altered`))
  await bao.thread
    .getByText(new RegExp(`the ledger does not hold: it was changed behind the bot’s back[^]*Entry ${entry}`))
    .first()
    .waitFor()
  await bao.pressGlass('Verify the file')
  await ledger.getByText(new RegExp(`does not hold: hash does not match`)).waitFor()
  expect(await ledger.locator('.glass-headline').innerText()).toContain(`entry #${entry}`)
  await expectAccessible(bao, 'a ledger that does not hold', { glass: true })

  await bao.goTo('Autentico Responder')
  await bao.channel.getByRole('tab', { name: 'Home' }).click()
  await bao.channel.getByText(new RegExp(`entry ${entry}: .*altered`)).waitFor()
  await bao.page.goBack()

  await bao.pressGlass('Put the byte back')
  await ana.type(`/autentico verify ${incident.id}`)
  await ana.toldAlone(/The ledger holds/)
  await bao.pressGlass('Verify the file')
  await ledger.getByText(/Verified at .* UTC: \d+ entries, all of them hold/).waitFor()
})

test('on a phone the file is tampered with and verified by the keyboard alone, and nothing is wider than the window', async () => {
  const bao = await drill.open('bao', { size: sizes.phone })
  await bao.pane('Glass')
  const ledger = bao.glass('Ledger')
  await ledger.getByRole('button', { name: 'Tamper with the ledger file' }).focus()
  await bao.page.keyboard.press('Enter')
  await ledger.getByRole('button', { name: 'Put the byte back' }).waitFor()
  await bao.page.keyboard.press('Tab')
  await bao.page.keyboard.press('Enter')
  await expectSoon(async () => /The file does not hold: entry #\d+/.test(await ledger.innerText()))
  await expectAccessible(bao, 'a tampered ledger on a phone', { glass: true })
  await ledger.getByRole('button', { name: 'Put the byte back' }).focus()
  await bao.page.keyboard.press('Space')
  await ledger.getByRole('button', { name: 'Tamper with the ledger file' }).waitFor()
})
