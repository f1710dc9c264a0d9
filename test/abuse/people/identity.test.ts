import { expect, test, vi } from 'vitest'
import { cast, incidentChannel, securityGroup, workspace } from '#/drill/cast.ts'
import { member, until, wordsOf } from '#/drill/crew.ts'
import { partnerChannel } from '#/drill/slack/workspace.ts'
import { expectFault, expectTold, reloadEverybody, responder } from '../../support/incident-flow.ts'
import { expectNoEffect, expectTurnedDown, lastOf, lastPress, playedOn, pressAgain } from './scene.ts'

const { ana, bao, chi, gil, olu, alice } = cast

// A guest and somebody of another company stand on the list of approvers, as an operator's mistake; chi responds, and approves nothing.
const scene = playedOn(
  {
    env: {
      RESPONDERS: [ana, bao, chi, gil].map(({ user }) => user).join(','),
      APPROVERS: `${securityGroup.id},${gil.user},${olu.user}`,
    },
  },
  async ({ slack: { control } }) => {
    control.setUsergroup(securityGroup.id, [ana.user, bao.user])
    await control.addMember(incidentChannel.id, alice.user)
  },
)
const slack = () => scene.stage().slack
const security = (...people: readonly { readonly user: string }[]): void =>
  slack().control.setUsergroup(
    securityGroup.id,
    people.map(({ user }) => user),
  )

/** Until the program has read the group again: of ana, who asked and may not approve, it says who could. */
async function untilAble(incident: Awaited<ReturnType<typeof scene.open>>, fits: RegExp): Promise<void> {
  await vi.waitFor(
    async () => {
      reloadEverybody(scene.stage())
      await incident.at('ana').press(/^Approve/)
      expect(wordsOf(await incident.as('ana').toldAlone(/You asked for this/))).toMatch(fits)
    },
    { timeout: 20_000, interval: 400 },
  )
}

test('1. any visible user could approve: somebody in the channel who is on no list cannot', async () => {
  const incident = await scene.asked()
  await expectTurnedDown(scene, incident, { who: incident.at('alice'), code: 'not_an_approver' })
})

test('1. an empty list behaved as “everybody”: a bot without approvers does not start', async () => {
  const { code, err } = await responder({ ...scene.stage(), env: { ...scene.stage().env, APPROVERS: '' } }, 'start')
  expect(code).toBe(2)
  expect(err).toContain('APPROVERS: is missing; an empty list lets nobody approve')
})

test('2. approval by anyone in the channel, recorded but never checked: a responder who is no approver sets nothing in motion', async () => {
  const incident = await scene.asked()
  const sentence = await expectTurnedDown(scene, incident, { who: incident.at('chi'), code: 'not_an_approver' })
  expect(sentence).toContain('Able to now: @bao')
  expect(incident.words()).toMatch(/@chi\* was refused: approve Revoke all sessions/)
})

test('3. a cancel button without a check: only the requester, the commander or an approver can end a request', async () => {
  const incident = await scene.asked()
  await incident.at('chi').press('Withdraw')
  await expectTold(incident.as('chi'), /Only @ana or the commander can withdraw/)
  await incident.at('chi').press('Deny…')
  const sent = await incident.as('chi').fillIn('Deny', { 'Why not': 'I would rather not' })
  expectFault(sent, 'reason', /You may not approve: you are not on the list of approvers/)
  expect([...incident.entries('RequestWithdrawn'), ...incident.entries('StepDenied')]).toEqual([])
  expect(incident.step(1).status).toBe('requested')
})

test('3. a cancel button without a check: somebody on no list cannot stop the work', async () => {
  const incident = await scene.asked()
  const asked = await member(slack().as('alice')).actor.command(`/autentico stop ${incident.id} enough`, {
    channel: incidentChannel.id,
  })
  expect(asked.ok).toBe(true)
  await expectTold(incident.as('alice'), /not on the list of responders/)
  expect(incident.state().stops).toEqual([])
})

test('4. a list of approvers instead of everyone, 10. and groups on it: whoever is in the group approves, named nowhere else', async () => {
  const incident = await scene.asked()
  await incident.approve('bao')
  await incident.untilProven(1)
  expect(incident.entries('StepApproved').map(({ actor }) => actor)).toMatchObject([
    { name: 'bao', slack: { team: workspace.team, user: bao.user } },
  ])
})

test('7. the bot answered in a channel shared with another company: there it says nothing that others can read', async () => {
  const incident = await scene.asked()
  const said = () =>
    slack()
      .state()
      .channels.find(({ id }) => id === partnerChannel.id)?.messages.length
  const before = said()
  for (const line of ['/autentico list', `/autentico status ${incident.id}`, `/autentico verify ${incident.id}`]) {
    await slack().as('ana').command(line, { channel: partnerChannel.id })
    // The other company cannot type our commands; a delivery that says they did is answered like any other.
    const { kind, payload } = lastOf(scene, 'slash_commands')
    await slack().control.redeliver({
      kind,
      payload: { ...payload, user_id: olu.user, response_url: '', trigger_id: `olu ${line}` },
    })
  }
  const told = await until(() => {
    const all = slack()
      .as('olu')
      .sees()
      .filter(({ ephemeral }) => ephemeral)
    return all.length >= 3 ? all.map(wordsOf) : undefined
  }, 'olu to be told three times')
  for (const words of told) {
    expect(words).toMatch(/People of another workspace cannot take part/)
    expect(words).not.toContain(incident.id)
    expect(words).not.toContain(incident.username)
  }
  expect(said()).toBe(before)
})

