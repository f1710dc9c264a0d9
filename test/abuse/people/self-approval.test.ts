import { expect, test } from 'vitest'
import { cast, incidentChannel } from '#/drill/cast.ts'
import { member, until, wordsOf } from '#/drill/crew.ts'
import { copyOf, edited } from '../../faults/people/clicks.ts'
import { changes } from '../../flows/machine/machine.ts'
import { type Case, expectFault, expectTold, openFor } from '../../support/incident-flow.ts'
import { expectNoEffect, expectTurnedDown, lastPress, playedOn, pressAgain } from './scene.ts'

const { ana, bao, chi, alice } = cast

// ana is in the group of approvers, and named on the list as well; chi is a second Slack account of hers.
const scene = playedOn({
  env: {
    APPROVERS: `S0SECURITY,${ana.user},${bao.user},${alice.user}`,
    SLACK_USER_MAP: `${ana.user}=ana,${chi.user}=ana`,
  },
})

test('11. whoever triggered it could approve it: not by default, not by any list', async () => {
  const incident = await scene.asked()
  const sentence = await expectTurnedDown(scene, incident, { who: incident.at('ana'), code: 'approver_is_requester' })
  expect(sentence).toContain('You asked for this, so somebody else has to approve it.')
})

test('12. administrators want to approve their own: being commander, or an administrator of Slack, does not help', async () => {
  const incident = await scene.asked('bao')
  expect(incident.state().commander.name).toBe('bao')
  await expectTurnedDown(scene, incident, { who: incident.at('bao'), code: 'approver_is_requester' })
  await pressAgain(scene, lastPress(scene), {
    is_admin: true,
    user: { id: bao.user, team_id: 'T0ACME', is_owner: true },
  })
  await expectNoEffect(scene, incident, { user: bao.user, code: 'approver_is_requester' })
})

test('14. the rule held only in the screen: it is on the server, and the request says beforehand who cannot', async () => {
  const incident = await scene.asked()
  const copy = copyOf(incident, 'ana')
  expect(wordsOf(copy)).toMatch(/somebody other than <@U0ANA>|besides <@U0ANA>|not <@U0ANA>/)
  await incident.as('ana').actor.pressStale(copy, 'approve')
  await expectNoEffect(scene, incident, { user: ana.user, code: 'approver_is_requester' })
})

test('16. two people as a side effect of the screens: whoever asks again for what another asked for does not become its approver', async () => {
  const incident = await scene.asked()
  await incident.at('ana').press('Withdraw')
  await incident.happens('RequestWithdrawn')
  await incident.ask(1, 'bao')
  await expectTurnedDown(scene, incident, { who: incident.at('bao'), code: 'approver_is_requester' })
  await incident.approve('ana')
  await incident.untilProven(1)
})

test('a second Slack account of the requester is the requester', async () => {
  const incident = await scene.asked()
  const sentence = await expectTurnedDown(scene, incident, { who: incident.at('chi'), code: 'approver_same_account' })
  expect(sentence).toContain('same account as @ana')
})

test('the requester is found out under another handle, name and address as well', async () => {
  const incident = await scene.asked()
  const { control } = scene.stage().slack
  control.changeUser(ana.user, { handle: 'bao.t', name: bao.name, email: 'bao.t@acme.test' })
  await expectTurnedDown(scene, incident, { who: incident.at(ana.user), code: 'approver_is_requester' })
  control.changeUser(ana.user, { handle: ana.handle, name: ana.name, email: ana.email })
})

test('a person who takes the requester’s address counts as the requester', async () => {
  const incident = await scene.asked('bao')
  const { control } = scene.stage().slack
  await control.addMember(incidentChannel.id, alice.user)
  control.changeUser(alice.user, { email: bao.email.toUpperCase() })
  await expectTurnedDown(scene, incident, { who: incident.at('alice'), code: 'approver_same_account' })
  control.changeUser(alice.user, { email: alice.email })
})

test('the account that an incident is about decides nothing in it, under whatever address it is known to Slack', async () => {
  const incident = await scene.asked()
  const { control } = scene.stage().slack
  await control.addMember(incidentChannel.id, alice.user)
  control.changeUser(alice.user, { email: incident.state().target.email.toUpperCase() })
  await expectTurnedDown(scene, incident, { who: incident.at('alice'), code: 'person_is_target' })
  await incident.at('alice').press('Deny…')
  await expectTold(incident.as('alice'), /This account is the target of the incident/)
  expect(incident.entries('StepDenied')).toEqual([])
  control.changeUser(alice.user, { email: alice.email })
})

test('13. the rule was written nowhere: `/autentico policy` says it to whoever asks what holds', async () => {
  await scene.stage().slack.as('ana').command('/autentico policy', { channel: incidentChannel.id })
  const said = await expectTold(member(scene.stage().slack.as('ana')), /The policy in force/)
  expect(said).toContain('nobody approves what they asked for themselves')
})

test('15. alone, with a reason, in an emergency: nobody can unless the policy says so, and by itself it does not', async () => {
  const incident = await scene.asked()
  expect(incident.at('ana').button(/[Bb]reak.*glass/)).toBeUndefined()
  const copy = edited(copyOf(incident, 'ana'), '"action_id":"approve"', '"action_id":"break_glass"')
  await incident.as('ana').actor.pressStale(copy, 'break_glass')
  const why = { 'Why it cannot wait for a second person': 'Nobody answers' }
  expectFault(await incident.as('ana').fillIn('Break glass', why), 'reason', 'The policy lets nobody do anything alone')
  expect(incident.entries('GlassAnnounced')).toEqual([])
  expect(incident.step(1).status).toBe('requested')
})

test('a guest, and somebody of another company, put nobody on hold', async () => {
  const incident = await scene.asked()
  await incident.at('ana').press(/^Approve/)
  for (const user of ['U0GIL', 'U0OLU'])
    await forge(incident, { action_id: 'hold', value: incident.id }, { user: { id: user, team_id: 'T0ACME' } })
  await until(() => (incident.entries('ClickRefused').length >= 3 ? true : undefined), 'both to be refused after ana')
  expect(incident.entries('HoldPlaced')).toEqual([])
  expect(changes(scene.stage(), incident.username)).toEqual([])
})

test('whoever is the target of another open incident decides nothing until that is over', async () => {
  const own = await openFor(scene.stage(), 'bao')
  const incident = await scene.asked()
  await expectTurnedDown(scene, incident, { who: incident.at('bao'), code: 'target_elsewhere' })
  expect(own.state().status).toBe('open')
})

test('who tries three times what is not theirs to approve is spoken of in the thread', async () => {
  const incident = await scene.asked()
  for (const _try of [1, 2, 3]) await incident.at('ana').press(/^Approve/)
  const { event } = await incident.happens('ApprovalProbed')
  expect(event).toMatchObject({ by: { name: 'ana' }, count: 3 })
  await incident.as('bao').reads(/was refused 3 approvals in this incident: approval probing/)
  expect(incident.entries('StepApproved')).toEqual([])
})

/** The last press once more, as a click of its own on another button. */
async function forge(incident: Case, action: object, changed: object = {}): Promise<void> {
  const press = lastPress(scene)
  const [first] = press.payload['actions'] as readonly Record<string, string>[]
  expect(first?.['value']).toContain(incident.id)
  await pressAgain(scene, press, { actions: [{ ...first, ...action }], response_url: '', ...changed })
}
