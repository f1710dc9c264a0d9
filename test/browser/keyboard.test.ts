import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'
import { drillInBrowser } from '../support/drill-page.ts'
import { untilProven } from '../support/page-incident.ts'
import { expectSoon, isFocused, seek, type Window } from '../support/window.ts'

const drill = drillInBrowser()

test('the keyboard alone leads from the command to the closed incident, for the one who asks and the one who approves', {
  timeout: 240_000,
}, async () => {
  const ana = await drill.open('ana')
  const bao = await drill.open('bao')

  await openByKeys(ana, 'user-001')
  await ana.reads(/INC-1 · .*user-001/)
  await pressByKeys(ana, 'Ask for step 1')
  await bao.reads(/INC-1/)
  await pressByKeys(bao, /^\d+ repl/)
  await bao.thread.waitFor()
  await approveByKeys(bao)
  await untilProven(1, bao)

  await chooseByKeys(ana, 'Skip step 2…')
  await skipEverythingByKeys(ana)
  await approveByKeys(bao)
  await bao.reads(/@bao.* approved: .*[Ss]kip/)

  await pressByKeys(bao, 'Close…')
  const form = bao.form('Close INC-1')
  await form.waitFor()
  await tabTo(bao, form.getByRole('textbox', { name: 'Closing words' }))
  await bao.page.keyboard.type('A false alarm')
  await pressByKeys(bao, 'Close it', form)
  await ana.reads(/closed · .*not contained|closed.*not contained/)
  expect(await ana.shows('Add note…')).toBe(false)
})

test('Escape closes one thing at a time, and the keyboard is back where it was', async () => {
  const ana = await drill.open('ana')
  await tabTo(ana, ana.composer)
  await ana.page.keyboard.type('/autentico incident')
  await ana.page.keyboard.press('Enter')
  const form = ana.form('Open an incident')
  // A Tab before it is there leads away from the composer, and Escape goes back to where that led.
  await form.waitFor()
  const target = form.getByRole('combobox', { name: 'Target' })
  await tabTo(ana, target)
  await ana.page.keyboard.type('user-00')
  await ana.page.getByRole('option').first().waitFor()

  await ana.page.keyboard.press('Escape')
  await expectSoon(async () => (await ana.page.getByRole('option').count()) === 0)
  expect(await isFocused(target)).toBe(true)
  await ana.page.keyboard.press('Escape')
  await expectSoon(async () => (await form.count()) === 0)
  await expectSoon(async () => isFocused(ana.composer))
})

/** The command, completed from its list, then the form. */
async function openByKeys(window: Window, target: string): Promise<void> {
  const { keyboard } = window.page
  await tabTo(window, window.composer)
  await keyboard.type('/aut')
  await window.page.getByRole('listbox', { name: 'Commands' }).getByRole('option').first().waitFor()
  await keyboard.press('Tab')
  await keyboard.type('incident')
  await keyboard.press('Enter')

  const form = window.form('Open an incident')
  await form.waitFor()
  await expectSoon(async () => (await form.locator(':focus').count()) > 0)
  await tabTo(window, form.getByRole('combobox', { name: 'Target' }))
  await keyboard.type(target)
  await window.page.getByRole('option', { name: target }).first().waitFor()
  await keyboard.press('ArrowDown')
  await keyboard.press('Enter')
  await tabTo(window, form.getByRole('textbox', { name: 'What happened' }))
  await keyboard.type('Login from two countries')
  await pressByKeys(window, 'Open', form)

  await window.form(/^INC-\d+ is open$/).waitFor()
  await keyboard.press('Escape')
  await expectSoon(async () => isFocused(window.composer))
}

/** The danger is asked about with the keyboard on the way out. */
async function approveByKeys(window: Window): Promise<void> {
  await pressByKeys(window, 'Approve')
  const asked = window.page.getByRole('alertdialog')
  await asked.waitFor()
  await expectSoon(async () => isFocused(asked.getByRole('button', { name: 'Back' })))
  await window.page.keyboard.press('Tab')
  await window.page.keyboard.press('Enter')
  await asked.waitFor({ state: 'hidden' })
}

async function chooseByKeys(window: Window, item: string): Promise<void> {
  await pressByKeys(window, 'More')
  const wanted = window.page.getByRole('menuitem', { name: item })
  await seek(async () => {
    if (await isFocused(wanted)) return true
    await window.page.keyboard.press('ArrowDown')
    return undefined
  }, `the arrow keys do not lead to ${item}`)
  await window.page.keyboard.press('Enter')
}

async function skipEverythingByKeys(window: Window): Promise<void> {
  const { keyboard } = window.page
  const form = window.form('Skip')
  await form.waitFor()
  await tabTo(window, form.getByRole('radio', { checked: true }))
  await keyboard.press('ArrowDown')
  expect(await form.getByRole('radio', { name: 'Every step that is left' }).isChecked()).toBe(true)
  await tabTo(window, form.getByRole('textbox', { name: 'Why' }))
  await keyboard.type('It was a test account')
  await pressByKeys(window, 'Ask to skip', form)
  await form.waitFor({ state: 'hidden' })
}

/** Goes to the newest button with these words, in the form or else where they are, and presses Enter. */
async function pressByKeys(window: Window, words: string | RegExp, form?: Locator): Promise<void> {
  const inPage = async () =>
    seek(async () => window.button(words), `${window.handle} sees no button that says ${String(words)}`)
  await tabTo(window, form?.getByRole('button', { name: words, exact: true }) ?? (await inPage()))
  await window.page.keyboard.press('Enter')
}

/** Presses Tab until the keyboard is there. */
async function tabTo(window: Window, wanted: Locator): Promise<void> {
  for (let presses = 0; presses < 150; presses++) {
    if (await isFocused(wanted)) return
    await window.page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead ${window.handle} to ${String(wanted)}`)
}
