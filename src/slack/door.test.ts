import { afterEach, expect, test, vi } from 'vitest'
import { cast, incidentChannel } from '#/drill/cast.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { OrderId, RequestId } from '#/incident/work.ts'
import {
  askForFirstStep,
  effect,
  facts,
  openThroughForm,
  startWorld,
  type World,
  type WorldOptions,
} from './test-support.ts'

const cleanups: AsyncDisposable[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup[Symbol.asyncDispose]()
})

async function world(options?: WorldOptions): Promise<World> {
  const started = await startWorld(options)
  cleanups.push(started)
  return started
}

async function withRequest(options?: WorldOptions): Promise<{ readonly w: World; readonly id: IncidentId }> {
  const w = await world(options)
  const id = await openThroughForm(w)
  await askForFirstStep(w, id)
  return { w, id }
}

test('the command opens the form at once, and sending it opens the incident', async () => {
  const w = await world()
  const id = await openThroughForm(w)
  expect(w.door.opened(id)).toMatchObject({
    id: 'INC-1',
    status: 'open',
    target: { username: 'alice' },
    openedBy: { slack: { team: 'T0ACME', user: 'U0ANA' }, name: 'ana' },
  })
  const [first] = w.local.calls().filter(({ method }) => method !== 'auth.test' && method !== 'apps.connections.open')
  expect(first?.method).toBe('views.open')
})

