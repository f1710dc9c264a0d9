import { text as textOf } from 'node:stream/consumers'
import type { App } from '@slack/bolt'
import type { KnownBlock, ModalView } from '@slack/types'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { incidentChannel } from '#/drill/cast.ts'
import { openWatched, startChromium, type WatchedPage, whatIsMissing } from '../support/chromium.ts'
import { localPage } from '../support/local-page.ts'
import { boltOnSockets, localSlack } from '../support/real-bolt.ts'
import { expectSoon, isFocused, type Window, windowOf } from '../support/window.ts'

const missing = whatIsMissing()
let browser: Browser | undefined

beforeAll(async () => {
  if (missing === undefined) browser = await startChromium()
})
afterAll(async () => browser?.close())
beforeEach(({ skip }) => skip(missing !== undefined, missing))

const words = (text: string) => ({ type: 'plain_text' as const, text })
const option = (text: string, value = text) => ({ text: words(text), value })
const button = (text: string, more: object = {}) => ({
  type: 'button' as const,
  text: words(text),
  action_id: text.toLowerCase(),
  value: 'INC-1',
  ...more,
})
const row = (...elements: readonly object[]) => ({ type: 'actions', elements }) as unknown as KnownBlock
const says = (text: string): KnownBlock => ({ type: 'section', text: { type: 'mrkdwn', text } })

/** An app of a few lines over the local Slack, and ana's window on it. What she presses is in `pressed`. */
async function given(listen: (app: App) => void): Promise<{
  readonly ana: Window
  readonly app: App
  readonly post: (blocks: readonly KnownBlock[]) => Promise<string>
  readonly update: (ts: string, blocks: readonly KnownBlock[]) => Promise<unknown>
}> {
  if (browser === undefined) throw new Error('there is no browser')
  const slack = await localSlack()
  const app = await boltOnSockets(slack, listen)
  const page = await localPage(slack)
  const watched = await openWatched(browser, page.url)
  onTestFinished(async () => watched[Symbol.asyncDispose]())
  await watched.page.goto(`${page.url}/as/ana`)
  await watched.page.getByRole('navigation', { name: 'Act as' }).waitFor()
  const channel = incidentChannel.id
  return {
    ana: windowOf('ana', watched),
    app,
    post: async (blocks) =>
      (await app.client.chat.postMessage({ channel, text: 'card', blocks: [...blocks] })).ts ?? '',
    update: async (ts, blocks) => app.client.chat.update({ channel, ts, text: 'card', blocks: [...blocks] }),
  }
}

function expectNoFaults({ faults }: WatchedPage): void {
  expect(faults).toEqual([])
}

/** Answers that wait until they are let go. */
function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: () => resolve(), opened: promise }
}

const hostile = '"><img src=x onerror=alert(1)><script>alert(2)</script> <javascript:alert(3)|click>'

test('blocks of every kind are text and elements of the page, whatever stands in them, and nothing is fetched', async () => {
  const { ana, post } = await given(() => undefined)
  const picture = { image_url: 'https://evil.test/x.png', alt_text: hostile }
  const rich = (type: string, elements: readonly object[], more: object = {}) => ({ type, elements, ...more })
  await post([
    { type: 'header', text: words(hostile) },
    says(`*bold* _italic_ ~gone~ \`code\` <@U0ANA> <!date^1700000000^{date_num}|then> ${hostile}`),
    { type: 'section', text: words(hostile), fields: [words(hostile)], accessory: { type: 'image', ...picture } },
    { type: 'context', elements: [{ type: 'image', ...picture }, words(hostile)] },
    { type: 'divider' },
    { type: 'image', ...picture, title: words(hostile) },
    { type: 'markdown', text: `# Title\n\n**strong** [a](javascript:alert(4)) ${hostile}` },
    {
      type: 'table',
      rows: [[{ type: 'raw_text', text: 'Head' }], [{ type: 'raw_text', text: hostile }]],
    } as KnownBlock,
    rich('rich_text', [
      rich('rich_text_section', [{ type: 'link', url: 'javascript:alert(5)', text: 'no link' }]),
      rich('rich_text_list', [rich('rich_text_section', [{ type: 'text', text: hostile }])], { style: 'bullet' }),
      rich('rich_text_preformatted', [{ type: 'text', text: hostile }]),
    ]) as KnownBlock,
    row(button(hostile.slice(0, 75), { action_id: 'x' })),
  ])

  const card = await ana.reads('Title')
  expect(await card.getByText('<script>alert(2)</script>').count()).toBeGreaterThan(6)
  expect(await card.locator('img, script, iframe, object').count()).toBe(0)
  expect(await card.getByRole('link').count()).toBe(0)
  expect(await card.locator('.text b').first().textContent()).toBe('bold')
  expect(await card.locator('.mention.me').textContent()).toBe('@ana')
  expect(await card.getByRole('columnheader').textContent()).toBe('Head')
  await expectSoon(async () => (await card.getByRole('time').or(card.locator('time')).count()) > 0)
  expectNoFaults(ana.watched)
})

