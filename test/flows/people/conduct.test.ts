import { expect, test } from 'vitest'
import { cast, incidentChannel } from '#/drill/cast.ts'
import { member, until, wordsOf, wordsOfForm } from '#/drill/crew.ts'
import {
  type Case,
  complaintsOf,
  expectFault,
  expectTold,
  openFor,
  programForAll,
} from '../../support/incident-flow.ts'

const here = programForAll()

test('a denial says why in the thread, the requester can ask again, and nothing was done', async () => {
  const incident = await openFor(here.stage, 'user-001')
  const request = await incident.ask(1)
  await incident.at('bao').press('Deny…')
  expect(await incident.as('bao').fillIn('Deny', { 'Why not': 'Wrong account' })).toMatchObject({ now: 'closed' })
  await incident.at('ana', request).reads(/\*Denied\* by <@U0BAO> \d\d:\d\d UTC: Wrong account/)
  await incident.as('ana').reads(/@bao\* denied: Revoke all sessions of user-001 · “Wrong account/)
  expect(incident.at('ana', request).button(/./)).toBeUndefined()
  expect((await incident.ask(1)).id).not.toBe(request.id)
  expect(incident.entries('StepDone')).toEqual([])
})

test('whoever asked cannot deny their own request; they can withdraw it', async () => {
  const incident = await openFor(here.stage, 'user-002')
  const request = await incident.ask(1)
  await incident.at('ana').press('Deny…')
  const denied = await incident.as('ana').fillIn('Deny', { 'Why not': 'Changed my mind' })
  expectFault(denied, 'reason', 'You asked for this')
  await incident.as('ana').actor.close()

  await incident.at('ana').press('Withdraw')
  await incident.at('bao', request).reads(/\*Withdrawn\* by <@U0ANA>/)
  expect(incident.at('bao', request).button(/./)).toBeUndefined()
  expect(incident.step(1).status).toBe('waiting')
})

test('only the requester or the commander can withdraw; whoever takes command can', async () => {
  const incident = await openFor(here.stage, 'user-003')
  const request = await incident.ask(1)
  await incident.at('bao').press('Withdraw')
  await incident.as('bao').toldAlone(/Only @ana or the commander can withdraw/)
  expect(incident.step(1).status).toBe('requested')

  await incident.as('bao').press('Take command')
  await incident.as('ana').reads(/commander <@U0BAO>/)
  await incident.as('ana').reads(/@bao\* took command/)
  await incident.at('bao').press('Withdraw')
  await incident.at('ana', request).reads(/\*Withdrawn\* by <@U0BAO>/)
})

test('a step is skipped with a reason that two people stand behind, and stays not proven', async () => {
  const incident = await openFor(here.stage, 'user-004')
  await incident.run(1)
  await incident.as('ana').pressWhenThere('Skip step 2…')
  await incident.as('ana').fillIn('Skip', { Why: 'The password is managed elsewhere' })
  const request = await incident.request()
  await incident.at('ana').press(/^Approve/)
  await incident.as('ana').toldAlone(/You asked for this/)
  await incident.approve('chi')
  await incident.happens('StepSkipped')
  expect(incident.step(2)).toMatchObject({ status: 'skipped', reason: 'The password is managed elsewhere' })
  expect(request.kind).toBe('skip')
  await incident.as('bao').reads(/2 Reset the password · skipped · @ana and @chi/)
})

/** The button that the card only has at the end, made up. */
async function pressClose({ id, as, card }: Case): Promise<void> {
  const button = { type: 'button', action_id: 'close', text: { type: 'plain_text', text: 'Close…' }, value: id }
  await as('ana').actor.pressStale({ ...card(), blocks: [{ type: 'actions', elements: [button] }] }, 'close')
}

test('an incident cannot be closed while steps are left; skipping the rest is the way, and it is not contained', async () => {
  const incident = await openFor(here.stage, 'user-005')
  await until(() => incident.as('ana').button('Ask for step 1'), 'the card')
  expect(incident.as('ana').button('Close…')).toBeUndefined()
  await pressClose(incident)
  const early = await incident.as('ana').fillIn(`Close ${incident.id}`, { 'Closing words': 'Enough' })
  expectFault(early, 'reason', 'Not closed: “Revoke all sessions” is not done')
  await incident.as('ana').actor.close()
  await incident.ask(1)
  await pressClose(incident)
  const open = await incident.as('ana').fillIn(`Close ${incident.id}`, { 'Closing words': 'Enough' })
  expectFault(open, 'reason', 'still waits for a decision')
  await incident.as('ana').actor.close()
  await incident.approve()
  await incident.untilProven(1)

  await incident.skipRest('It was a false alarm')
  expect([2, 3, 4, 5].map((n) => incident.step(n).status)).toEqual(['skipped', 'skipped', 'skipped', 'skipped'])
  await incident.untilSwept()
  await incident.close('A false alarm')
  const summary = wordsOf(await incident.as('ana').reads(/closed · .*not contained/))
  expect(summary).toContain('Reset the password (skipped)')
  expect(summary).toContain('Closing words: A false alarm')
})

test('in a closed incident no button does anything any more', async () => {
  const incident = await openFor(here.stage, 'user-006')
  const card = await until(() => incident.as('bao').button('Ask for step 1'), 'the button of step 1')
  await incident.skipRest()
  await incident.close()
  await incident.as('bao').actor.pressStale(card, 'ask')
  await expectTold(incident.as('bao'), /This incident is closed/)
})

