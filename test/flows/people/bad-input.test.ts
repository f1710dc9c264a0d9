import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cast, incidentChannel } from '#/drill/cast.ts'
import { member, until, wordsOfForm } from '#/drill/crew.ts'
import type { Submitted } from '#/drill/slack/acts/seen.ts'
import type { JsonObject } from '#/drill/slack/json.ts'
import { suspendUser } from '../../support/autentico-visits.ts'
import {
  complaintsOf,
  dataDirOf,
  entriesOf,
  expectFault,
  expectTold,
  openFor,
  programForAll,
  reloadEverybody,
} from '../../support/incident-flow.ts'

const here = programForAll()

/** `/autentico incident <target>` with the target as it was typed, and the form sent at once. */
async function openTyped(target: string, person = 'ana'): Promise<Submitted> {
  const someone = member(here.stage.slack.as(person))
  await someone.actor.command(`/autentico incident ${target}`, { channel: incidentChannel.id })
  return someone.fillIn('Open an incident')
}

async function expectAnswer(person: string, line: string, words: RegExp): Promise<string> {
  const someone = member(here.stage.slack.as(person))
  await someone.actor.command(line, { channel: incidentChannel.id })
  return expectTold(someone, words)
}

test('a name that nobody has is said under the field, with the nearest one, and the form stays', async () => {
  expect(await openTyped('alise')).toMatchObject({
    now: 'errors',
    errors: { target: 'No user is called `alise`. Did you mean `alice`?' },
  })
  expect(here.stage.slack.as('ana').views()).toHaveLength(1)
})

test('part of a name is never taken for the name: "bob" is nobody, "bobb" is bobb and not bobby', async () => {
  expectFault(await openTyped('bob'), 'target', 'No user is called `bob`')
  await here.stage.slack.as('ana').close()
  expect(await openTyped('bobb')).toMatchObject({ now: 'updated' })
  const opened = await until(() => entriesOf(here.stage, 'INC-1', 'IncidentOpened')[0], 'the incident')
  expect(opened.event.target.username).toBe('bobb')
})

test('a person mentioned in the command is found by their e-mail address', async () => {
  expect(await openTyped(`<@${cast.chi.user}>`)).toMatchObject({ now: 'updated' })
})

test('an account that is deactivated in Autentico is refused in the form', async () => {
  await suspendUser(here.stage, 'user-020')
  expectFault(await openTyped('user-020'), 'target', 'user-020 is deactivated in Autentico')
})

test('the account that the bot itself signs in with cannot be a target', async () => {
  const { username } = here.stage.autentico.credentials
  expectFault(await openTyped(username), 'target', 'the account this bot signs in with')
  expect(entriesOf(here.stage, 'system', 'ClickRefused').at(-1)?.event.refusal).toBe('target_is_bot')
})

test('a long summary full of mentions, markup and line breaks is recorded as typed, calls nobody and breaks no card', async () => {
  const start = '<!channel> <!here> <@U0BAO> <https://evil.test|Approve> *bold* ~no~ `code` @channel\n> quote\n:bell: '
  const summary = start + 'x'.repeat(3000 - start.length)
  const incident = await openFor(here.stage, 'user-001', { summary })
  expect(incident.state().summary).toBe(summary)
  await incident.run(1)
  const posted = JSON.stringify(incident.thread().map(({ text, blocks }) => ({ text, blocks })))
  expect(posted).toContain('&lt;!channel&gt;')
  expect(posted).not.toContain('<!channel>')
  expect(posted).not.toContain('<!here>')
  expect(posted).not.toContain('<https://evil.test')
  expect(posted).not.toContain('<@U0BAO> &lt;')
  expect(posted).not.toContain('*bold*')
})

test('one character more than the form takes is not sent at all', async () => {
  const answer = await member(here.stage.slack.as('ana')).openIncident({
    target: 'user-002',
    summary: 'x'.repeat(3001),
  })
  expect(answer).toMatchObject({ now: 'errors' })
})

test('a command that is not there is answered with the nearest one and with what there is', async () => {
  expect(await expectAnswer('ana', '/autentico incidnet alice', /There is no command/)).toMatch(
    /There is no command “incidnet”\. Did you mean `\/autentico incident`\?/,
  )
  const odd = await expectAnswer('ana', '/autentico <!channel>*x*', /There is no command “&lt;!channel/)
  expect(odd).toContain('`/autentico verify INC-n`')
  expect(await expectAnswer('ana', '/autentico', /What \/autentico can do/)).toContain('/autentico list')
})

test('a number that no incident has is answered, whatever its form', async () => {
  for (const number of ['INC-0', 'INC-4711', 'INC-1x', 'INC-99999999999', '../../keys', "1'--", 'INC-１']) {
    reloadEverybody(here.stage)
    for (const verb of ['status', 'timeline', 'verify']) {
      await expectAnswer('ana', `/autentico ${verb} ${number}`, /There is no incident/)
    }
  }
  reloadEverybody(here.stage)
  await expectAnswer('ana', '/autentico timeline', /Which incident\?/)
})

test('who may not read is told why: a guest, somebody on no list, and the target about their own incident', async () => {
  await expectAnswer('gil', '/autentico list', /Guests cannot take part/)
  here.stage.slack.control.makeGuest(cast.gil.user, false)
  const incident = await openFor(here.stage, 'alice')
  await here.stage.slack.control.addMember(incidentChannel.id, cast.alice.user)
  await expectAnswer('alice', `/autentico status ${incident.id}`, /This account is the target of the incident/)
  expect(await expectAnswer('alice', '/autentico list', /Open incidents|No incident/)).not.toContain(`${incident.id} `)
  here.stage.slack.control.makeGuest(cast.gil.user)
})

