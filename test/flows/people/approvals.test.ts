import { expect, test } from 'vitest'
import { cast, incidentChannel } from '#/drill/cast.ts'
import type { RefusalCode } from '#/incident/refusals.ts'
import { changeUser, signIn } from '../../support/autentico-visits.ts'
import {
  type Case,
  complaintsOf,
  expectFault,
  expectTold,
  openFor,
  programForAll,
} from '../../support/incident-flow.ts'

const here = programForAll()

/** Presses "Approve", and expects to be told why not: in private, on record, and without any effect. */
async function expectRefused(incident: Case, person: string, code: RefusalCode, words: RegExp): Promise<void> {
  const before = incident.entries('ClickRefused').length
  await incident.at(person).press(/^Approve/)
  await incident.happens('ClickRefused', ({ event }) => event.refusal === code)
  await expectTold(incident.as(person), words)
  expect(incident.entries('ClickRefused')).toHaveLength(before + 1)
  expect(incident.step(1).status).toBe('requested')
}

test('whoever asked cannot approve: they are told who can, the try is on record, and the request stays open', async () => {
  const incident = await openFor(here.stage, 'user-001')
  await incident.ask(1)
  await expectRefused(incident, 'ana', 'approver_is_requester', /You asked for this.*Able to now: .*@bao/)
  await incident.as('bao').reads(/@ana\* was refused: approve Revoke all sessions of user-001/)
  await incident.approve('bao')
  await incident.untilProven(1)
})

test('the target of the incident cannot approve what is done to the account, although on the list', async () => {
  await here.stage.slack.control.addMember(incidentChannel.id, cast.alice.user)
  const incident = await openFor(here.stage, 'alice')
  await incident.ask(1)
  await expectRefused(incident, 'alice', 'person_is_target', /This account is the target of the incident/)
})

test('a guest cannot approve, although on the list', async () => {
  const incident = await openFor(here.stage, 'user-002')
  await incident.ask(1)
  await expectRefused(incident, 'gil', 'person_is_guest', /Guests cannot take part/)
})

test('a person of another company in a shared channel cannot approve, nor a bot', async () => {
  here.stage.slack.control.share(incidentChannel.id)
  const incident = await openFor(here.stage, 'user-003')
  await incident.ask(1)
  await expectRefused(incident, 'olu', 'person_is_external', /People of another workspace/)
  await expectRefused(incident, 'autentico', 'person_is_bot', /A bot cannot take part/)
  await incident.approve('chi')
  await incident.untilProven(1)
})

test('the same person pressing twice at once approves once, and is told of it', async () => {
  const incident = await openFor(here.stage, 'user-004')
  await incident.ask(1)
  const bao = incident.at('bao')
  await Promise.all([bao.press(/^Approve/), bao.press(/^Approve/)])
  await incident.as('bao').toldAlone(/Already approved by @bao at/)
  await incident.untilProven(1)
  expect(incident.entries('StepApproved')).toHaveLength(1)
  expect(incident.entries('StepDone')).toHaveLength(1)
})

test('of two approvers at the same time one wins, and the other is told who', async () => {
  const incident = await openFor(here.stage, 'user-005')
  await incident.ask(1)
  const [bao, chi] = [incident.at('bao'), incident.at('chi')]
  await Promise.all([bao.press(/^Approve/), chi.press(/^Approve/)])
  await incident.untilProven(1)
  const [approved] = incident.entries('StepApproved')
  const [refused] = incident.entries('ClickRefused')
  const winner = approved !== undefined && 'name' in approved.actor ? approved.actor.name : ''
  const other = winner === 'bao' ? 'chi' : 'bao'
  expect(incident.entries('StepApproved')).toHaveLength(1)
  expect(refused).toMatchObject({ actor: { name: other }, event: { refusal: 'already_decided' } })
  await incident.as(other).toldAlone(`Already approved by @${winner} at`)
})

test('an account that changed between request and approval is not touched: the fresh request says what changed', async () => {
  const incident = await openFor(here.stage, 'user-006')
  const first = await incident.ask(1)
  const copy = incident.at('chi').button(/^Approve/)
  await signIn(here.stage, 'user-006')
  await incident.approve('bao')
  const voided = await incident.happens('ApprovalVoided')
  expect(voided.event.differences.join(' ')).toContain('user-006 now has 1 session, not 0.')
  expect(incident.entries('StepDone')).toEqual([])
  await incident
    .as('ana')
    .reads(/\*Nothing was done:\* the situation changed since this was shown\. user-006 now has 1 session/)

  const second = await incident.request()
  expect(second.id).not.toBe(first.id)
  expect(second.requester.name).toBe('ana')
  expect(second.shown?.effect.sentence).toContain('1 session')

  if (copy === undefined) throw new Error('chi saw no button')
  await incident.as('chi').actor.pressStale(copy, 'approve')
  await incident.as('chi').toldAlone(/belongs to an earlier request, made void because the situation had changed/)
  expect(incident.entries('StepApproved')).toHaveLength(1)

  await incident.approve('bao')
  await incident.untilProven(1)
})

test('an old copy of a button that was decided long ago says by whom', async () => {
  const incident = await openFor(here.stage, 'user-007')
  await incident.ask(1)
  const copy = incident.at('chi').button(/^Approve/)
  await incident.approve('bao')
  await incident.untilProven(1)
  if (copy === undefined) throw new Error('chi saw no button')
  await incident.as('chi').actor.pressStale(copy, 'approve')
  await expectTold(incident.as('chi'), /Already approved by @bao at/)
})

test('for the last administrator there is a warning, and whoever approves types the username', async () => {
  await changeUser(here.stage, 'chi', { role: 'user' })
  const incident = await openFor(here.stage, 'admin')
  const request = await incident.ask(1)
  expect(request.shown?.effect.warnings[0]).toContain('admin is the last administrator besides the bot')

  await incident.at('bao').press('Approve…')
  const wrong = await incident.as('bao').fillIn('Approve?', { 'To approve, type exactly what is asked for': 'Admin' })
  expectFault(wrong, 'typed', 'To approve, type “admin” exactly')
  expect(incident.entries('StepApproved')).toEqual([])

  const right = await incident.as('bao').fillIn('Approve?', { 'To approve, type exactly what is asked for': 'admin' })
  expect(right).toMatchObject({ now: 'closed' })
  await incident.untilProven(1)
})

test('none of it made the program complain', () => {
  expect(complaintsOf(here.program)).toEqual([])
})
