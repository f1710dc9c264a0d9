import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { cast, incidentChannel, securityGroup } from '#/drill/cast.ts'
import { looking, member, until, wordsOf } from '#/drill/crew.ts'
import { approveOn, copyOf } from '../../faults/people/clicks.ts'
import { changes } from '../../flows/machine/machine.ts'
import { type Case, expectTold, reloadEverybody } from '../../support/incident-flow.ts'
import { playedOn } from './scene.ts'

const { ana, bao, chi, alice } = cast

const policyOf = (approvals: number): string => `schema: 1
groups: { leads: [${chi.user}, ${ana.user}] }
default: { approvals: ${approvals}, from: [approvers], including: leads }
rules: { skip: { approvals: 1, reason: true } }
`

// bao is known to Autentico under two Slack ids, his own and alice's.
const scene = playedOn({
  policy: policyOf(2),
  env: {
    RESPONDERS: [ana, bao, chi].map(({ user }) => user).join(','),
    APPROVERS: `${securityGroup.id},${alice.user}`,
    SLACK_USER_MAP: `${bao.user}=bao,${alice.user}=bao`,
  },
})
const slack = () => scene.stage().slack

afterEach(() => slack().control.setUsergroup(securityGroup.id, [ana.user, bao.user, chi.user]))

/** Somebody says yes, and more are needed. */
async function firstYes(incident: Case, who: string): Promise<void> {
  await incident.at(who).press(/^Approve/)
  await incident.happens('ApprovalGiven')
}

async function expectStillOpen(incident: Case): Promise<void> {
  expect(incident.entries('StepApproved')).toEqual([])
  expect(incident.step(1).status).toBe('requested')
  expect(changes(scene.stage(), incident.username)).toEqual([])
}

test('16. two people by an accident of the screens instead of by a rule: where the rule says two, one yes sets nothing in motion', async () => {
  const incident = await scene.asked()
  const asked = await incident.request()
  await firstYes(incident, 'bao')
  await expectStillOpen(incident)
  const words = wordsOf(await incident.at('chi', asked).reads(/1 of 2/))
  expect(words).toMatch(/approved by <?@?(U0BAO|bao)>?.*still needed: one of @leads/)
  await incident.approve('chi')
  await incident.untilProven(1)
})

test('one person says yes twice: it is one yes', async () => {
  const incident = await scene.asked()
  await firstYes(incident, 'bao')
  await incident.at('bao').press(/^Approve/)
  await expectTold(incident.as('bao'), /You have approved this already/)
  await expectStillOpen(incident)
})

test('two Slack accounts of one person say yes: it is one person', async () => {
  const incident = await scene.asked()
  await slack().control.addMember(incidentChannel.id, alice.user)
  await firstYes(incident, 'bao')
  await incident.at('alice').press(/^Approve/)
  await expectTold(incident.as('alice'), /same account as @bao/)
  await expectStillOpen(incident)
})

test('ten clicks of three people at once on a request that takes two: two of them, each once, and one effect', async () => {
  const incident = await scene.asked()
  const copy = copyOf(incident, 'bao')
  await Promise.all(
    ['bao', 'chi', 'bao', 'ana', 'chi', 'bao', 'alice', 'chi', 'ana', 'bao'].map(async (who) =>
      approveOn(incident, who, copy),
    ),
  )
  await incident.untilProven(1)
  const yes = [...incident.entries('ApprovalGiven'), ...incident.entries('StepApproved')]
  expect(yes).toHaveLength(2)
  expect(new Set(yes.map(({ actor }) => ('name' in actor ? actor.name : ''))).size).toBe(2)
  expect(changes(scene.stage(), incident.username, 'revoke-sessions')).toEqual([204])
})

test('who said yes first is taken off the list before the second does: the first yes does not count any more', async () => {
  const incident = await scene.asked()
  await firstYes(incident, 'bao')
  const looks = slack().calls('usergroups.users.list').length
  slack().control.setUsergroup(securityGroup.id, [ana.user, chi.user])
  await vi.waitFor(
    async () => {
      reloadEverybody(scene.stage())
      await incident.at('ana').press(/^Approve/)
      expect(slack().calls('usergroups.users.list').length).toBeGreaterThan(looks)
    },
    { timeout: 20_000, interval: 400 },
  )
  await incident.at('chi').press(/^Approve/)
  await until(() => (incident.entries('ApprovalGiven').length > 1 ? true : undefined), 'the yes of chi')
  await expectStillOpen(incident)
  expect(incident.entries('ApprovalLapsed').map(({ event }) => event.by.name)).toEqual(['bao'])
  await incident.as('ana').reads(/the earlier approval by @bao does not count any more/)
})

test('a rule that wants a reason gets none from an empty form, and the reason that it gets is on record', async () => {
  const incident = await scene.open()
  await incident.as('ana').pressWhenThere('Skip step 1…')
  await incident.as('ana').fillIn('Skip', { 'What to skip': 'skip', Why: 'It is a test account' })
  await incident.request()
  await incident.at('chi').press(/^Approve/)
  expect(await incident.as('chi').fillIn('Approve?')).toMatchObject({ now: 'errors' })
  expect(incident.entries('StepApproved')).toEqual([])
  await incident.as('chi').fillIn('Approve?', { Why: 'I know the account' })
  const { event } = await incident.happens('StepApproved')
  expect(event.reason).toBe('I know the account')
})

test('the file is exchanged under a running bot, and again under a stopped one: the old rule holds until two people adopt the new', async () => {
  const incident = await scene.asked()
  writeFileSync(join(scene.stage().dir, 'policy.yml'), policyOf(1))
  // Who is in the user group is remembered for a moment, and bao was put out of it two stories before.
  await firstYes(incident, 'chi')
  await expectStillOpen(incident)
  await scene.restart('kill')
  await incident.at('chi').press(/^Approve/)
  await expectTold(incident.as('chi'), /You have approved this already/)
  await expectStillOpen(incident)
  await incident.approve('bao')
  await incident.untilProven(1)
})

test('a request that was shown under the old rules cannot be completed under the new ones, which takes fewer people', async () => {
  const incident = await scene.asked()
  await firstYes(incident, 'bao')
  const copy = copyOf(incident, 'chi')
  // The file takes one approval since the story before.
  await slack().as('ana').command('/autentico policy', { channel: incidentChannel.id })
  await member(slack().as('ana')).pressWhenThere('Ask to adopt')
  // Under the rules in force that takes two as well.
  for (const who of ['bao', 'chi'])
    await looking(slack().as(who), ({ text }) => /another policy/.test(text)).pressWhenThere(/^Approve$/)
  await member(slack().as('ana')).reads(/In force since .* UTC, approved by .*@chi/)
  await approveOn(incident, 'chi', copy)
  const { event } = await incident.happens('ClickRefused')
  expect(['policy_changed', 'request_stale', 'already_decided']).toContain(event.refusal)
  await incident.as('chi').toldAlone(event.sentence.slice(0, 30))
  expect(incident.entries('StepApproved')).toEqual([])
  expect(changes(scene.stage(), incident.username)).toEqual([])
})