test('a form names the channel and who will read along, and how many can approve besides the opener', async () => {
  const w = await world()
  await w.local.as('ana').command('/autentico incident account-compromise alice')
  await vi.waitFor(() =>
    expect(JSON.stringify(w.local.as('ana').views())).toMatch(/\d (?:person|people) can approve besides you/),
  )
  expect(JSON.stringify(w.local.as('ana').views())).toMatch(/<#C0INCIDENTS> \(private, \d members\)/)
})

test('a target that does not exist is said under its field, and the form stays', async () => {
  const w = await world()
  await w.local.as('ana').command('/autentico incident account-compromise alise')
  const view = await w.formOf('ana')
  const submitted = await w.local.as('ana').submit(view, { severity: 'sev1' })
  expect(submitted).toMatchObject({
    now: 'errors',
    errors: { target: 'No user is called `alise`. Did you mean `alice`?' },
  })
  expect(w.door.openIncidents()).toEqual([])
})

test('the type-ahead shows accounts to responders', async () => {
  const w = await world()
  await w.local.as('ana').command('/autentico incident')
  const view = await w.formOf('ana')
  const offered = await w.local.as('ana').type(view, 'target', 'target', 'ali')
  expect(offered).toEqual({
    ok: true,
    options: [{ text: 'alice · alice@acme.test · 3 sessions · MFA on', value: 'a|acc-alice|alice' }],
  })
  const submitted = await w.local.as('ana').submit(view, { target: 'a|acc-alice|alice', severity: 'sev3' })
  expect(submitted).toMatchObject({ now: 'updated' })
  expect(w.door.openIncidents()).toHaveLength(1)
})

test.each([
  ['responder-bot', /account this bot signs in with/],
  ['al', /More than one user fits/],
])('the target %s is turned down under its field', async (typed, sentence) => {
  const w = await world()
  await w.local.as('ana').command(`/autentico incident account-compromise ${typed}`)
  const view = await w.formOf('ana')
  const submitted = await w.local.as('ana').submit(view, {})
  expect(submitted).toMatchObject({ now: 'errors', errors: { target: expect.stringMatching(sentence) as string } })
})

test('while Autentico is away the form stays as it was', async () => {
  const w = await world()
  w.door.accountsDown = true
  await w.local.as('ana').command('/autentico incident account-compromise alice')
  const view = await w.formOf('ana')
  expect(await w.local.as('ana').submit(view, {})).toMatchObject({
    now: 'errors',
    errors: {
      target:
        'Accounts cannot be looked up right now, so nothing was opened. The queue (Redis) does not answer. The form stays: send it again in a moment.',
    },
  })
})

test('while accounts cannot be looked up the list says why, and choosing that line says it again', async () => {
  const w = await world()
  w.door.accountsDown = true
  await w.local.as('ana').command('/autentico incident')
  const view = await w.formOf('ana')
  const offered = await w.local.as('ana').type(view, 'target', 'target', 'ali')
  expect(offered).toEqual({ ok: true, options: [{ text: '⛔ The queue (Redis) does not answer.', value: 'none' }] })
  const chosen = { target: 'none', severity: 'sev2' }
  expect(await w.local.as('ana').submit(view, chosen)).toMatchObject({
    now: 'errors',
    errors: { target: expect.stringMatching(/^Accounts cannot be looked up right now.*Redis/) as string },
  })
  w.door.accountsDown = false
  expect(await w.local.as('ana').submit(view, chosen)).toMatchObject({
    now: 'errors',
    errors: { target: 'Type the username or the e-mail address, and pick the account from the list that opens.' },
  })
})

test('a slow Autentico does not cost the form: Slack is answered in time, and the form changes by itself', async () => {
  const w = await world({ slack: { ackWithinMs: 100 } })
  const held = Promise.withResolvers<void>()
  w.door.accountsHeld = held.promise
  await w.local.as('ana').command('/autentico incident account-compromise alice')
  const view = await w.formOf('ana')
  expect(await w.local.as('ana').submit(view, {})).toMatchObject({ now: 'updated' })
  expect(JSON.stringify(w.local.as('ana').views())).toContain('Working on it')
  held.resolve()
  await vi.waitFor(() => expect(JSON.stringify(w.local.as('ana').views())).toContain('INC-1 is open'))
})

test('a second incident for the same account and playbook is not opened: the first is named', async () => {
  const w = await world()
  await openThroughForm(w)
  await w.local.as('bao').command('/autentico incident account-compromise alice')
  const view = await w.formOf('bao')
  expect(await w.local.as('bao').submit(view, {})).toMatchObject({
    now: 'errors',
    errors: { target: expect.stringMatching(/incident for alice already: INC-1 is open since .* by @ana/) as string },
  })
  expect(w.door.openIncidents()).toHaveLength(1)
  expect(w.door.events('ClickRefused')).toMatchObject([
    { actor: { name: 'bao' }, event: { refusal: 'target_has_incident' } },
  ])
})

test('a guest who opens the form is told why not, and it goes on record', async () => {
  const w = await world()
  await w.local.control.addMember('C0INCIDENTS', cast.gil.user)
  await w.local.as('gil').command('/autentico incident account-compromise alice')
  await vi.waitFor(() => expect(JSON.stringify(w.local.as('gil').views())).toContain('Guests cannot take part'))
  expect(w.door.events('ClickRefused')).toMatchObject([
    { actor: { name: 'gil' }, event: { refusal: 'person_is_guest' } },
  ])
})

test('a second responder approves, and the step is ordered', async () => {
  const { w, id } = await withRequest()
  expect(await w.local.as('bao').press(w.messageWith('approve'), 'approve')).toEqual({ ok: true })
  expect(w.door.events('StepApproved')).toMatchObject([{ actor: { name: 'bao' } }])
  await w.publish(id)
  expect(() => w.messageWith('approve')).toThrow(/no message shows/)
  const thread = w.local
    .as('chi')
    .sees()
    .findLast(({ thread }) => thread !== undefined)
  expect(thread?.text).toMatch(/Approved by <@U0BAO>.*waits for a worker/)
})

test('the requester may not approve, and hears who can', async () => {
  const { w } = await withRequest()
  await w.local.as('ana').press(w.messageWith('approve'), 'approve')
  await vi.waitFor(() =>
    expect(w.told('ana').at(-1)).toMatch(
      /^You asked for this, so somebody else has to approve it\. Able to now: @bao, @chi\.$/,
    ),
  )
  expect(w.door.events('StepApproved')).toEqual([])
  expect(w.door.events('ClickRefused')).toMatchObject([{ event: { refusal: 'approver_is_requester' } }])
})

test.each([
  ['gil', 'person_is_guest', /Guests cannot take part/],
  ['olu', 'person_is_external', /another workspace/],
  ['alice', 'person_is_target', /target of the incident/],
])('%s presses Approve and is refused, in private and on record', async (who, code, sentence) => {
  const { w } = await withRequest()
  const { user } = cast[who as 'gil']
  w.local.control.share('C0INCIDENTS')
  await w.local.control.addMember('C0INCIDENTS', user)
  await w.local.as(who).press(w.messageWith('approve'), 'approve')
  await vi.waitFor(() => expect(w.told(who).at(-1)).toMatch(sentence))
  expect(w.door.events('ClickRefused')).toMatchObject([{ event: { refusal: code } }])
  expect(w.told('bao')).toEqual([])
})

test('two approvers at once: one wins, the other is told by whom', async () => {
  const { w } = await withRequest()
  const button = w.messageWith('approve')
  await Promise.all([w.local.as('bao').press(button, 'approve'), w.local.as('chi').press(button, 'approve')])
  expect(w.door.events('StepApproved')).toHaveLength(1)
  await vi.waitFor(() =>
    expect([...w.told('bao'), ...w.told('chi')]).toEqual([expect.stringMatching(/^Already approved by @(bao|chi)/)]),
  )
})

test('the same click delivered again has one effect and no second answer', async () => {
  const { w } = await withRequest()
  await w.local.as('bao').press(w.messageWith('approve'), 'approve')
  await Promise.all([w.local.control.redeliver(), w.local.control.redeliver(), w.local.control.redeliver()])
  expect(w.door.events('StepApproved')).toHaveLength(1)
  expect(w.door.events('ClickRefused')).toEqual([])
})

test('a button of an old copy of the request is answered, not obeyed', async () => {
  const { w, id } = await withRequest()
  const old = w.local
    .as('bao')
    .sees()
    .findLast(({ blocks }) => JSON.stringify(blocks).includes('"approve"'))
  if (old === undefined) throw new Error('no request')
  await w.local.as('ana').press(w.messageWith('withdraw'), 'withdraw')
  await w.publish(id)
  await w.local.as('bao').pressStale(old, 'approve')
  await vi.waitFor(() => expect(w.told('bao').at(-1)).toMatch(/^Already withdrawn by @ana/))
  expect(w.door.events('StepApproved')).toEqual([])
})

test('an altered value and a foreign button are answered in private, never with silence', async () => {
  const { w } = await withRequest()
  const copy = w.local
    .as('bao')
    .sees()
    .findLast(({ blocks }) => JSON.stringify(blocks).includes('"approve"'))
  if (copy === undefined) throw new Error('no request')
  const forged = (from: string, to: string) => ({
    ...copy,
    blocks: JSON.parse(JSON.stringify(copy.blocks).replaceAll(from, to)) as typeof copy.blocks,
  })
  await w.local.as('bao').pressStale(forged('INC-1|r1|', 'INC-1|r1|../'), 'approve')
  await vi.waitFor(() => expect(w.told('bao').at(-1)).toMatch(/not one of ours/))
  await w.local.as('bao').pressStale(forged('INC-1|r1|', 'INC-9|r1|'), 'approve')
  await vi.waitFor(() => expect(w.told('bao').at(-1)).toMatch(/There is no incident INC-9/))
  await w.local.as('bao').pressStale(forged('"action_id":"approve"', '"action_id":"constructor"'), 'constructor')
  await vi.waitFor(() => expect(w.told('bao')).toHaveLength(3))
  expect(w.door.events('StepApproved')).toEqual([])
})

test('somebody who left the channel is told in a direct message when nothing else is possible', async () => {
  const { w } = await withRequest()
  const seen = w.local
    .as('ana')
    .sees()
    .findLast(({ blocks }) => JSON.stringify(blocks).includes('"approve"'))
  if (seen === undefined) throw new Error('no request')
  await w.local.control.removeMember('C0INCIDENTS', cast.ana.user)
  await w.local.as('ana').pressStale(seen, 'approve')
  await vi.waitFor(() =>
    expect(JSON.stringify(w.local.as('ana').sees())).toMatch(/You asked for this, so somebody else/),
  )
})

test('when Slack does not say who presses, nothing is done and the person hears it', async () => {
  const { w } = await withRequest()
  w.local.control.failNext('users.info', { status: 500, body: {}, times: 10 })
  await w.local.as('bao').press(w.messageWith('approve'), 'approve')
  await vi.waitFor(() => expect(w.told('bao').at(-1)).toMatch(/Slack did not say who you are/))
  expect(w.door.events('StepApproved')).toEqual([])
})

test('an approver who was deactivated breaks nothing for the others', async () => {
  const { w } = await withRequest()
  w.local.control.deactivate(cast.chi.user)
  await w.local.as('ana').press(w.messageWith('approve'), 'approve')
  await vi.waitFor(() => expect(w.told('ana').at(-1)).toMatch(/Able to now: @bao\.$/))
})

test('a silent user group counts for nobody, and the refusal says that, not that somebody is on no list', async () => {
  const w = await world()
  const id = await openThroughForm(w)
  await askForFirstStep(w, id)
  cleanups.push(w)
  const fresh = await startWorld({ door: w.door })
  cleanups.push(fresh)
  await fresh.publish(id)
  fresh.local.control.failNext('usergroups.users.list', { status: 500, body: {}, times: 20 })
  await fresh.local.as('bao').press(fresh.messageWith('approve'), 'approve')
  await vi.waitFor(() =>
    expect(fresh.told('bao').at(-1)).toMatch(/does not say who is in @approvers right now, so nothing was done/),
  )
  await fresh.local.control.addMember(incidentChannel.id, cast.alice.user)
  await fresh.local.as('alice').command('/autentico list')
  await vi.waitFor(() =>
    expect(fresh.told('alice').at(-1)).toMatch(/^Slack does not say who is in @approvers right now/),
  )
})

test('denying asks for a reason, and the request says it afterwards', async () => {
  const { w, id } = await withRequest()
  await w.local.as('bao').press(w.messageWith('deny'), 'deny')
  const view = await w.formOf('bao')
  expect(await w.local.as('bao').submit(view, { reason: 'Wrong account' })).toMatchObject({ now: 'closed' })
  await w.publish(id)
  expect(w.local.as('ana').sees().at(-1)?.text).toMatch(/\*Denied\* by <@U0BAO> \d\d:\d\d UTC: Wrong account/)
})

test('the requester cannot deny their own request: the form stays and says why', async () => {
  const { w } = await withRequest()
  await w.local.as('ana').press(w.messageWith('deny'), 'deny')
  const view = await w.formOf('ana')
  expect(await w.local.as('ana').submit(view, { reason: 'No' })).toMatchObject({
    now: 'errors',
    errors: { reason: expect.stringContaining('somebody else') as string },
  })
})

test('the last administrator is approved by typing the username', async () => {
  const w = await world()
  const id = await openThroughForm(w)
  await askForFirstStep(w, id, 'ana', { ...effect, confirmByTyping: 'alice' })
  await w.local.as('bao').press(w.messageWith('approve_by_typing'), 'approve_by_typing')
  const view = await w.formOf('bao')
  expect(await w.local.as('bao').submit(view, { typed: 'alicia' })).toMatchObject({ now: 'errors' })
  expect(await w.local.as('bao').submit(view, { typed: 'alice' })).toMatchObject({ now: 'closed' })
  expect(w.door.events('StepApproved')).toHaveLength(1)
})

test('skipping, notes, taking command and the timeline go through the card', async () => {
  const w = await world()
  const id = await openThroughForm(w)
  const card = w.messageWith('more')
  await w.local.as('bao').press(card, 'more', { selected: `take_command|${id}` })
  expect(w.door.opened(id).commander.name).toBe('bao')

  await w.local.as('bao').press(card, 'note')
  const note = await w.formOf('bao')
  await w.local.as('bao').submit(note, { note: 'Called the helpdesk <!channel>' })
  expect(w.door.events('NoteAdded')).toHaveLength(1)

  await w.local.as('bao').press(card, 'more', { selected: `skip|${id}|s|revoke-sessions` })
  const skip = await w.formOf('bao')
  await w.local.as('bao').submit(skip, { reason: 'Already done', extent: 'skip-rest' })
  expect(w.door.events('StepRequested')).toMatchObject([{ event: { kind: 'skip-rest' } }])

  await w.local.as('bao').press(card, 'more', { selected: `timeline|${id}` })
  await vi.waitFor(() =>
    expect(JSON.stringify(w.local.as('bao').views())).toContain('Called the helpdesk &lt;!channel&gt;'),
  )
})

test('a message of the thread goes into the timeline with its address', async () => {
  const w = await world()
  const id = await openThroughForm(w)
  const card = w.messageWith('more')
  const said = await w.local.as('bao').say(card.channel, 'Seen from 203.0.113.7', card.ts)
  await w.local.as('bao').messageShortcut('add_to_timeline', { channel: card.channel, ts: said.ts })
  const view = await w.formOf('bao')
  await w.local.as('bao').submit(view, {})
  expect(w.door.timeline(id).at(-1)?.event).toMatchObject({
    type: 'NoteAdded',
    text: 'Seen from 203.0.113.7',
    link: expect.stringContaining('/archives/C0INCIDENTS/p') as string,
  })
})

test('the temporary password is recorded as shown before it is shown, once and to its holder alone', async () => {
  const w = await world()
  const id = await openThroughForm(w)
  const order = `${id}-99` as OrderId
  const incident = w.door.opened(id)
  vi.spyOn(w.door, 'incident').mockReturnValue({
    ...incident,
    secret: { order, holder: incident.openedBy, expiresAt: '2099-01-01T00:00:00.000Z', state: 'sealed' },
  })
  vi.spyOn(w.door, 'execute').mockImplementation((_id, command) => {
    expect(w.door.secrets.has(order)).toBe(true)
    return {
      kind: 'accepted',
      incident,
      recorded: [
        {
          seq: 1,
          incident: id,
          at: facts.readAt,
          actor: command.by.person,
          hash: '',
          event: { type: 'SecretShown', order },
        },
      ],
    }
  })
  w.door.secrets.set(order, 'four-unlikely-words-here')
  const card = w.local.as('ana').sees()[0]
  if (card === undefined) throw new Error('no card')
  const blocks = [
    {
      type: 'actions',
      elements: [
        { type: 'button', action_id: 'secret', text: { type: 'plain_text', text: 'Show' }, value: `${id}|o|${order}` },
      ],
    },
  ]
  await w.local.as('ana').pressStale({ ...card, blocks }, 'secret')
  await vi.waitFor(() => expect(JSON.stringify(w.local.as('ana').views())).toContain('four-unlikely-words-here'))
  expect(JSON.stringify(w.local.as('ana').sees())).not.toContain('four-unlikely')
  expect(w.door.secrets.size).toBe(0)
})

test('a form that Slack does not open in time is said to the person', async () => {
  const w = await world()
  w.local.control.failNext('views.open', { body: { ok: false, error: 'expired_trigger_id' } })
  await w.local.as('ana').command('/autentico incident')
  await vi.waitFor(() => expect(w.told('ana').at(-1)).toMatch(/did not open the form in time/))
})

test('when something breaks the presser gets a reference, and the log the same one', async () => {
  const { w } = await withRequest()
  vi.spyOn(w.door, 'execute').mockImplementation(() => {
    throw new Error('disk full')
  })
  await w.local.as('bao').press(w.messageWith('approve'), 'approve')
  const said = await w.saidTo('bao')
  const [, reference] = /\(ref ([0-9a-f]{6})\)/.exec(said) ?? []
  expect(w.log.lines.filter(({ level }) => level === 'error')).toMatchObject([
    { fields: { reference, why: 'disk full' } },
  ])
})

test.each([
  ['list', /Open incidents: 1/],
  ['status', /INC-1 · Compromised account · alice/],
  ['status 1', /Revoke all sessions/],
  ['timeline INC-1', /opened: Compromised user account/],
  ['verify INC-1', /The ledger holds/],
  ['verify INC-77', /There is no incident INC-77/],
  ['timeline', /Which incident/],
  ['help', /What \/autentico can do/],
  ['incidnet', /Did you mean `\/autentico incident`/],
  ['<!channel> *bold*', /There is no command “&lt;!channel&gt;”/],
])('/autentico %s is answered in private', async (typed, expected) => {
  const w = await world()
  await openThroughForm(w)
  await w.local.as('ana').command(`/autentico ${typed}`)
  await vi.waitFor(() => expect(w.told('ana').at(-1)).toMatch(expected))
  expect(w.told('bao')).toEqual([])
})

test('while nothing can be recorded a press is answered with why, and a form says it and keeps what was typed', async () => {
  const { w, id } = await withRequest()
  w.door.unwritable = 'The disk is full, so nothing was recorded and nothing was done.'
  const before = w.door.entries.length
  await w.local.as('bao').press(w.messageWith('approve'), 'approve')
  expect(await w.saidTo('bao')).toBe('The disk is full, so nothing was recorded and nothing was done.')

  await w.local.as('ana').press(w.messageWith('note'), 'note')
  const submitted = await w.local.as('ana').submit(await w.formOf('ana'), { note: 'Called her, twice' })
  expect(JSON.stringify(submitted)).toMatch(/The disk is full.*Called her, twice/)
  expect(w.door.entries).toHaveLength(before)

  w.door.unwritable = undefined
  await w.local.as('bao').press(w.messageWith('approve'), 'approve')
  expect(w.door.opened(id).requests.get('r1' as RequestId)?.end.kind).toBe('approved')
})

test('where nothing is recorded any more no form is opened, every press is answered with why, and reading goes on', async () => {
  const { w, id } = await withRequest()
  w.door.closed = 'The ledger is damaged, so nothing is done.'
  const before = w.door.entries.length
  await w.local.as('bao').press(w.messageWith('approve'), 'approve')
  expect(await w.saidTo('bao')).toBe('The ledger is damaged, so nothing is done.')
  await w.local.as('ana').command('/autentico incident')
  await vi.waitFor(() => expect(w.told('ana').at(-1)).toBe('The ledger is damaged, so nothing is done.'))
  expect(w.local.as('ana').views()).toEqual([])
  await w.local.as('ana').command(`/autentico status ${id}`)
  await vi.waitFor(() => expect(w.told('ana').at(-2)).toContain(id))
  expect(w.told('ana').at(-1)).toBe('The ledger is damaged, so nothing is done.')
  expect(w.door.entries).toHaveLength(before)
})

test('guests see no incidents by command, and accounts not at all', async () => {
  const w = await world()
  await openThroughForm(w)
  await w.local.control.addMember('C0INCIDENTS', cast.gil.user)
  await w.local.as('gil').command('/autentico list')
  await vi.waitFor(() => expect(w.told('gil').at(-1)).toMatch(/Guests cannot take part/))
})

test('the Home tab shows what waits for the viewer with the way there, and nothing to guests', async () => {
  const { w } = await withRequest()
  w.door.statusLines = ['⛔ Redis does not answer.']
  await w.local.as('bao').openHome()
  await vi.waitFor(() =>
    expect(JSON.stringify(w.local.as('bao').home())).toMatch(
      /Waits for you.*Step 1 · Revoke all sessions.*asked by @ana.*Go to the request.*Redis does not answer/,
    ),
  )
  await w.local.as('ana').openHome()
  await vi.waitFor(() => expect(JSON.stringify(w.local.as('ana').home())).toMatch(/Nothing waits for you.*You command/))
  await w.local.as('gil').openHome()
  await vi.waitFor(() => expect(JSON.stringify(w.local.as('gil').home())).toMatch(/Guests cannot take part/))
})

test('a Home tab that somebody has open is drawn anew, those of others are not', async () => {
  const { w, id } = await withRequest()
  await w.local.as('bao').openHome()
  await vi.waitFor(() => expect(JSON.stringify(w.local.as('bao').home())).toContain('Go to the request'))
  await w.local.as('bao').press(w.messageWith('approve'), 'approve')
  await w.slack.redrawHomes()
  expect(JSON.stringify(w.local.as('bao').home())).toContain('Nothing waits for you')
  const drawn = w.local.calls().filter(({ method }) => method === 'views.publish')
  expect(new Set(drawn.map(({ args }) => args['user_id']))).toEqual(new Set([cast.bao.user]))
  expect(id).toBe('INC-1')
})

test('a summary of 40,000 characters is cut by the form, and one that gets through is refused by the rules', async () => {
  const w = await world()
  await w.local.as('ana').command(`/autentico incident account-compromise ${'x'.repeat(40_000)}`)
  const view = await w.formOf('ana')
  expect(await w.local.as('ana').submit(view, {})).toMatchObject({ now: 'errors' })
})