test('a message of the thread goes into the timeline by its menu, with its address', async () => {
  const incident = await openFor(here.stage, 'user-007')
  const { thread } = incident.state()
  const ana = member(here.stage.slack.as('ana'))
  const said = await ana.actor.say(incidentChannel.id, 'user-007 called me & says <it was not them>', thread?.ts)
  await ana.actor.messageShortcut('add_to_timeline', { channel: said.channel, ts: said.ts })
  expect(await ana.fillIn('Add to the timeline')).toMatchObject({ now: 'closed' })
  const note = await incident.happens('NoteAdded')
  expect(note.event.text).toBe('user-007 called me & says <it was not them>')
  expect(note.event.link).toContain(said.ts.replace('.', ''))
  expect(note.actor).toMatchObject({ name: 'ana' })
  await incident.as('bao').reads(/@ana\* noted: user-007 called me &amp; says &lt;it was not them&gt;/)
})

test('a message from anywhere else goes into the incident that is chosen', async () => {
  const incident = await openFor(here.stage, 'user-008')
  const bao = member(here.stage.slack.as('bao'))
  const said = await bao.actor.say('C0GENERAL', 'The portal logged me out')
  await bao.actor.messageShortcut('add_to_timeline', { channel: said.channel, ts: said.ts })
  await bao.fillIn('Add to the timeline', { Incident: incident.id })
  expect((await incident.happens('NoteAdded')).event.text).toBe('The portal logged me out')
})

test('a guest cannot add a note', async () => {
  const incident = await openFor(here.stage, 'user-009')
  await incident.as('gil').pressWhenThere('Add note…')
  const answer = await incident.as('gil').fillIn('Add to the timeline', { Note: 'I was here' })
  expectFault(answer, 'note', 'Guests cannot take part in an incident.')
  expect(incident.entries('NoteAdded')).toEqual([])
})

test('two incidents at once do not disturb each other', async () => {
  const one = await openFor(here.stage, 'bobb')
  const other = await openFor(here.stage, 'bobby', { by: 'bao' })
  await one.ask(1)
  await other.ask(1, 'bao')
  await one.approve('bao')
  await other.approve('ana')
  await Promise.all([one.untilProven(1), other.untilProven(1)])
  expect(
    one
      .thread()
      .map(({ text }) => text)
      .join('\n'),
  ).not.toContain('bobby')
})

test('a second incident for the same account is refused while one is open, with the way to it; afterwards it is possible', async () => {
  const first = await openFor(here.stage, 'user-010')
  const again = await member(here.stage.slack.as('bao')).openIncident({ target: 'user-010' })
  expectFault(again, 'target', `an incident for user-010 already: ${first.id} is open since`)
  await here.stage.slack.as('bao').close()
  await first.skipRest()
  await first.close()
  const second = await openFor(here.stage, 'user-010', { by: 'bao' })
  expect(second.id).not.toBe(first.id)
  await second.run(1)
})

test('of two people who open an incident for one account at once, one does, and the other is shown the way', async () => {
  const [ana, bao] = [member(here.stage.slack.as('ana')), member(here.stage.slack.as('bao'))]
  const answers = await Promise.all([
    ana.openIncident({ target: 'user-011' }),
    bao.openIncident({ target: 'user-011', summary: 'Also seen' }),
  ])
  const kinds = answers.map((answer) => (answer.ok ? answer.now : answer.error))
  expect(kinds.toSorted()).toEqual(['errors', 'updated'])
  const refused = answers.find((answer) => answer.ok && answer.now === 'errors')
  if (refused !== undefined) expectFault(refused, 'target', /an incident for user-011 already/)
})

test('pressed again because the first press seemed lost, a step is asked for once', async () => {
  const incident = await openFor(here.stage, 'user-012')
  await until(() => incident.as('ana').button('Ask for step 1'), 'the button of step 1')
  here.stage.slack.control.loseAcks(true)
  expect(await incident.as('ana').press('Ask for step 1')).toMatchObject({ ok: false })
  here.stage.slack.control.loseAcks(false)
  const card = await until(() => incident.as('ana').button('Add note…'), 'the card')
  await incident.request()
  expect(card).toBeDefined()
  expect(incident.entries('StepRequested')).toHaveLength(1)
  await incident.approve()
  await incident.untilProven(1)
})

test('a message longer than a note can be is offered cut, and the rest stays where its address leads', async () => {
  const incident = await openFor(here.stage, 'user-013')
  const ana = member(here.stage.slack.as('ana'))
  const said = await ana.actor.say(
    incidentChannel.id,
    `It began so: ${'very '.repeat(900)}long`,
    incident.state().thread?.ts,
  )
  await ana.actor.messageShortcut('add_to_timeline', { channel: said.channel, ts: said.ts })
  expect(await ana.fillIn('Add to the timeline')).toMatchObject({ now: 'closed' })
  const { text, link } = (await incident.happens('NoteAdded')).event
  expect(text.length).toBeLessThanOrEqual(3000)
  expect(text).toMatch(/^It began so: very/)
  expect(link).toContain(said.ts.replace('.', ''))
})

test('the timeline form shows a responder every entry, and the target none', async () => {
  await here.stage.slack.control.addMember(incidentChannel.id, cast.alice.user)
  const incident = await openFor(here.stage, 'alice')
  await incident.as('chi').press('Timeline')
  const seen = await formSaying('chi', /opened: Compromised user account/)
  expect(wordsOfForm(seen)).toMatch(/\*#\d+\*.*@ana/)
  await incident.as('alice').press('Timeline')
  await formSaying('alice', /This account is the target of the incident/)
})

async function formSaying(person: string, words: RegExp) {
  const actor = here.stage.slack.as(person)
  return until(() => actor.views().find((view) => words.test(wordsOfForm(view))), `a form that says ${String(words)}`)
}

test('none of it made the program complain', () => {
  expect(complaintsOf(here.program)).toEqual([])
})
