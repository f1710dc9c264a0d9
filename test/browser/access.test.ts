import { expect, test } from 'vitest'
import { expectAccessible, look } from '../support/accessibility.ts'
import { sizes } from '../support/chromium.ts'
import { drillInBrowser } from '../support/drill-page.ts'
import type { Window } from '../support/window.ts'

const drill = drillInBrowser()

/** A window on a desk, and one held in a hand. */
const windows = [
  ['on a desk', 'wide', 'user-001'],
  ['on a phone', 'narrow', 'user-002'],
] as const

test.each(windows)(
  '%s axe finds nothing serious in a channel and a form, and nothing is wider than the window',
  async (_where, size) => {
    const bao = await drill.open('bao', { size: sizes[size], at: '#C0GENERAL' })
    await bao.channel.getByText('This is the very beginning').waitFor()
    await expectAccessible(bao, 'an empty channel')

    await bao.type('/autentico incident')
    const form = bao.form('Open an incident')
    await form.getByText(/people can approve/).waitFor()
    await expectAccessible(bao, 'the form')
    await bao.press('Open')
    await form.getByText('Please complete this required field.').waitFor()
    await expectAccessible(bao, 'the form with an error')
    await form.getByRole('combobox', { name: 'Target' }).fill('user-0')
    await bao.page.getByRole('option').nth(3).waitFor()
    await expectAccessible(bao, 'the type-ahead')
  },
)

test.each(windows)('%s axe finds nothing serious in an incident and its thread', async (_where, size, target) => {
  const { id, place, ask } = await drill.openFor(target, 'Login from two countries, 03:12')
  await ask(1)
  const bao = await drill.open('bao', { size: sizes[size], at: '#C0INCIDENTS' })
  await bao.reads(id)
  await expectAccessible(bao, 'a channel with an incident')
  await bao.openThread(id)
  await bao.reads(/Step 1 ·[^]*This will/)
  expect(bao.page.url()).toContain(place)
  await expectAccessible(bao, 'a thread with a request')
  await bao.press('Approve')
  await bao.page.getByRole('alertdialog').waitFor()
  await expectAccessible(bao, 'the question before approving')
  await bao.press('Back')
  await menuOfNewest(bao)
  await expectAccessible(bao, 'the menu of a message')
})

test.each(windows)('%s axe finds nothing serious on the Home tab and behind the glass', async (_where, size) => {
  const bao = await drill.open('bao', { size: sizes[size], at: '#app/home' })
  await bao.channel
    .getByText(/Open incidents/i)
    .first()
    .waitFor()
  await expectAccessible(bao, 'the Home tab')
  if (size === 'narrow') await bao.pane('Glass')
  await bao.glass('Ledger').getByText('the first entry').waitFor()
  await expectAccessible(bao, 'behind the glass', { glass: true })
})

async function menuOfNewest(window: Window): Promise<void> {
  const newest = window.thread.getByRole('article').last()
  await newest.hover()
  await newest.getByRole('button', { name: 'More actions for this message' }).click()
  await window.page.getByRole('menuitem', { name: 'Add to timeline' }).waitFor()
}

test('what these stories look out for is noticed: a poor colour, a foreign request, a refused style, an error, a dialog', async () => {
  const planted = await drill.openUnwatched('ana')
  const { page, watched } = planted
  await page.evaluate("document.querySelector('main').style.color = '#f0f0f0'")
  expect((await look(planted)).serious.join()).toMatch(/color-contrast/)

  await page.evaluate("void fetch('http://elsewhere.test/').catch(() => 0)")
  await page.evaluate("void new Image().setAttribute('src', 'http://elsewhere.test/a.png')")
  await page.evaluate("document.body.setAttribute('style', 'color: red')")
  await page.evaluate("setTimeout(() => { throw new Error('planted') })")
  await page.evaluate("setTimeout(() => alert('planted'))")

  await expect.poll(() => watched.faults.join('\n')).toMatch(/planted dialog|a dialog that nobody wanted: planted/)
  expect(watched.faults.join('\n')).toMatch(/error on the page: Error: planted/)
  expect(watched.faults.filter((fault) => /Content Security Policy/.test(fault)).length).toBeGreaterThanOrEqual(3)
})
