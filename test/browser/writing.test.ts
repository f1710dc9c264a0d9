import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { drillInBrowser } from '../support/drill-page.ts'
import { openIncident, run } from '../support/page-incident.ts'
import { expectSoon, isFocused, type Window } from '../support/window.ts'

const drill = drillInBrowser()

test('what is wrong in the form stands at its field, the near name is offered, and nothing typed is lost', async () => {
  const ana = await drill.open('ana')
  await ana.type('/autentico incident alise')
  const form = ana.form('Open an incident')
  await ana.fillIn('Open an incident', { 'What happened': 'Seen at 03:12', Severity: 'SEV1' }, 'Open')

  const target = form.getByRole('combobox', { name: 'Target' })
  await form.getByText(/No user is called .alise.\. Did you mean .alice.\?/).waitFor()
  expect(await target.getAttribute('aria-invalid')).toBe('true')
  await expectSoon(async () => /Did you mean/.test((await describedBy(ana, 'Target')) ?? ''))
  expect(await form.getByRole('textbox', { name: 'What happened' }).inputValue()).toBe('Seen at 03:12')
  expect(await form.getByRole('radio', { name: 'SEV1' }).isChecked()).toBe(true)

  await ana.fillIn('Open an incident', { Target: 'user-001' }, 'Open')
  await ana.form(/INC-\d+ is open/).waitFor()
})

test('an empty form is not sent: the field that has to be filled in says so', async () => {
  const ana = await drill.open('ana')
  await ana.type('/autentico incident')
  await ana.fillIn('Open an incident', {}, 'Open')

  await ana.form('Open an incident').getByText('Please complete this required field.').waitFor()
  expect(
    await ana.form('Open an incident').getByRole('combobox', { name: 'Target' }).getAttribute('aria-invalid'),
  ).toBe('true')
})

test('another playbook changes the fields of the form, and what was typed stays', async () => {
  const ana = await drill.open('ana')
  await ana.type('/autentico incident')
  const form = ana.form('Open an incident')
  await form.getByText(/can approve besides you/).waitFor()
  await form.getByRole('textbox', { name: 'What happened' }).fill('Seen at 03:12')
  const playbook = form.getByRole('combobox', { name: 'Playbook' })
  await playbook.click()
  await ana.page.getByRole('option', { name: 'Breached database' }).click()

  await form.getByRole('combobox', { name: 'Target' }).waitFor({ state: 'detached' })
  await form.getByRole('textbox', { name: 'Aware since (UTC)' }).fill('yesterday')
  expect(await form.getByRole('textbox', { name: 'What happened' }).inputValue()).toBe('Seen at 03:12')
  await ana.fillIn('Open an incident', {}, 'Open')
  await form.getByText(/“yesterday” is no moment/).waitFor()
})

const tricks = [
  '<b>bold</b> <img src=x onerror=alert(1)> <svg onload=alert(2)> <script>alert(3)</script>',
  '<https://evil.test/|Approve> <!channel> <@U0BAO> <#C0GENERAL|x> <!date^1^{date}^https://evil.test|now>',
  '*bold* _italic_ ~gone~ `code` ```block``` &lt;b&gt; &amp;lt; javascript:alert(4) {{7*7}} ${7*7}',
]

test('what people write is never markup: neither in a message nor in an incident, nor is the name of an account', async () => {
  const ana = await drill.open('ana')
  const bao = await drill.open('bao')
  const name = '<img src=x onerror=alert(5)>*all*'
  rename('user-002', name)

  for (const trick of tricks) await ana.type(trick)
  await bao.reads('<b>bold</b> <img src=x onerror=alert(1)> <svg onload=alert(2)> <script>alert(3)</script>')
  await bao.reads('&lt;b&gt; &amp;lt; javascript:alert(4)')
  await expectHarmless(bao, 'channel')

  const summary = tricks.slice(0, 2).join('\n')
  await openIncident(ana, { target: name, summary })
  await bao.openThread(/onerror=alert\(5\)/)
  await bao.reads('<img src=x onerror=alert(1)>')
  await run(1, ana, bao)
  await ana.reply(tricks.join(' '))
  await bao.reads(/javascript:alert\(4\)/)
  for (const window of [ana, bao]) {
    await expectHarmless(window, 'channel')
    await expectHarmless(window, 'thread')
  }
})

