import { expect, test } from 'vitest'
import { cast, incidentChannel } from '#/drill/cast.ts'
import { until, wordsOf } from '#/drill/crew.ts'
import { partnerChannel } from '#/drill/slack/workspace.ts'
import { approveOn, copyOf, edited } from '../../faults/people/clicks.ts'
import { changes, signIn } from '../../flows/machine/machine.ts'
import { type Case, complaintsOf, expectTold } from '../../support/incident-flow.ts'
import { expectNoEffect, lastOf, lastPress, playedOn, pressAgain } from './scene.ts'

const { bao, chi } = cast

const scene = playedOn()
const slack = () => scene.stage().slack

/** What a button of a request says to the program; `digest` is what was shown. */
function valueOf(incident: Case): { readonly value: string; readonly digest: string; readonly request: string } {
  const [request] = [...incident.state().requests.values()]
  const digest = request?.shown?.digest
  if (request === undefined || digest === undefined) throw new Error(`${incident.id} shows no request`)
  return { value: `${incident.id}|${request.id}|${digest}`, digest, request: request.id }
}

test('5. anyone with the link could approve, and buttons stayed: a decided request has no button, and a kept copy of it does nothing', async () => {
  const incident = await scene.asked()
  const asked = await incident.request()
  const copy = copyOf(incident, 'chi')
  await incident.approve('bao')
  await incident.untilProven(1)
  expect(incident.at('chi', asked).button(/Approve|Deny|Withdraw/)).toBeUndefined()
  await approveOn(incident, 'chi', copy)
  await expectTold(incident.as('chi'), /Already approved by @bao at/)
  expect(changes(scene.stage(), incident.username, 'revoke-sessions')).toEqual([204])
})

test('6. a link in a message was followed by the preview: no message of an incident holds a link that does anything', async () => {
  const incident = await scene.asked()
  const said = JSON.stringify(
    slack()
      .state()
      .channels.flatMap(({ messages }) => messages),
  )
  expect(said).toContain(incident.id)
  // A button may lead to a message in Slack, which is only shown.
  const links = JSON.stringify(incident.thread().map(({ blocks }) => blocks)).matchAll(/"url":"([^"]*)"/g)
  for (const [, link] of links) expect(link).toContain(`${slack().url}/archives/`)
  for (const [link] of incident.words().matchAll(/https?:\/\/[^\s|>)]+/g)) expect(link).toMatch(/slack\.com|autentico/)
  expect(
    slack()
      .calls('chat.postMessage')
      .map(({ args }) => args['unfurl_links']),
  ).not.toContain('true')
})

test('21. two kinds of request looked alike: doing, skipping, and taking by hand differ in sign, word and verb', async () => {
  const [doing, skipping] = [await scene.asked(), await scene.open()]
  await skipping.as('ana').pressWhenThere('Skip step 1…')
  await skipping.as('ana').fillIn('Skip', { 'What to skip': 'skip', Why: 'It is a test account' })
  await skipping.request()
  const [one, other] = [wordsOf(copyOf(doing, 'bao')), wordsOf(copyOf(skipping, 'bao'))]
  expect(one).toMatch(/^🧪 DRILL · Step 1 · Revoke all sessions/)
  expect(other).toMatch(/^🧪 DRILL · ⏭️ Step 1 · .*[Ss]kip/)
  const verb = (words: Case): unknown =>
    /"confirm":\{[^}]*\}.*?"confirm":\{"type":"plain_text","text":"([^"]+)"/.exec(
      JSON.stringify(copyOf(words, 'bao').blocks),
    )?.[1]
  expect(verb(doing)).not.toBe(verb(skipping))
})

const edits: Readonly<Record<string, (own: ReturnType<typeof valueOf>, incident: Case) => string>> = {
  'another digest': ({ value, digest }) => value.replace(digest, 'f'.repeat(64)),
  'a digest with one letter turned': ({ value, digest }) =>
    value.replace(digest, `${digest.slice(0, -1)}${digest.endsWith('0') ? '1' : '0'}`),
  'no digest': ({ value, digest }) => value.replace(digest, '-'),
  'another request': ({ value, request }) => value.replace(`|${request}|`, '|r999|'),
  'another incident': ({ value }, { id }) => value.replace(id, 'INC-999'),
  'a step in the place of the request': (_own, { id }) => `${id}|s|revoke-sessions`,
  'an incident alone': (_own, { id }) => id,
  nothing: () => '',
  'a line break and a second value': ({ value }) => `${value}\n${value}`,
  'a value in capitals': ({ value }) => value.toUpperCase(),
  'a prototype': () => '__proto__|constructor|prototype',
  'five thousand letters': ({ value }) => value + 'a'.repeat(5_000),
}

test.for(Object.entries(edits))(
  'the value of the button is edited to %s: nothing is approved, and chi is told',
  async ([, edit]) => {
    const incident = await scene.asked()
    const own = valueOf(incident)
    await incident.at('ana').press(/^Approve/)
    const press = lastPress(scene)
    const [action] = press.payload['actions'] as readonly Record<string, string>[]
    await pressAgain(scene, press, {
      user: { id: chi.user, username: 'chi', team_id: 'T0ACME' },
      response_url: '',
      actions: [{ ...action, value: edit(own, incident) }],
    })
    await expectTold(incident.as('chi'), /\S/)
    expect(incident.entries('StepApproved')).toEqual([])
    expect(incident.step(1).status).toBe('requested')
  },
)

