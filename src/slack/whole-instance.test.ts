import { afterEach, describe, expect, test, vi } from 'vitest'
import { builtIn, loadPlaybooks } from '#/configuration/playbooks.ts'
import { cast } from '#/drill/cast.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { Finding } from '#/incident/findings.ts'
import type { Playbook, StepId } from '#/playbook/playbook.ts'
import {
  everySort,
  found,
  ids,
  instanceFacts,
  reviewed,
  strangeAdmin,
  strangeClient,
} from '../../test/support/whole-instance.ts'
import { effect, MemoryDoor, openThroughForm, startWorld, type World } from './test-support.ts'

const cleanups: AsyncDisposable[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup[Symbol.asyncDispose]()
})

async function world(playbooks: readonly Playbook[] = [builtIn('account-compromise'), everySort]): Promise<World> {
  const door = new MemoryDoor(playbooks)
  const started = await startWorld({ door })
  cleanups.push(started)
  return started
}

/** Somebody opens the form; answers with its id. */
async function form(w: World, typed = '', who = 'ana'): Promise<string> {
  await w.local.as(who).command(`/autentico incident ${typed}`)
  // The form is drawn once more when it is known who can approve.
  await vi.waitFor(() => expect(shown(w, who)).toContain('can approve besides you'))
  return w.formOf(who)
}

function shown(w: World, who = 'ana'): string {
  return JSON.stringify(w.local.as(who).views().at(-1)?.blocks ?? [])
}

/** Open, with Autentico read. */
async function opened(w: World): Promise<IncidentId> {
  const view = await form(w, 'every-sort')
  expect(await w.local.as('ana').submit(view, {})).toMatchObject({ now: 'updated' })
  await w.local.as('ana').close()
  const id = w.door.openIncidents().at(0)?.id
  if (id === undefined) throw new Error('no incident was opened')
  w.door.report(id, { kind: 'snapshot', instance: instanceFacts, evidence: [], warnings: [] })
  await w.publish(id)
  return id
}

async function approve(w: World, id: IncidentId, who = 'bao'): Promise<void> {
  await w.publish(id)
  expect(await w.local.as(who).press(w.messageWith('approve'), 'approve')).toEqual({ ok: true })
  await w.publish(id)
}

/** The first step skipped, the review done: it came upon these. */
async function withFindings(w: World, findings: readonly Finding[]): Promise<IncidentId> {
  const id = await opened(w)
  await w.local.as('ana').press(w.messageWith('more'), 'more', { selected: `skip|${id}|s|rotate` })
  await w.local.as('ana').submit(await w.formOf('ana'), { reason: 'Done already' })
  await approve(w, id)
  await w.local.as('ana').press(w.messageWith('ask'), 'ask')
  await w.local.as('ana').submit(await w.formOf('ana'), { input_since: '2026-11-01 03:12' })
  w.door.report(id, reviewed(findings))
  await w.publish(id)
  return id
}

