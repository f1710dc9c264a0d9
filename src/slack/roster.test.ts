import { expect, test } from 'vitest'
import type { UserId } from '#/incident/people.ts'
import { standardPolicy } from '#/policy/policy.ts'
import { SlackUnavailable } from './failures.ts'
import type { Call } from './lanes.ts'
import { groupKeptMs, Roster, type RosterSettings } from './roster.ts'
import { keepLog } from './test-support.ts'
import { Workspace } from './workspace.ts'

type Answers = { readonly auth?: object; readonly user?: object; readonly group?: readonly string[] | 'silent' }

function roster(answers: Answers, settings: Partial<RosterSettings> = {}) {
  const calls: string[] = []
  const clock = { now: 0 }
  const call: Call = async (method, args = {}) => {
    calls.push(method)
    if (method === 'auth.test') return { team_id: 'T0ACME', user_id: 'U0RESPONDER', ...answers.auth }
    if (method === 'usergroups.users.list') {
      if (answers.group === 'silent' || answers.group === undefined) throw new SlackUnavailable(method, 'timeout')
      return { users: answers.group }
    }
    if (answers.user === undefined) throw new SlackUnavailable(method, 'timeout')
    return {
      user: { id: args['user'], team_id: 'T0ACME', name: 'ana', profile: { email: 'Ana@Acme.test' }, ...answers.user },
    }
  }
  const all = { responders: ['U0ANA'], approvers: ['S0SECURITY'], accounts: new Map<string, string>(), ...settings }
  return {
    roster: new Roster({
      settings: all,
      call,
      workspace: new Workspace(call),
      world: { policy: () => policy, openIncidents: () => [] },
      log: keepLog(),
      monotonic: () => clock.now,
    }),
    calls,
    clock,
  }
}

const policy = standardPolicy({ ttlMs: 60_000 })
const ana = 'U0ANA' as UserId

test.each([
  ['a member', {}, 'member'],
  ['a guest', { is_restricted: true }, 'guest'],
  ['a guest of one channel', { is_ultra_restricted: true }, 'guest'],
  ['somebody of another workspace', { team_id: 'T0OTHER' }, 'external'],
  [
    'somebody of another workspace whom Slack calls no stranger',
    { team_id: 'T0OTHER', is_stranger: false },
    'external',
  ],
  ['somebody without a workspace', { team_id: null }, 'external'],
  ['a stranger', { is_stranger: true }, 'external'],
  ['a bot', { is_bot: true }, 'bot'],
  ['a workflow', { is_workflow_bot: true }, 'bot'],
  ['somebody who has left', { deleted: true }, 'deactivated'],
  ['somebody invited', { is_invited_user: true }, 'invited'],
] as const)('%s', async (_who, user, membership) => {
  expect((await roster({ user, group: [] }).roster.standing(ana)).membership).toBe(membership)
})

test('in an organisation the enterprise decides, not the workspace', async () => {
  const auth = { enterprise_id: 'E0ACME' }
  const colleague = roster({
    auth,
    user: { team_id: 'T0SISTER', enterprise_user: { enterprise_id: 'E0ACME' } },
    group: [],
  })
  expect(await colleague.roster.standing(ana)).toMatchObject({
    membership: 'member',
    person: { slack: { team: 'E0ACME' } },
  })
  const stranger = roster({
    auth,
    user: { team_id: 'T0SISTER', enterprise_user: { enterprise_id: 'E0OTHER' } },
    group: [],
  })
  expect((await stranger.roster.standing(ana)).membership).toBe('external')
})

test('the name is the handle, never the display name that everybody may choose', async () => {
  const mallory = roster({
    user: { name: 'mallory', profile: { display_name: 'bao', email: 'm@acme.test' } },
    group: [],
  })
  expect((await mallory.roster.standing('U0MALLORY' as UserId)).person.name).toBe('mallory')
})

test('the e-mail address comes in lower case, and the account from the map', async () => {
  const { roster: one } = roster({ user: {}, group: ['U0ANA'] }, { accounts: new Map([['U0ANA', 'ana.ruiz']]) })
  expect(await one.standing(ana)).toMatchObject({
    email: 'ana@acme.test',
    account: 'ana.ruiz',
    responder: true,
    approver: true,
  })
})

