import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Policy } from '#/policy/policy.ts'
import { execute, play, standard } from '../../test/support/given.ts'
import { approves, newestRequest, shownRequest, standing, steps, under, underWay } from '../../test/support/stories.ts'
import type { Recorded } from './events.ts'
import type { Identity } from './identity.ts'
import { isPerson, personKey, type Standing, type UserId } from './people.ts'

const groups: readonly string[] = ['responders', 'approvers', 'security', 'leads']
const someGroups = fc.subarray([...groups])
const rule = fc.record({
  approvals: fc.integer({ min: 1, max: 3 }),
  from: fc.subarray([...groups], { minLength: 1 }),
  including: fc.option(fc.constantFrom(...groups), { nil: undefined }),
})

type Click = {
  readonly user: string
  readonly email: string
  readonly account: string
  readonly groups: readonly string[]
  readonly membership: Standing['membership']
}

/** A few people, several of whom are one account: the same address, the same account, or an account named by an address. */
const anybody: fc.Arbitrary<Click> = fc.record({
  user: fc.constantFrom('U1', 'U2', 'U3', 'U4', 'U5'),
  email: fc.constantFrom('a@x.test', 'b@x.test', 'c@x.test', 'ana@acme.test', ''),
  account: fc.constantFrom('', '', 'a', 'B', 'b', 'c@x.test'),
  groups: someGroups,
  membership: fc.constantFrom<Click['membership'][]>(
    'member',
    'member',
    'member',
    'member',
    'guest',
    'external',
    'unknown',
  ),
})

function standingOf({ user, email, account, ...rest }: Click): Standing {
  const known = standing('bao', { ...rest, person: { slack: { team: 'T0ACME', user: user as UserId }, name: user } })
  const { email: _email, ...nameless } = known
  return { ...nameless, ...(email === '' ? {} : { email }), ...(account === '' ? {} : { account }) }
}

/** How many different accounts there are among people, none of whom shares anything with who asked. */
function accountsBesides(requester: Identity, people: readonly Standing[]): number {
  const clusters: Set<string>[] = []
  for (const { person, email = '', account = '' } of people) {
    const names = new Set([personKey(person), email.toLowerCase(), account.toLowerCase()].filter((name) => name !== ''))
    const same = clusters.filter((cluster) => [...names].some((name) => cluster.has(name)))
    for (const cluster of same) clusters.splice(clusters.indexOf(cluster), 1)
    clusters.push(new Set([...names, ...same.flatMap((cluster) => [...cluster])]))
  }
  const own = [requester.email, requester.account].map((name) => name?.toLowerCase())
  return clusters.filter((cluster) => !own.some((name) => name !== undefined && cluster.has(name))).length
}

test('whatever the rule and whoever presses, nothing is approved by fewer different accounts than it says', () => {
  let approved = 0
  fc.assert(
    fc.property(rule, fc.array(anybody, { minLength: 1, maxLength: 12 }), ({ including, ...some }, clicks) => {
      const said = { ...standard.standard, ...some, ...(including === undefined ? {} : { including }) }
      const policy: Policy = { ...standard, rules: { 'revoke-sessions': said } }
      let story = play(under(policy), ...underWay, ...shownRequest(steps.sessions)) as Parameters<typeof execute>[0]
      const counted: Standing[] = []
      for (const click of clicks) {
        const by = standingOf(click)
        const { incident } = story
        if (incident.status === 'unopened') throw new Error('it was never opened')
        const { story: next, decision } = execute(story, approves(by)(incident))
        story = next
        if (decision.kind === 'accepted') counted.push(by)
      }
      const { incident } = story
      if (incident.status === 'unopened') throw new Error('it was never opened')
      const request = newestRequest(incident)
      const yes = story.recorded.filter(isYes)
      // What is on record is exactly what was accepted, each by another person, of a group that counts.
      expect(yes.map(({ actor }) => (isPerson(actor) ? personKey(actor) : ''))).toEqual(
        counted.map(({ person }) => personKey(person)),
      )
      expect(counted.every((one) => one.membership === 'member')).toBe(true)
      expect(counted.every((one) => one.groups.some((group) => said.from.includes(group)))).toBe(true)
      const isComplete =
        accountsBesides(request.identity, counted) >= said.approvals &&
        (including === undefined || counted.some((one) => one.groups.includes(including)))
      expect(request.end.kind === 'approved').toBe(isComplete)
      expect(incident.orders.size).toBe(isComplete ? 1 : 0)
      if (isComplete) approved += 1
    }),
    { seed: 20261125, numRuns: 400 },
  )
  expect(approved).toBeGreaterThan(40)
})

function isYes({ event }: Recorded): boolean {
  return event.type === 'ApprovalGiven' || event.type === 'StepApproved'
}
