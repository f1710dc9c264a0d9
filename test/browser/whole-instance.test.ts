import { expect, test } from 'vitest'
import { expectAccessible } from '../support/accessibility.ts'
import { sizes } from '../support/chromium.ts'
import { drillInBrowser } from '../support/drill-page.ts'
import { approve, askFor, openIncident } from '../support/page-incident.ts'
import { expectSoon, type Window } from '../support/window.ts'

const drill = drillInBrowser()

/** A key of 4096 bits is made meanwhile, and Autentico restarted. */
const patienceMs = 90_000

test('two people replace an exposed key by clicking: what it forged is refused by services, and everybody is signed out', {
  timeout: 300_000,
}, async () => {
  const ana = await drill.open('ana')
  const bao = await drill.open('bao')

  const id = await openIncident(ana, { playbook: 'private-key-exposed', summary: 'A backup lay in a public bucket' })
  await bao.openThread(id)
  await says(ana, 'Autentico as a whole', /In mallory’s hands: the signing key, 30\d people’s logins/)
  await says(ana, 'mallory, the attacker', /gets in by 3 of 3 doors tried/)
  expect(await ana.page.getByRole('region', { name: 'alice in Autentico' }).count()).toBe(0)
  const before = await keyIn(ana)

  await askFor(1, ana, bao, {})
  await approve(1, bao, patienceMs)
  expect(await keyIn(ana)).toBe(before)
  await askFor(2, bao, ana, {})
  await approve(2, ana, patienceMs)
  await expectSoon(async () => (await keyIn(ana)) !== before)
  await ana.pressGlass('Let mallory try again')
  await says(ana, 'mallory, the attacker', /forged token at a service[^a-z]*got in[^a-z]*kept out/)
  await says(ana, 'mallory, the attacker', /single sign-on cookie[^a-z]*got in[^a-z]*got in/)

  await askFor(3, ana, bao)
  await approve(3, bao, patienceMs)
  await bao.press('Begin step 4')
  await ana.reads(/contained: every containment step is proven/, patienceMs)
  await ana.reads(/read: Update the key id/)
  await says(bao, 'mallory, the attacker', /kept out at all 4 doors/)
  await says(bao, 'Autentico as a whole', /Nothing that was exposed is in mallory’s hands any more/)
  await expectAccessible(bao, 'an incident about Autentico as a whole, contained', { glass: true })

  await bao.press('Close…')
  await bao.fillIn(`Close ${id}`, { 'Closing words': 'The bucket is private now' }, 'Close it')
  await ana.thread
    .getByText(/contained and proven/)
    .first()
    .waitFor()
  await bao.type(`/autentico verify ${id}`)
  await bao.toldAlone(/The ledger holds/)
})

test('a review’s findings are dealt with beside each other, on a phone as well, and mallory’s own are named', async () => {
  const ana = await drill.open('ana', { size: sizes.phone })
  const bao = await drill.open('bao')
  const id = await openIncident(ana, { playbook: 'admin-token-exposed', summary: 'A token stood in a log' })
  await bao.openThread(id)
  await says(
    bao,
    'Autentico as a whole',
    /In mallory’s hands: an administrator, a client, an identity provider, a setting/,
  )
  await askFor(1, bao, ana)
  await approve(1, ana, patienceMs)

  await bao.press('Begin step 2…')
  await bao.fillIn('Begin step 2', { 'Exposed since': '2026-11-23 03:1' }, 'Begin')
  await bao
    .form('Begin step 2')
    .getByText(/is no moment/)
    .waitFor()
  await bao.fillIn('Begin step 2', { 'Exposed since': '2020-01-01 00:00' }, 'Begin')
  await bao.press('Begin step 3')
  const demote = /^Demote: 3\.\d Administrator “bobby”/
  await expectSoon(async () => bao.shows(demote))
  await expectAccessible(bao, 'findings with their buttons', { glass: true })
  await ana.pane('Channel')
  await expectAccessible(ana, 'findings on a phone')

  await bao.press(demote)
  await ana.pane('Thread')
  await ana.reads(/Demote administrator “bobby”[^]*This will/)
  await ana.pressAndConfirm('Approve')
  await bao.reads(/Demote administrator “bobby”[^]*Approved by[^]*proven/)
  await says(bao, 'Autentico as a whole', /In mallory’s hands: a client, an identity provider, a setting/)
  await bao.glass('Autentico as a whole').getByText('Administrators').click()
  await says(bao, 'Autentico as a whole', /Administrators\s+1 gone\s+3\s/)
})

async function says(window: Window, region: string, words: RegExp): Promise<void> {
  await expectSoon(async () => words.test(await window.glass(region).innerText()), 60_000)
}

/** The first half of the fingerprint behind the glass. */
async function keyIn(window: Window): Promise<string> {
  const row = window.glass('Autentico as a whole').getByRole('listitem').filter({ hasText: 'Signing key' })
  const [key] = /[0-9a-f]{4} [0-9a-f]{4}/.exec(await row.first().innerText()) ?? []
  if (key === undefined) throw new Error('no key is shown')
  return key
}
