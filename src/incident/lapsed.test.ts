import { expect, test } from 'vitest'
import { given, play, standard } from '../../test/support/given.ts'
import { approves, newestRequest, shownRequest, standing, steps, under, underWay } from '../../test/support/stories.ts'

const rule = { ...standard.standard, approvals: 2, including: 'leads' }
const twoApprovers = under({ ...standard, groups: { leads: ['U0BAO', 'U0CHI'] }, standard: rule })

const approvers = ['responders', 'approvers']
const bao = standing('bao', { groups: [...approvers, 'leads'] })
const chi = standing('chi', { groups: [...approvers, 'leads'] })

/** Asked by ana, and bao has said yes. */
const oneYes = [twoApprovers, ...underWay, ...shownRequest(steps.sessions), approves(bao)]

test.each([
  ['is on no list now', { groups: [] }],
  ['was made a guest', { membership: 'guest' }],
  ['was deactivated', { membership: 'deactivated' }],
  ['is the target by another address', { email: 'alice@acme.test' }],
  ['left the group that one of those who say yes has to be in', { groups: approvers }],
] as const)('who said yes first and %s: that yes counts no more, and the second one is the first', (_what, change) => {
  const yes = approves(chi, { earlier: [{ ...bao, ...change }] })
  given(...oneYes)
    .when(yes)
    .happens('ApprovalLapsed', 'ApprovalGiven')
  const { incident } = play(...oneYes, yes)
  expect(newestRequest(incident).approvals.map(({ by }) => by.name)).toEqual(['chi'])
})

test('who said yes first and still may, counts; of whom nothing is said, the yes stands as it was given', () => {
  for (const earlier of [[bao], []])
    given(...oneYes)
      .when(approves(chi, { earlier }))
      .happens('StepApproved', 'WorkOrdered')
})

test('while Slack does not say whether the first still may, nothing is decided', () => {
  given(...oneYes)
    .when(approves(chi, { earlier: [{ ...bao, membership: 'unknown' }] }))
    .isRefused('earlier_unknown', { who: '@bao' })
})

test('while Slack does not say who is in the group of the first, that yes is not lost', () => {
  given(...oneYes)
    .when(approves(chi, { earlier: [{ ...bao, groups: [], unread: ['approvers'] }] }))
    .isRefused('earlier_unknown', { who: '@bao' })
})

test('whose yes counts no more may say it anew once they may again', () => {
  const gone = approves(chi, { earlier: [{ ...bao, groups: [] }] })
  given(...oneYes, gone)
    .when(approves(bao, { earlier: [chi] }))
    .happens('StepApproved', 'WorkOrdered')
})