test('empty lists mean nobody, never everybody', async () => {
  const { roster: one } = roster({ user: {} }, { responders: [], approvers: [] })
  expect(await one.standing(ana)).toMatchObject({ rosterEmpty: true, responder: false, approver: false })
  expect(await one.forecast(ana)).toMatchObject({ able: 0, needed: 1 })
})

test('when Slack does not answer, the person is unknown and nothing throws', async () => {
  const { roster: one } = roster({})
  expect(await one.standing(ana)).toMatchObject({ membership: 'unknown', approver: false })
  expect(await one.forecast(ana)).toMatchObject({ able: 0, needed: 1 })
})

test('a silent group takes nothing from people who are listed by name', async () => {
  const { roster: one } = roster({ user: {}, group: 'silent' })
  expect(await one.standing(ana)).toMatchObject({ membership: 'member', responder: true, approver: false })
})

test('the members of a group are kept for fifteen seconds and no longer', async () => {
  const { roster: one, calls, clock } = roster({ user: {}, group: ['U0ANA'] })
  const asked = () => calls.filter((method) => method === 'usergroups.users.list').length
  await Promise.all([one.standing(ana), one.standing(ana)])
  clock.now = groupKeptMs - 1
  await one.standing(ana)
  expect(asked()).toBe(1)
  clock.now = groupKeptMs
  await one.standing(ana)
  expect(asked()).toBe(2)
})

test('who a person is, is asked anew for every click', async () => {
  const { roster: one, calls } = roster({ user: {}, group: [] })
  await one.standing(ana)
  await one.standing(ana)
  expect(calls.filter((method) => method === 'users.info')).toHaveLength(2)
})

test('those to be called upon are members of our own, each once, also where Slack does not know one of them', async () => {
  const { roster: one } = roster({ user: {}, group: ['U0ANA', 'U0BAO'] })
  const called = await one.members(['U0ANA', 'S0SECURITY'])
  expect(called?.map(({ slack }) => slack.user)).toEqual(['U0ANA', 'U0BAO'])
  expect(await roster({ user: { is_restricted: true }, group: [] }).roster.members(['U0ANA'])).toEqual([])
})

test('everybody on any list is told, each once; whoever Slack does not name in time is called by the id', async () => {
  const here = roster({ user: {}, group: ['U0BAO', 'U0ANA'] })
  expect((await here.roster.everybody(1_000)).map(({ slack }) => slack.user)).toEqual(['U0ANA', 'U0BAO'])
  const silent = roster({ user: {}, group: 'silent' })
  expect((await silent.roster.everybody(1_000)).map(({ slack }) => slack.user)).toEqual(['U0ANA'])
})

test('while Slack does not say who is in a group, it is not known who is to be called upon', async () => {
  expect(await roster({ user: {}, group: 'silent' }).roster.members(['U0ANA', 'S0SECURITY'])).toBeUndefined()
  expect(await roster({}).roster.members(['U0ANA'])).toBeUndefined()
})

test.each<[string, readonly string[] | 'silent', Partial<RosterSettings>, readonly string[]]>([
  ['on a list by name, and in a group', ['U0ANA'], {}, []],
  ['in no group that could be read', [], {}, ['approvers']],
  ['maybe in a group that is silent', 'silent', {}, []],
  [
    'on no list of ids, whatever Slack says',
    'silent',
    { responders: [], approvers: ['U0BAO'] },
    ['responders', 'approvers'],
  ],
])('who is certainly in which group no more, for somebody %s', async (_who, group, settings, outside) => {
  expect((await roster({ group }, settings).roster.outside(ana)).toSorted()).toEqual([...outside].toSorted())
})

test('a policy that the user groups of now leave nobody for is told, with the reason', async () => {
  const { roster: one } = roster({ user: {}, group: ['U0ANA'] })
  expect(await one.outOfReach()).toEqual([
    'The policy (default) takes one person of @approvers, and when U0ANA asks nobody is left: such a request could never be approved. Name more people, or ask for fewer.',
  ])
  expect(await roster({ user: {}, group: ['U0ANA', 'U0BAO'] }).roster.outOfReach()).toEqual([])
  expect(await roster({ user: {}, group: 'silent' }).roster.outOfReach()).toEqual([])
})