test('a reload keeps the place, and what was being written', async () => {
  const { id, place } = await drill.openFor('user-003')
  const ana = await drill.open('ana', { at: place })
  await ana.thread.getByRole('textbox', { name: 'Reply in thread' }).fill('Half a sen')
  await ana.page.reload()

  await ana.thread.getByText(id).first().waitFor()
  expect(await ana.thread.getByRole('textbox', { name: 'Reply in thread' }).inputValue()).toBe('Half a sen')
})

test('a card that is edited changes in place: who writes or stands on one of its buttons stays there', async () => {
  const { id, place } = await drill.openFor('user-004')
  const ana = await drill.open('ana', { at: place })
  const bao = await drill.open('bao', { at: place })
  const card = bao.channel.getByRole('article').filter({ hasText: id })
  const note = card.getByRole('button', { name: 'Add note…' })
  await note.focus()
  await ana.composer.fill('Half a sen')

  await ana.press('Ask for step 1')
  await card.getByText(/waits for approval/).waitFor()
  await ana.composer.focus()
  await bao.pressAndConfirm('Approve')
  await note.focus()
  await card.getByText(/1 of 5 proven/).waitFor()

  expect(await isFocused(note)).toBe(true)
  expect(await isFocused(ana.composer)).toBe(true)
  expect(await ana.composer.inputValue()).toBe('Half a sen')
})

test('unread marks come with what others write, and go when it is read', async () => {
  const bao = await drill.open('bao')
  const ana = await drill.open('ana')
  const incidents = bao.page
    .getByRole('navigation', { name: 'Channels' })
    .getByRole('button', { name: /^# sec-incidents/ })
  await bao.goTo('# general')
  const before = unreadIn(await incidents.getAttribute('aria-label'))

  await ana.type('Who is awake?')
  await expectSoon(async () => unreadIn(await incidents.getAttribute('aria-label')) === before + 1)
  await incidents.click()
  await bao.reads('Who is awake?')
  await bao.channel.getByRole('separator', { name: 'New' }).waitFor()
  await expectSoon(async () => unreadIn(await incidents.getAttribute('aria-label')) === before)
})

/** How many messages the name of a channel says are unread. */
function unreadIn(name: string | null): number {
  return Number(/, (\d+) unread$/.exec(name ?? '')?.[1] ?? 0)
}

/** What assistive technology adds to a field of the form on top. */
async function describedBy(window: Window, label: string): Promise<string | undefined> {
  const field = window.form(/./).getByRole('combobox', { name: label })
  const ids = (await field.getAttribute('aria-describedby'))?.split(' ') ?? []
  const words = await Promise.all(ids.map(async (id) => window.page.locator(`[id="${id}"]`).textContent()))
  return words.join(' ')
}

/** Nothing in the messages loads or runs something, and a link says where it leads. */
async function expectHarmless(window: Window, part: 'channel' | 'thread'): Promise<void> {
  const active = 'script, iframe, object, embed, img, link, form, meta, base, [onerror], [onload], [srcdoc]'
  expect(await window[part].locator(`article :is(${active})`).count()).toBe(0)
  const links = await window[part].getByRole('article').getByRole('link').all()
  const shown = await Promise.all(
    links.map(async (link) => ({ to: (await link.getAttribute('href')) ?? '', words: await link.textContent() })),
  )
  expect(shown.filter(({ to, words }) => to !== words && !to.startsWith('https://acme.slack.com/'))).toEqual([])
}

/** Gives an account of Autentico a name that no form would take, as a hostile sign-up through a bug might. */
function rename(username: string, to: string): void {
  const database = new Database(drill.stage().autentico.databaseFile)
  const { changes } = database.prepare('UPDATE users SET username = ? WHERE username = ?').run(to, username)
  database.close()
  expect(changes).toBe(1)
}