test('8. home users and users of a connected company look alike: each click is looked up, and the refused one is on record with its ids', async () => {
  slack().control.share(incidentChannel.id)
  const incident = await scene.asked()
  await expectTurnedDown(scene, incident, { who: incident.at('olu'), code: 'person_is_external' })
  // The payload says that olu is one of ours; Slack, when asked, does not.
  await pressAgain(scene, lastPress(scene), {
    team: { id: workspace.team, domain: workspace.domain },
    user: { id: olu.user, username: 'bao', name: 'bao', team_id: workspace.team },
  })
  await until(
    () =>
      incident.entries('ClickRefused').filter(({ event }) => event.refusal === 'person_is_external').length === 2
        ? true
        : undefined,
    'the second refusal of olu',
  )
  const { actor } = await expectNoEffect(scene, incident, { user: olu.user, code: 'person_is_external' })
  expect(actor).toMatchObject({ name: 'olu' })
})

test('9. approvals by those who have no right to were accepted, and failed later: rights are looked at before anything is recorded as approved', async () => {
  const incident = await scene.asked()
  const orders = incident.entries('WorkOrdered').length
  await expectTurnedDown(scene, incident, { who: incident.at('gil'), code: 'person_is_guest' })
  expect(incident.entries('WorkOrdered')).toHaveLength(orders)
  await incident.approve('bao')
  await incident.untilProven(1)
})

test('a member who was made a guest between request and click cannot approve', async () => {
  const incident = await scene.asked()
  slack().control.makeGuest(bao.user)
  await expectTurnedDown(scene, incident, { who: incident.at('bao'), code: 'person_is_guest' })
  slack().control.makeGuest(bao.user, false)
  await incident.approve('bao')
})

test('a click that was under way when its owner was deactivated does not count', async () => {
  const incident = await scene.asked()
  await incident.at('ana').press(/^Approve/)
  const press = lastPress(scene)
  slack().control.changeUser(bao.user, { deactivated: true })
  await pressAgain(scene, press, { user: { id: bao.user, username: 'bao', team_id: workspace.team } })
  await expectNoEffect(scene, incident, { user: bao.user, code: 'person_is_deactivated' })
  slack().control.changeUser(bao.user, { deactivated: false })
})

test('whoever takes the display name and the handle of an approver is still who they were', async () => {
  const incident = await scene.asked()
  slack().control.changeUser(alice.user, { name: bao.name, handle: 'bao.tran' })
  await expectTurnedDown(scene, incident, { who: incident.at(alice.user), code: 'not_an_approver' })
  expect(incident.words()).toMatch(/@bao\.tran\* was refused/)
  slack().control.changeUser(alice.user, { name: alice.name, handle: alice.handle })
})

test('an approver who was renamed between request and click approves, and the record has the name of that moment', async () => {
  const incident = await scene.asked()
  slack().control.changeUser(bao.user, { handle: 'bao-tran', name: 'B. Tran' })
  await incident.at(bao.user).press(/^Approve/)
  const { actor } = await incident.happens('StepApproved')
  expect(actor).toMatchObject({ name: 'bao-tran', slack: { user: bao.user } })
  slack().control.changeUser(bao.user, { handle: bao.handle, name: bao.name })
})

test('a name, a team or a role that the payload claims is not looked at', async () => {
  const incident = await scene.asked()
  await incident.at('ana').press(/^Approve/)
  const press = lastPress(scene)
  for (const claim of [
    { user: { id: alice.user, username: 'bao', name: 'bao', team_id: workspace.team, is_admin: true } },
    {
      user: { id: alice.user, username: 'bao', team_id: 'E0ACME', enterprise_id: 'E0ACME' },
      enterprise: { id: 'E0ACME' },
    },
    { user: { id: alice.user, team_id: workspace.team }, user_id: bao.user, actor: bao.user },
  ])
    await pressAgain(scene, press, claim)
  await until(
    () =>
      incident.entries('ClickRefused').filter(({ event }) => event.refusal === 'not_an_approver').length >= 3
        ? true
        : undefined,
    'three refusals of alice',
  )
  await expectNoEffect(scene, incident, { user: alice.user, code: 'not_an_approver' })
})

test('a person whom Slack does not know is nobody, whatever list they would be on', async () => {
  const incident = await scene.asked()
  await incident.at('ana').press(/^Approve/)
  await pressAgain(scene, lastPress(scene), { user: { id: 'W0BAO', username: 'bao', team_id: workspace.team } })
  await expectNoEffect(scene, incident, { user: 'W0BAO', code: 'standing_unknown' })
})

test('while Slack does not say who somebody is, nobody approves; afterwards the same button works', async () => {
  const incident = await scene.asked()
  slack().control.failNext('users.info', { status: 500, times: 3 })
  await expectTurnedDown(scene, incident, { who: incident.at('bao'), code: 'standing_unknown' })
  slack().control.clearFaults()
  await incident.approve('bao')
})

test('taken off the group between request and click is off the list, and put on it is on it', async () => {
  const incident = await scene.asked()
  security(ana, chi)
  await untilAble(incident, /Able to now: @chi\./)
  await expectTurnedDown(scene, incident, { who: incident.at('bao'), code: 'not_an_approver' })
  await incident.approve('chi')
  await incident.untilProven(1)
})
