import { expect, test } from 'vitest'
import { cast, incidentChannel } from '#/drill/cast.ts'
import { wordsOf } from '#/drill/crew.ts'
import { copyOf } from '../../faults/people/clicks.ts'
import { expectTold } from '../../support/incident-flow.ts'
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