describe('the opening form', () => {
  test.each(loadPlaybooks({}).map(({ id, title }) => [id, title]))(
    'is opened with %s by its name',
    async (id, title) => {
      const w = await world(loadPlaybooks({}))
      await form(w, `${id} somebody`)
      expect(shown(w)).toMatch(new RegExp(`"initial_option":\\{"text":\\{[^}]*"text":"${title}"`))
      // What follows the name is the target, also where there is none to be had.
      expect(shown(w)).toContain('"text":"somebody"')
    },
  )

  test('has no target for a playbook about Autentico as a whole, and opens it', async () => {
    const w = await world()
    const id = await opened(w)
    expect(w.door.opened(id)).toMatchObject({ playbook: { id: 'every-sort' }, target: { username: 'Autentico' } })
  })

  test('says under the target that there is none, where the command named one all the same', async () => {
    const w = await world()
    const view = await form(w, 'every-sort alice')
    expect(await w.local.as('ana').submit(view, {})).toMatchObject({
      now: 'errors',
      errors: { target: expect.stringMatching(/about Autentico as a whole.*Leave the target empty/) as string },
    })
    expect(await w.local.as('ana').submit(view, { target: null })).toMatchObject({ now: 'updated' })
    expect(w.door.openIncidents()).toMatchObject([{ target: { username: 'Autentico' } }])
  })

  test('is drawn anew when another playbook is chosen, and keeps what was typed', async () => {
    const w = await world()
    const view = await form(w)
    expect(shown(w)).toContain('"block_id":"target"')
    await w.local.as('ana').press({ view }, 'playbook', { selected: 'every-sort' })
    await vi.waitFor(() => expect(shown(w)).not.toContain('"block_id":"target"'))
    expect(shown(w)).toContain('"block_id":"aware_since"')
    expect(shown(w)).toContain('can approve besides you')
    await w.local.as('ana').press({ view }, 'playbook', { selected: 'account-compromise' })
    await vi.waitFor(() => expect(shown(w)).toContain('"block_id":"target"'))
    expect(shown(w)).not.toContain('"block_id":"aware_since"')
  })

  test('asks for the account when Slack did not draw it anew in time, and loses nothing', async () => {
    const w = await world()
    const view = await form(w, 'every-sort')
    w.local.control.failNext('views.update', { status: 500, body: {}, times: 20 })
    await w.local.as('ana').press({ view }, 'playbook', { selected: 'account-compromise' })
    const submitted = await w.local.as('ana').submit(view, { summary: 'Two countries', severity: 'sev1' })
    expect(submitted).toMatchObject({ now: 'updated' })
    expect(shown(w)).toMatch(/Not opened yet: This playbook is about one account/)
    expect(shown(w)).toContain('"block_id":"target"')
    expect(w.door.openIncidents()).toEqual([])
    await w.local.as('ana').type(view, 'target', 'target', 'ali')
    expect(await w.local.as('ana').submit(view, { target: 'a|acc-alice|alice' })).toMatchObject({ now: 'updated' })
    expect(w.door.openIncidents()).toMatchObject([{ severity: 'sev1', summary: 'Two countries' }])
  })

  test.each([
    ['yesterday', /is no moment/],
    ['2026-02-30 03:12', /is no moment/],
    ['2999-01-01 00:00', /lies in the future/],
  ])('says under its field that %s is no moment', async (typed, sentence) => {
    const w = await world()
    const view = await form(w, 'every-sort')
    expect(await w.local.as('ana').submit(view, { aware_since: typed })).toMatchObject({
      now: 'errors',
      errors: { aware_since: expect.stringMatching(sentence) as string },
    })
    expect(w.door.openIncidents()).toEqual([])
  })

  test('counts the time of the law from when somebody became aware', async () => {
    const w = await world()
    const view = await form(w, 'every-sort')
    await w.local.as('ana').submit(view, { aware_since: '2026-01-02 03:04' })
    expect(w.door.openIncidents()).toMatchObject([
      { legalClock: { awareAt: '2026-01-02T03:04:00.000Z', endsAt: '2026-01-05T03:04:00.000Z' } },
    ])
  })

  test('opened from an incident it says so, offers what may have to follow first, and links both', async () => {
    const w = await world()
    const id = await opened(w)
    await w.local.as('bao').press(w.messageWith('follow_up'), 'follow_up')
    await vi.waitFor(() => expect(shown(w, 'bao')).toContain('can approve besides you'))
    expect(shown(w, 'bao')).toContain('It follows from INC-1')
    expect(shown(w, 'bao')).toMatch(/"initial_option":\{"text":\{[^}]*"text":"Compromised user account"/)
    const view = await w.formOf('bao')
    await w.local.as('bao').type(view, 'target', 'target', 'ali')
    expect(await w.local.as('bao').submit(view, { target: 'a|acc-alice|alice' })).toMatchObject({ now: 'updated' })
    expect(w.door.opened('INC-2' as IncidentId).from).toBe(id)
    expect(w.door.opened(id).followedBy).toMatchObject([{ id: 'INC-2' }])
  })

  test('is not opened from an incident by whom that is about, and the attempt is on record', async () => {
    const w = await world()
    await openThroughForm(w)
    await w.local.control.addMember('C0INCIDENTS', cast.alice.user)
    await w.local.as('alice').press(w.messageWith('more'), 'more', { selected: 'follow_up|INC-1' })
    await vi.waitFor(() => expect(shown(w, 'alice')).toContain('target of the incident'))
    expect(w.door.events('ClickRefused')).toMatchObject([{ event: { refusal: 'person_is_target' } }])
  })
})

describe('fields of a step', () => {
  test('are filled in before it is asked for; what is wrong is said under them', async () => {
    const w = await world()
    const id = await opened(w)
    await w.local.as('ana').press(w.messageWith('more'), 'more', { selected: `skip|${id}|s|rotate` })
    await w.local.as('ana').submit(await w.formOf('ana'), { reason: 'Done already' })
    await approve(w, id)
    await w.local.as('ana').press(w.messageWith('ask'), 'ask')
    const view = await w.formOf('ana')
    expect(await w.local.as('ana').submit(view, {})).toMatchObject({ now: 'errors', errors: { input_since: /./ } })
    expect(await w.local.as('ana').submit(view, { input_since: 'noon <!channel>' })).toMatchObject({
      now: 'errors',
      errors: { input_since: expect.stringMatching(/is no moment/) as string },
    })
    expect(w.door.opened(id).steps.get(ids.review)?.status).toBe('waiting')
    expect(await w.local.as('ana').submit(view, { input_since: '2026-11-01 03:12 UTC' })).toMatchObject({
      now: 'closed',
    })
    expect(w.door.events('WorkOrdered').at(-1)).toMatchObject({
      actor: { name: 'ana' },
      event: { step: 'review', action: 'review-admins', inputs: { since: '2026-11-01T03:12:00.000Z' } },
    })
  })

  test('are asked for by somebody who may not, and it is refused under the first of them', async () => {
    const w = await world()
    const id = await withFindings(w, [])
    await w.local.control.addMember('C0INCIDENTS', cast.gil.user)
    await w.local.as('gil').pressStale({ ...cardOf(w), blocks: oneButton('ask', `${id}|s|review`) }, 'ask')
    const submitted = await w.local.as('gil').submit(await w.formOf('gil'), { input_since: '2026-11-01 03:12' })
    expect(submitted).toMatchObject({
      now: 'errors',
      errors: { input_since: expect.stringMatching(/Guests cannot take part/) as string },
    })
  })
})

describe('a finding', () => {
  test('is spoken for in a form, and two people record it as expected', async () => {
    const w = await world()
    const id = await withFindings(w, [strangeClient])
    await w.local.as('ana').press(w.messageWith('expect'), 'expect')
    const view = await w.formOf('ana')
    expect(shown(w)).toMatch(/It may ask for admin tokens.*asks for the admin audience/)
    expect(await w.local.as('ana').submit(view, { reason: ' ' })).toMatchObject({
      now: 'errors',
      errors: { reason: /A reason is needed/ },
    })
    expect(await w.local.as('ana').submit(view, { reason: 'Ours since 2024' })).toMatchObject({ now: 'closed' })
    await approve(w, id)
    expect(w.door.events('FindingExpected')).toMatchObject([{ event: { step: 'review-1', note: 'Ours since 2024' } }])
  })

  test('is dealt with in one of its ways, which is approved as such', async () => {
    const w = await world()
    const id = await withFindings(w, [strangeAdmin, strangeClient])
    await w.local.as('ana').press(w.messageWith('expect'), 'way_demote-admin')
    w.door.report(id, { kind: 'prepared', effect })
    await approve(w, id)
    expect(w.door.events('StepRequested').at(-1)).toMatchObject({ event: { step: 'review-1', action: 'demote-admin' } })
    expect(w.door.events('WorkOrdered').at(-1)).toMatchObject({ event: { step: 'review-1', action: 'demote-admin' } })
  })

  test.each([
    ['review-2|disable-client', 'review-2|demote-admin', /none of the ways that are open for Client “Rogue”/],
    ['review-2|disable-client', 'review-2|sweep', /none of the ways that are open for Client “Rogue”/],
    ['review-2|disable-client', 'review-2', /not one of ours/],
    ['review-2|disable-client', 'review-2|delete-everything', /not one of ours/],
    ['review-2|disable-client', 'review-9|disable-client', /not part of this playbook/],
    ['review-2|disable-client', 'rotate|disable-client', /settled|skipped|ways that are open/],
  ])('with %s altered to %s is answered in private, and nothing is asked for', async (from, to, sentence) => {
    const w = await world()
    await withFindings(w, [strangeAdmin, strangeClient])
    const before = w.door.events('StepRequested').length
    const card = w.local
      .as('ana')
      .sees()
      .findLast(({ blocks }) => JSON.stringify(blocks).includes(from))
    if (card === undefined) throw new Error('no card with the button')
    const blocks = JSON.parse(JSON.stringify(card.blocks).replaceAll(from, to)) as typeof card.blocks
    await w.local.as('ana').pressStale({ ...card, blocks }, 'way_disable-client')
    await vi.waitFor(() => expect(w.told('ana').at(-1)).toMatch(sentence))
    expect(w.door.events('StepRequested')).toHaveLength(before)
  })

  test('of an account is not decided by whoever that account belongs to, and nobody is told that they could', async () => {
    const w = await world()
    const id = await withFindings(w, [strangeAdmin])
    await w.local.as('ana').press(w.messageWith('expect'), 'way_demote-admin')
    w.door.report(id, { kind: 'prepared', effect })
    await w.publish(id)
    await w.local.as('ana').press(w.messageWith('approve'), 'approve')
    await vi.waitFor(() => expect(w.told('ana').at(-1)).toMatch(/Able to now: @bao\.$/))
    await w.local.as('chi').press(w.messageWith('approve'), 'approve')
    await vi.waitFor(() => expect(w.told('chi').at(-1)).toMatch(/This account is the target of the incident/))
    await w.local.as('chi').openHome()
    await vi.waitFor(() => expect(JSON.stringify(w.local.as('chi').home())).toContain('Nothing waits for you'))
    expect(w.door.events('StepApproved')).toHaveLength(1)
  })

  test('that people see to by hand is attested with what they did', async () => {
    const w = await world()
    const id = await withFindings(w, [{ ...strangeClient, kind: 'secret', ways: [], byHand: true }])
    await w.local.as('ana').press(w.messageWith('expect'), 'attest')
    expect(await w.local.as('ana').submit(await w.formOf('ana'), { reason: 'Rotated at the provider' })).toMatchObject({
      now: 'closed',
    })
    await approve(w, id)
    expect(w.door.opened(id).steps.get(found[0])?.status).toBe('attested')
  })

  test('is gone from the record: its old button says so', async () => {
    const w = await world()
    const id = await withFindings(w, [strangeClient])
    const card = w.local
      .as('ana')
      .sees()
      .findLast(({ blocks }) => JSON.stringify(blocks).includes('"expect"'))
    if (card === undefined) throw new Error('no card with the button')
    await w.local.as('ana').press(w.messageWith('more'), 'more', { selected: `look_again|${id}` })
    await w.local.as('ana').submit(await w.formOf('ana'), { step: 's|review' })
    await w.local.as('ana').submit(await w.formOf('ana'), { input_since: '2026-11-01 03:12' })
    w.door.report(id, reviewed([]))
    await w.local.as('ana').pressStale(card, 'expect')
    await vi.waitFor(() => expect(w.told('ana').at(-1)).toMatch(/not part of this incident, or not any more/))
  })
})

describe('what people decide and do', () => {
  async function atQuestion(w: World): Promise<IncidentId> {
    return withFindings(w, [])
  }

  test('a question is answered by one person and signed by another', async () => {
    const w = await world()
    const id = await atQuestion(w)
    await w.local.as('ana').press(w.messageWith('decide'), 'decide')
    const view = await w.formOf('ana')
    expect(shown(w)).toContain('Is the proxy ours?')
    expect(await w.local.as('ana').submit(view, { reason: 'Seen' })).toMatchObject({
      now: 'errors',
      errors: { answer: /./ },
    })
    expect(await w.local.as('ana').submit(view, { answer: 'theirs', reason: 'The contract says so' })).toMatchObject({
      now: 'closed',
    })
    await w.publish(id)
    await w.local.as('ana').press(w.messageWith('approve'), 'approve')
    await vi.waitFor(() => expect(w.told('ana').at(-1)).toMatch(/somebody else has to approve/))
    await approve(w, id)
    expect(w.door.events('QuestionAnswered')).toMatchObject([
      { event: { answer: 'theirs', note: 'The contract says so', leftOut: ['limit'] } },
    ])
  })

  test('a step that is theirs shows what there is to do, and needs a note', async () => {
    const w = await world()
    const id = await atQuestion(w)
    await w.local.as('ana').press(w.messageWith('decide'), 'decide')
    await w.local.as('ana').submit(await w.formOf('ana'), { answer: 'theirs', reason: 'The contract says so' })
    await approve(w, id)
    await w.local.as('chi').press(w.messageWith('attest'), 'attest')
    const view = await w.formOf('chi')
    expect(shown(w, 'chi')).toContain('Call the number in the contract.')
    expect(await w.local.as('chi').submit(view, {})).toMatchObject({ now: 'errors', errors: { reason: /./ } })
    expect(await w.local.as('chi').submit(view, { reason: 'Called at 03:40' })).toMatchObject({ now: 'closed' })
    await approve(w, id)
    expect(w.door.opened(id).steps.get(ids.call)?.status).toBe('attested')
  })

  test('an answer that is none, and a form about no question, are told so', async () => {
    const w = await world()
    const id = await atQuestion(w)
    const step = 'limit' as StepId
    const stale = { ...cardOf(w), blocks: oneButton('decide', `${id}|s|${step}`) }
    await w.local.as('ana').pressStale(stale, 'decide')
    await vi.waitFor(() => expect(w.told('ana').at(-1)).toMatch(/There is nothing to decide at that step/))
    await w.local.as('ana').pressStale({ ...cardOf(w), blocks: oneButton('awareness', 'INC-99') }, 'awareness')
    await vi.waitFor(() => expect(w.told('ana').at(-1)).toMatch(/There is no incident INC-99/))
  })

  test('when it was noticed is put right, with a reason, and not to a moment that is none', async () => {
    const w = await world()
    const id = await opened(w)
    await w.local.as('chi').press(w.messageWith('more'), 'more', { selected: `awareness|${id}` })
    const view = await w.formOf('chi')
    expect(await w.local.as('chi').submit(view, { aware_since: '03:12', note: 'x' })).toMatchObject({
      now: 'errors',
      errors: { aware_since: /is no moment/ },
    })
    expect(await w.local.as('chi').submit(view, { aware_since: '', note: 'x' })).toMatchObject({ now: 'errors' })
    expect(
      await w.local.as('chi').submit(view, { aware_since: '2026-01-02 03:04', note: 'The night shift' }),
    ).toMatchObject({
      now: 'closed',
    })
    expect(w.door.opened(id).legalClock?.awareAt).toBe('2026-01-02T03:04:00.000Z')
  })

  test('an incident without a legal clock has none to put right', async () => {
    const w = await world()
    const id = await openThroughForm(w)
    await w.local.as('ana').pressStale({ ...cardOf(w), blocks: oneButton('awareness', id) }, 'awareness')
    await vi.waitFor(() => expect(w.told('ana').at(-1)).toMatch(/no legal clock/))
  })
})

function cardOf(w: World): ReturnType<ReturnType<World['local']['as']>['sees']>[number] {
  const [card] = w.local.as('ana').sees()
  if (card === undefined) throw new Error('no card')
  return card
}

function oneButton(action: string, value: string) {
  const button = { type: 'button', action_id: action, text: { type: 'plain_text', text: 'Press' }, value }
  return [{ type: 'actions', elements: [button] }]
}
