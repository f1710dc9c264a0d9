import { expect, test } from 'vitest'
import { boltOnSockets, localSlack } from '../../../../test/support/real-bolt.ts'
import type { LocalSlack } from '../local-slack.ts'

const words = (text: string) => ({ type: 'plain_text' as const, text })
const form = {
  type: 'modal' as const,
  callback_id: 'open_incident',
  title: words('Open an incident'),
  submit: words('Open'),
  notify_on_close: true,
  private_metadata: 'INC-1',
  blocks: [
    {
      type: 'input',
      block_id: 'target',
      label: words('Account'),
      element: { type: 'external_select', action_id: 'account', min_query_length: 2 },
    },
    {
      type: 'input',
      block_id: 'reason',
      label: words('Reason'),
      element: { type: 'plain_text_input', action_id: 'why', min_length: 3, initial_value: 'because' },
    },
    {
      type: 'input',
      block_id: 'urgent',
      optional: true,
      label: words('Severity'),
      element: {
        type: 'static_select',
        action_id: 'severity',
        options: [{ text: words('Grave'), value: 'sev1' }],
      },
    },
  ],
}
const next = { type: 'modal' as const, title: words('Next'), submit: words('Go'), blocks: [] }

type Answer = object | undefined

/** A form that opens on the global shortcut and answers its submissions one after the other. */
async function withForm(
  answers: readonly Answer[],
): Promise<{ slack: LocalSlack; submissions: unknown[]; closed: unknown[] }> {
  const slack = await localSlack()
  const submissions: unknown[] = []
  const closed: unknown[] = []
  await boltOnSockets(slack, (app) => {
    app.shortcut('open_incident', async ({ ack, client, shortcut }) => {
      await client.views.open({ trigger_id: shortcut.trigger_id, view: form })
      await ack()
    })
    app.options('account', async ({ ack, options }) => {
      const found = ['alice', 'alina'].filter((name) => name.startsWith(options.value))
      await ack({ options: found.map((name) => ({ text: words(name), value: `id-${name}` })) })
    })
    app.view({ type: 'view_submission', callback_id: /.*/ }, async ({ ack, view }) => {
      const answer = answers[submissions.length]
      submissions.push(view.state.values)
      await (ack as (answer?: object) => Promise<void>)(answer)
    })
    app.view({ type: 'view_closed', callback_id: /.*/ }, async ({ ack, view }) => {
      closed.push(view.private_metadata)
      await ack()
    })
  })
  await slack.as('ana').shortcut('open_incident')
  return { slack, submissions, closed }
}

test('a person types ahead, chooses what is offered, and submits; the form closes', async () => {
  const { slack, submissions } = await withForm([undefined])
  const [open] = slack.as('ana').views()

  expect(await slack.as('ana').type(open?.id ?? '', 'target', 'account', 'a')).toEqual({ ok: true, options: [] })
  expect(await slack.as('ana').type(open?.id ?? '', 'target', 'account', 'ali')).toEqual({
    ok: true,
    options: [
      { text: 'alice', value: 'id-alice' },
      { text: 'alina', value: 'id-alina' },
    ],
  })
  await expect(slack.as('ana').submit(undefined, { account: 'id-mallory' })).rejects.toThrow('is not offered')
  expect(await slack.as('ana').submit(undefined, { account: 'alice', severity: 'sev1' })).toEqual({
    ok: true,
    now: 'closed',
  })

  expect(slack.as('ana').views()).toEqual([])
  expect(submissions).toMatchObject([
    {
      target: { account: { type: 'external_select', selected_option: { value: 'id-alice' } } },
      reason: { why: { type: 'plain_text_input', value: 'because' } },
      urgent: { severity: { selected_option: { value: 'sev1' } } },
    },
  ])
})

test('the client does not send a form with an empty required field, or one that is too short', async () => {
  const { slack, submissions } = await withForm([])

  expect(await slack.as('ana').submit(undefined, { why: 'no' })).toEqual({
    ok: true,
    now: 'errors',
    errors: { target: 'Please complete this required field.', reason: 'Enter at least 3 characters.' },
  })
  expect(submissions).toEqual([])
})

test('errors leave the form open; an update, a push and a clear do what they say', async () => {
  const { slack } = await withForm([
    { response_action: 'errors', errors: { reason: 'Say more.' } },
    { response_action: 'push', view: next },
    { response_action: 'update', view: { ...next, title: words('Later') } },
    { response_action: 'clear' },
  ])
  const ana = slack.as('ana')
  await ana.type(ana.views()[0]?.id ?? '', 'target', 'account', 'alice')

  expect(await ana.submit(undefined, { account: 'alice' })).toMatchObject({
    now: 'errors',
    errors: { reason: 'Say more.' },
  })
  expect(await ana.submit(undefined)).toMatchObject({ now: 'pushed', form: { title: 'Next' } })
  expect(ana.views()).toHaveLength(2)
  expect(await ana.submit(undefined)).toMatchObject({ now: 'updated', form: { title: 'Later' } })
  expect(await ana.submit(undefined)).toEqual({ ok: true, now: 'closed' })
  expect(ana.views()).toEqual([])
})

test('an answer the client cannot show is trouble to the person, and the form stays', async () => {
  const { slack } = await withForm([
    { response_action: 'errors', errors: { nowhere: 'x' } },
    { response_action: 'update', view: { ...next, title: words('x'.repeat(25)) } },
  ])
  const ana = slack.as('ana')
  await ana.type(ana.views()[0]?.id ?? '', 'target', 'account', 'alice')

  expect(await ana.submit(undefined, { account: 'alice' })).toMatchObject({ ok: false, error: 'invalid_response' })
  expect(await ana.submit(undefined)).toMatchObject({ ok: false, error: 'invalid_response' })
  expect(ana.views()).toHaveLength(1)
})

test('closing a form tells the app when it asked to be told', async () => {
  const { slack, closed } = await withForm([])

  await slack.as('ana').close()
  expect(slack.as('ana').views()).toEqual([])
  expect(closed).toEqual(['INC-1'])
  await expect(slack.as('bao').close()).rejects.toThrow('bao has no open form')
})