test('a file is saved as the text that it is, and its name and title are text too', async () => {
  const { ana, app } = await given(() => undefined)
  const bytes = `user\r\n${hostile}\r\n`
  const asked = await app.client.files.getUploadURLExternal({ filename: 'users.html', length: bytes.length })
  await fetch(asked.upload_url ?? '', { method: 'POST', body: bytes })
  await app.client.files.completeUploadExternal({
    files: [{ id: asked.file_id ?? '', title: hostile }],
    channel_id: incidentChannel.id,
    initial_comment: 'Who is affected',
  })

  const message = await ana.reads('Who is affected')
  const [saved] = await Promise.all([
    ana.page.waitForEvent('download'),
    message.getByRole('link', { name: /<script>alert\(2\)<\/script>.*\d+ bytes/ }).click(),
  ])
  expect(saved.suggestedFilename()).toBe('users.html')
  expect(await textOf(await saved.createReadStream())).toBe(bytes)
  expect(ana.page.url()).toMatch(/\/as\/ana(#|$)/)
  expectNoFaults(ana.watched)
})

test('a link to another host is followed in a window of its own; one to a message of ours stays in the page', async () => {
  const { ana, post } = await given(() => undefined)
  const ts = await post([says('The one that is meant')])
  const link = `https://acme.slack.com/archives/${incidentChannel.id}/p${ts.replace('.', '')}`
  await post([says(`<https://evil.test/|elsewhere> <${link}|here>`)])

  const card = await ana.reads('elsewhere')
  const outside = card.getByRole('link', { name: 'elsewhere' })
  expect(await outside.getAttribute('target')).toBe('_blank')
  expect(await outside.getAttribute('rel')).toBe('noreferrer noopener')
  await card.getByRole('link', { name: 'here', exact: true }).click()
  const meant = ana.channel.getByRole('article').filter({ hasText: 'The one that is meant' })
  await expectSoon(async () => isFocused(meant))
  expect(ana.page.url()).not.toContain('acme.slack.com')
  expectNoFaults(ana.watched)
})

test('a button says that it waits, is sent once when it is pressed twice, and presses exactly itself', async () => {
  const pressed: unknown[] = []
  const answer = gate()
  const { ana, post } = await given((app) =>
    app.action('approve', async ({ ack, payload }) => {
      pressed.push('value' in payload ? payload.value : undefined)
      await answer.opened
      await ack()
    }),
  )
  await post([row(button('Approve', { value: 'first' })), row(button('Approve', { value: 'second' }))])

  const second = ana.channel.getByRole('button', { name: 'Approve' }).last()
  await second.dblclick()
  await expectSoon(async () => (await second.getAttribute('aria-busy')) === 'true')
  await second.click()
  await ana.page.getByRole('alert').getByText('sent once already').waitFor()
  answer.open()
  await expectSoon(async () => (await second.getAttribute('aria-busy')) === null)
  expect(pressed).toEqual(['second'])
})

test('an app that does not answer leaves its sign at the button, and a notice', async () => {
  const { ana, post } = await given((app) => app.action('approve', async () => undefined))
  await post([row(button('Approve'))])

  await ana.press('Approve')
  await ana.channel.getByRole('img', { name: /operation_timeout/ }).waitFor()
  await ana.page
    .getByRole('alert')
    .getByText(/operation_timeout/)
    .waitFor()
  expect(await ana.channel.getByRole('button', { name: 'Approve' }).getAttribute('aria-busy')).toBeNull()
})

test('a button keeps the keyboard while its message changes around it', async () => {
  const { ana, post, update } = await given(() => undefined)
  const ts = await post([row(button('Approve'), button('Deny'))])
  const deny = ana.channel.getByRole('button', { name: 'Deny' })
  await deny.focus()

  await update(ts, [says('Something new above'), row(button('Approve'), button('Deny')), says('and below')])
  await ana.reads('Something new above')
  expect(await isFocused(deny)).toBe(true)
})

test('what cannot be undone is asked about with the keyboard on the way out, and Escape sends nothing', async () => {
  const pressed: string[] = []
  const { ana, post } = await given((app) =>
    app.action('deny', async ({ ack }) => {
      pressed.push('deny')
      await ack()
    }),
  )
  const confirm = {
    title: words('Clear it?'),
    text: { type: 'mrkdwn', text: 'This *cannot* be undone.' },
    confirm: words('Clear'),
    deny: words('Back'),
    style: 'danger',
  }
  await post([row(button('Deny', { confirm }))])

  await ana.press('Deny')
  const question = ana.page.getByRole('alertdialog', { name: 'Clear it?' })
  expect(await isFocused(question.getByRole('button', { name: 'Back' }))).toBe(true)
  await ana.page.keyboard.press('Escape')
  await question.waitFor({ state: 'detached' })
  expect(await isFocused(ana.channel.getByRole('button', { name: 'Deny' }))).toBe(true)
  expect(pressed).toEqual([])

  await ana.pressAndConfirm('Deny')
  await expectSoon(async () => pressed.length === 1)
})

test('a menu is worked by the keyboard alone', async () => {
  const chosen: unknown[] = []
  const { ana, post } = await given((app) =>
    app.action('more', async ({ ack, payload }) => {
      chosen.push('selected_option' in payload ? payload.selected_option?.value : undefined)
      await ack()
    }),
  )
  const options = [option('Take command', 'take'), option('Timeline', 'timeline'), option('Close…', 'close')]
  await post([row({ type: 'overflow', action_id: 'more', options })])

  const more = ana.channel.getByRole('button', { name: 'More', exact: true })
  const item = (name: string) => ana.page.getByRole('menuitem', { name })
  await more.focus()
  await ana.page.keyboard.press('ArrowUp')
  expect(await isFocused(item('Close…'))).toBe(true)
  await ana.page.keyboard.press('ArrowDown')
  expect(await isFocused(item('Take command'))).toBe(true)
  await ana.page.keyboard.press('Escape')
  expect(await isFocused(more)).toBe(true)
  expect(await item('Timeline').isVisible()).toBe(false)

  await ana.page.keyboard.press('ArrowDown')
  await ana.page.keyboard.press('t')
  await ana.page.keyboard.press('t')
  expect(await isFocused(item('Take command'))).toBe(true)
  await ana.page.keyboard.press('c')
  await ana.page.keyboard.press('Enter')
  await expectSoon(async () => chosen.length === 1)
  expect(chosen).toEqual(['close'])
})

const text = (id: string, label: string, more: object = {}): KnownBlock =>
  ({
    type: 'input',
    block_id: id,
    label: words(label),
    element: { type: 'plain_text_input', action_id: id, ...more },
  }) as KnownBlock
const target: KnownBlock = {
  type: 'input',
  block_id: 'target',
  label: words('Target'),
  element: { type: 'external_select', action_id: 'target', min_query_length: 1 },
}
const modal = (title: string, blocks: readonly KnownBlock[]): ModalView => ({
  type: 'modal',
  callback_id: 'form',
  title: words(title),
  submit: words('Send'),
  close: words('Cancel'),
  blocks: [...blocks],
})

/** An app that opens this form by a button "Open". */
const opens =
  (view: ModalView, more: (app: App) => void = () => undefined) =>
  (app: App): void => {
    app.action('open', async ({ ack, client, body }) => {
      await client.views.open({ trigger_id: 'trigger_id' in body ? body.trigger_id : '', view })
      await ack()
    })
    more(app)
  }

test('a form keeps what was typed while the app changes it, and what the app finds wrong stands at its field', async () => {
  let id = ''
  const view = modal('A form', [text('first', 'First'), text('second', 'Second', { initial_value: 'as given' })])
  const submitted: unknown[] = []
  const { ana, app, post } = await given(
    opens(view, (listening) => {
      listening.view('form', async ({ ack, view: sent }) => {
        id = sent.id
        submitted.push(sent.state.values)
        await ack({ response_action: 'errors', errors: { second: 'Not like this.' } })
      })
    }),
  )
  await post([row(button('Open'))])
  await ana.press('Open')

  const form = ana.form('A form')
  const first = form.getByRole('textbox', { name: 'First' })
  const second = form.getByRole('textbox', { name: 'Second' })
  await first.waitFor()
  await expectSoon(async () => isFocused(first))
  await ana.press('Send')
  await form.getByText('Please complete this required field.').waitFor()
  expect(await isFocused(first)).toBe(true)
  expect(submitted).toEqual([])

  await first.fill('typed')
  await ana.press('Send')
  await form.getByText('Not like this.').waitFor()
  expect(await isFocused(second)).toBe(true)
  expect(await second.getAttribute('aria-invalid')).toBe('true')
  expect(submitted).toMatchObject([{ first: { first: { value: 'typed' } }, second: { second: { value: 'as given' } } }])

  await app.client.views.update({
    view_id: id,
    view: modal('A form', [says('New words'), text('first', 'First'), text('third', 'Third')]),
  })
  await form.getByText('New words').waitFor()
  expect(await first.inputValue()).toBe('typed')
  await ana.page.keyboard.press('Escape')
  await form.waitFor({ state: 'detached' })
  expect(await isFocused(ana.channel.getByRole('button', { name: 'Open' }))).toBe(true)
  expectNoFaults(ana.watched)
})

test('a form on a form: Back leads to the lower one with what was typed in it, the cross closes both', async () => {
  const view = modal('Lower', [text('first', 'First')])
  const { ana, post } = await given(
    opens(view, (app) => {
      app.view('form', async ({ ack }) =>
        ack({ response_action: 'push', view: modal('Upper', [text('more', 'More')]) }),
      )
    }),
  )
  await post([row(button('Open'))])
  await ana.press('Open')
  await ana.fillIn('Lower', { First: 'kept' }, 'Send')

  const upper = ana.form('Upper')
  await upper.getByRole('button', { name: 'Back' }).click()
  await upper.waitFor({ state: 'detached' })
  expect(await ana.form('Lower').getByRole('textbox', { name: 'First' }).inputValue()).toBe('kept')

  await ana.press('Send')
  await upper.getByRole('button', { name: 'Dismiss form' }).click()
  await expectSoon(async () => (await ana.page.getByRole('dialog').count()) === 0)
})

test('a form that nobody answers says so and loses nothing', async () => {
  const { ana, post } = await given(
    opens(modal('A form', [text('first', 'First')]), (app) => app.view('form', async () => undefined)),
  )
  await post([row(button('Open'))])
  await ana.press('Open')
  await ana.fillIn('A form', { First: 'typed' }, 'Send')

  const form = ana.form('A form')
  await form.getByRole('alert').getByText('We had some trouble connecting. Try again?').waitFor()
  expect(await form.getByRole('textbox', { name: 'First' }).inputValue()).toBe('typed')
})

test('a type-ahead shows the answer to what stands in it now, and says when there is none', async () => {
  const slow = gate()
  const { ana, post } = await given(
    opens(modal('A form', [target]), (app) => {
      app.options('target', async ({ ack, options }) => {
        const { value } = options
        if (value === 'a') await slow.opened
        if (value === 'nobody') return ack({ options: [] })
        if (value !== 'silent') await ack({ options: [option(`${value} found`, value)] })
      })
    }),
  )
  await post([row(button('Open'))])
  await ana.press('Open')
  const form = ana.form('A form')
  const field = form.getByRole('combobox', { name: 'Target' })

  await field.click()
  await field.fill('a')
  await form.getByText('Looking…').waitFor()
  // Long enough for the app to be asked: the answer comes when it is no longer wanted.
  await expectSoon(async () => (await field.getAttribute('aria-busy')) === 'true')
  await field.fill('alice')
  await form.getByRole('option', { name: 'alice found' }).waitFor()
  slow.open()
  await field.fill('nobody')
  await form.getByText('No results').waitFor()
  expect(await form.getByRole('option').count()).toBe(0)

  await field.fill('alice')
  await form.getByRole('option', { name: 'alice found' }).waitFor()
  await ana.page.keyboard.press('Enter')
  expect(await field.inputValue()).toBe('alice found')
  await field.fill('silent')
  await form.getByText('Result not loaded.').waitFor()
  await ana.page.keyboard.press('Escape')
  expect(await field.inputValue()).toBe('alice found')
  expect(await form.isVisible()).toBe(true)
})