test('a guest who asks for the form is told why not, and the try is on record', async () => {
  const gil = member(here.stage.slack.as('gil'))
  await gil.actor.command('/autentico incident alice', { channel: incidentChannel.id })
  const form = await until(
    () => gil.actor.views().find(({ title }) => title === 'Not opened'),
    'the answer to the guest',
  )
  expect(wordsOfForm(form)).toContain('Guests cannot take part in an incident.')
  expect(entriesOf(here.stage, 'system', 'ClickRefused').at(-1)).toMatchObject({
    actor: { name: 'gil' },
    event: { tried: 'open an incident for alice', refusal: 'person_is_guest' },
  })
})

test('the type-ahead shows no account to somebody who may not open an incident', async () => {
  // ana is made a guest while the form is open.
  const ana = member(here.stage.slack.as('ana'))
  await ana.actor.command('/autentico incident', { channel: incidentChannel.id })
  const form = await until(() => ana.actor.views().find(({ title }) => title === 'Open an incident'), 'the form')
  const field = ['target', 'target', 'user-00'] as const
  expect(await ana.actor.type(form.id, ...field)).toMatchObject({ ok: true, options: { length: 9 } })
  here.stage.slack.control.makeGuest(cast.ana.user)
  expect(await ana.actor.type(form.id, ...field)).toMatchObject({ ok: true, options: { length: 0 } })
  here.stage.slack.control.makeGuest(cast.ana.user, false)
})

test('Slack runs no command inside a thread, and says so before the program hears of it', async () => {
  const incident = await openFor(here.stage, 'user-003')
  const thread = incident.state().thread?.ts ?? ''
  const answer = await here.stage.slack.as('ana').command('/autentico list', { channel: incidentChannel.id, thread })
  expect(answer).toMatchObject({ ok: false, error: 'not_in_thread' })
})

test('a button whose value somebody made up is answered in words, and does nothing', async () => {
  const incident = await openFor(here.stage, 'user-004')
  await incident.ask(1)
  const copy = incident.at('bao').button(/^Approve/)
  if (copy === undefined) throw new Error('bao saw no button')
  const { length } = incident.entries('ClickRefused')
  for (const value of ['', 'INC-1', 'INC-1|r1', 'nonsense', `${incident.id}|r1|${'f'.repeat(63)}`]) {
    reloadEverybody(here.stage)
    const blocks = copy.blocks.map((block) => withValue(block, value))
    await incident.as('bao').actor.pressStale({ ...copy, blocks }, 'approve')
    await incident.as('bao').toldAlone(/This button is not one of ours/)
  }
  const blocks = copy.blocks.map((block) => withValue(block, `${incident.id}|r1|${'f'.repeat(64)}`))
  await incident.as('bao').actor.pressStale({ ...copy, blocks }, 'approve')
  await incident.as('bao').toldAlone(/What you saw is no longer what would be done/)
  expect(incident.entries('ClickRefused')).toHaveLength(length + 1)
  expect(incident.entries('StepApproved')).toEqual([])
})

function everyFile(): string {
  const files = readdirSync(dataDirOf(here.stage), { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  )
  return files.map((file) => readFileSync(join(file.parentPath, file.name)).toString('latin1')).join('\n')
}

function withValue(block: JsonObject, value: string): JsonObject {
  const elements = block['elements']
  if (!Array.isArray(elements) || block['type'] !== 'actions') return block
  return { ...block, elements: elements.map((element) => ({ ...(element as JsonObject), value })) }
}

test('nor does a token that somebody pasted in place of a username get on record', async () => {
  const token = 'xoxb-123456789012-zyxwvuZYXWVU4321'
  const gil = member(here.stage.slack.as('gil'))
  await gil.actor.command(`/autentico incident ${token}`, { channel: incidentChannel.id })
  await until(() => gil.actor.views().find(({ title }) => title === 'Not opened'), 'the answer to the guest')
  expect(entriesOf(here.stage, 'system', 'ClickRefused').at(-1)?.event.tried).toBe('open an incident for [removed]')
  expect(everyFile()).not.toContain(token)
})

test('the target cannot open an incident about their own account', async () => {
  expectFault(await openTyped('alice', 'alice'), 'target', /This account is the target of the incident/)
})

test('what looks like a token in a note is in no ledger, thread, log or file', async () => {
  const incident = await openFor(here.stage, 'user-005')
  const secrets = [
    'xoxb-123456789012-abcdefABCDEF1234',
    'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLW9mLWl0',
    'Zm9vYmFyQmF6UXV4MTIzNDU2Nzg5MEFCQ0RFRkdISUpLTE1OT1A',
  ]
  await incident.as('ana').press('Add note…')
  await incident.as('ana').fillIn('Add to the timeline', { Note: `Found in the log: ${secrets.join(' and ')} again` })
  const note = await incident.happens('NoteAdded')
  expect(note.event.text).toBe('Found in the log: [removed] and [removed] and [removed] again')
  await incident.as('bao').reads(/noted: Found in the log: \[removed\]/)
  const kept = [everyFile(), here.program.lines.join('\n'), JSON.stringify(here.stage.slack.state().channels)].join(
    '\n',
  )
  for (const secret of secrets) expect(kept).not.toContain(secret)
})

test('none of it made the program complain', () => {
  expect(complaintsOf(here.program)).toEqual([])
})
