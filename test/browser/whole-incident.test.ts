import { expect, test } from 'vitest'
import { drillInBrowser } from '../support/drill-page.ts'
import { openIncident, run } from '../support/page-incident.ts'
import { expectSoon, type Window } from '../support/window.ts'

const drill = drillInBrowser()
const temporaryPassword = /[2-9A-Z]{5}(-[2-9A-Z]{5}){3}/

test('two people in two windows handle the whole incident by clicking, and mallory is kept out at every door', {
  timeout: 240_000,
}, async () => {
  const ana = await drill.open('ana')
  const bao = await drill.open('bao')
  await ana
    .glass('mallory, the attacker')
    .getByText(/mallory gets in by \d+ of \d+ doors tried/)
    .waitFor()

  const id = await openIncident(ana, { target: 'alice', summary: 'Login from two countries, 03:12' })
  await bao.openThread(id)
  for (const number of [1, 2]) await run(number, ana, bao)
  await expectSoon(async () => /Password[^A-Z]*\b0 of 1/.test(await wordsIn(ana, 'alice in Autentico')))
  for (const number of [3, 4]) await run(number, ana, bao)

  await bao.press('Record how alice was told…')
  const told = { How: 'phone call', 'How identity was checked': 'employee number' }
  await bao.fillIn('The user was told', told, 'Record')
  await ana.reads(/contained: every containment step is proven/)
  await expectSoon(async () => /kept out at all \d\d? doors/.test(await wordsIn(ana, 'mallory, the attacker')))

  await run(5, ana, bao)
  await ana.press('Show the temporary password…')
  const password = ana.form('Temporary password')
  const [secret] = temporaryPassword.exec(await password.getByText(temporaryPassword).innerText()) ?? []
  expect(secret).toMatch(temporaryPassword)
  expect(await bao.page.content()).not.toContain(secret)
  await ana.press('Close')
  await password.waitFor({ state: 'hidden' })
  expect(await ana.page.content()).not.toContain(secret)

  await bao.press('Close…')
  await bao.fillIn(`Close ${id}`, { 'Closing words': 'Phished password' }, 'Close it')
  await ana.thread
    .getByText(/contained and proven/)
    .first()
    .waitFor()
  await expectSoon(async () => !(await ana.shows('Add note…')))
  await expectSoon(async () => /kept out at all \d\d? doors/.test(await wordsIn(bao, 'mallory, the attacker')))

  await bao.type(`/autentico verify ${id}`)
  await bao.toldAlone(/The ledger holds/)
  expect(await ana.page.getByText(/The ledger holds/).count()).toBe(0)
  await expectChained(bao)
})

/** The ledger panel: the entries are numbered without a gap, and each names the hash of the one below it. */
async function expectChained(window: Window): Promise<void> {
  const ledger = window.glass('Ledger')
  const older = ledger.getByRole('button', { name: 'Show older' })
  while ((await older.count()) > 0) await older.click()
  const entries = (await ledger.getByRole('listitem').allInnerTexts()).map((words) => ({
    seq: Number(/^#(\d+)/.exec(words)?.[1]),
    hash: /^#\d+\s+(\S+)/.exec(words)?.[1],
    previous: /follows\s+(\S+)\s*$/.exec(words)?.[1],
    words,
  }))

  expect(entries.length).toBeGreaterThan(40)
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => entries.length - index))
  expect(entries.at(-1)?.words).toContain('the first entry')
  expect(entries.slice(0, -1).map(({ previous }) => previous)).toEqual(entries.slice(1).map(({ hash }) => hash))
}

async function wordsIn(window: Window, region: string): Promise<string> {
  return window.glass(region).innerText()
}