test('the button of one incident, carried into another: neither is approved by it', async () => {
  const [one, other] = [await scene.asked(), await scene.asked()]
  const copy = copyOf(one, 'chi')
  await approveOn(other, 'chi', edited(copy, one.id, other.id))
  await expectNoEffect(scene, other, { user: chi.user, code: 'shown_differs' })
  expect(one.entries('StepApproved')).toEqual([])
})

test('the buttons of two requests of one incident, with their digests exchanged: what was shown is what counts', async () => {
  const incident = await scene.asked()
  const first = copyOf(incident, 'chi')
  const { digest } = valueOf(incident)
  await incident.at('ana').press('Withdraw')
  await incident.happens('RequestWithdrawn')
  await signIn(scene.stage(), incident.username)
  const second = await incident.ask(1)
  await approveOn(incident, 'chi', edited(copyOf(incident, 'chi'), second.shown?.digest ?? '', digest))
  await expectNoEffect(scene, incident, { user: chi.user, code: 'shown_differs' })
  await approveOn(incident, 'bao', first)
  await expectNoEffect(scene, incident, { user: bao.user, code: 'already_decided' })
})

test('the button of an older card, after the request was made void by a change: it approves nothing, and says which request counts', async () => {
  const incident = await scene.asked()
  const old = copyOf(incident, 'chi')
  await signIn(scene.stage(), incident.username)
  await incident.approve('bao')
  await incident.happens('ApprovalVoided')
  await incident.request()
  await approveOn(incident, 'chi', old)
  await expectTold(incident.as('chi'), /belongs to an earlier request, made void/)
  expect(incident.entries('StepApproved')).toHaveLength(1)
  expect(changes(scene.stage(), incident.username)).toEqual([])
})

test('a delivery that is sent again, ten times at once, approves once and refuses nobody', async () => {
  const incident = await scene.asked()
  await incident.approve('bao')
  const press = lastPress(scene)
  await Promise.all(Array.from({ length: 10 }, async () => slack().control.redeliver(press)))
  await incident.untilProven(1)
  expect(incident.entries('StepApproved')).toHaveLength(1)
  expect(incident.entries('ClickRefused')).toEqual([])
  expect(changes(scene.stage(), incident.username, 'revoke-sessions')).toEqual([204])
})

test('a delivery that is sent again with somebody else in it is still the same delivery, and approves nothing', async () => {
  const incident = await scene.asked()
  await incident.at('ana').press(/^Approve/)
  // The same trigger: Slack gives each click its own.
  const press = lastPress(scene)
  await slack().control.redeliver({
    ...press,
    payload: { ...press.payload, user: { id: chi.user, team_id: 'T0ACME' } },
  })
  await expectNoEffect(scene, incident, { user: 'U0ANA', code: 'approver_is_requester' })
})

test('an approval that names the message of another channel, or none, counts for the request that it names and for no other', async () => {
  const incident = await scene.asked()
  await incident.at('ana').press(/^Approve/)
  const press = lastPress(scene)
  await pressAgain(scene, press, {
    user: { id: chi.user, team_id: 'T0ACME' },
    channel: { id: partnerChannel.id, name: partnerChannel.name },
    container: { type: 'message', channel_id: partnerChannel.id, message_ts: '1.000001' },
    message: { type: 'message', ts: '1.000001', text: 'Approve lunch' },
    response_url: '',
  })
  const { event, actor } = await incident.happens('StepApproved')
  expect(actor).toMatchObject({ slack: { user: chi.user } })
  expect(event.request).toBe([...incident.state().requests.keys()][0])
})

test('a button on a closed incident does nothing, and says that it is closed', async () => {
  const incident = await scene.asked()
  const [approve, ask] = [copyOf(incident, 'chi'), incident.card()]
  await incident.approve('bao')
  await incident.untilProven(1)
  await incident.skipRest()
  await incident.untilSwept()
  await incident.close()
  await incident.happens('IncidentClosed')
  const approved = incident.entries('StepApproved').length
  await approveOn(incident, 'chi', approve)
  await expectTold(incident.as('chi'), /This incident is closed/)
  const again = lastPress(scene)
  await pressAgain(scene, again, {
    actions: [
      { type: 'button', action_id: 'ask', block_id: 'b', value: `${incident.id}|s|reset-password`, action_ts: '1.1' },
    ],
  })
  await until(
    () =>
      incident.entries('ClickRefused').filter(({ event }) => event.refusal === 'incident_not_open').length >= 2
        ? true
        : undefined,
    'both refusals',
  )
  expect(ask.text).toContain(incident.id)
  expect(incident.entries('StepApproved')).toHaveLength(approved)
})

test('a command from another channel or another workspace opens, stops and reads nothing in anybody’s name', async () => {
  const incident = await scene.asked()
  await slack().as('ana').command('/autentico list', { channel: incidentChannel.id })
  const command = lastOf(scene, 'slash_commands')
  const send = async (changed: object): Promise<unknown> =>
    slack().control.redeliver({
      kind: command.kind,
      payload: { ...command.payload, response_url: '', trigger_id: `t.${Math.random()}`, ...changed },
    })
  await send({ team_id: 'T0OTHER', team_domain: 'other', user_id: 'U0OLU', text: `stop ${incident.id} now` })
  await send({ channel_id: 'C0NOWHERE', user_id: 'U0OLU', text: `stop all` })
  await send({ team_id: 'T0OTHER', user_id: 'U0NOBODY', text: `stop ${incident.id}` })
  await incident.approve('bao')
  await incident.untilProven(1)
  expect(incident.state().stops).toEqual([])
})

test('none of it made the program complain', () => {
  expect(complaintsOf(scene.program())).toEqual([])
})
