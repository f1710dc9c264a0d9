import { expect, test } from 'vitest'
import { type Policy, type Rule, standardPolicy } from './policy.ts'
import { outOfReach, type People } from './reach.ts'

const policy = standardPolicy({ ttlMs: 1 })

function under(change: Partial<Rule>): Policy {
  return { ...policy, standard: { ...policy.standard, ...change } }
}

/** A group that is not listed has unknown members. */
function people(
  lists: Readonly<Record<string, readonly string[]>>,
  accounts: Readonly<Record<string, string>> = {},
): People {
  return { membersOf: (group) => lists[group], accountOf: (id) => accounts[id] }
}

test('one approver besides the requester is enough for the standard policy', () => {
  const lists = { responders: ['U1'], approvers: ['U2'] }
  expect(outOfReach(policy, people(lists))).toEqual([])
})

test('an approver who asks is not there to approve', () => {
  const lists = { responders: ['U1', 'U2'], approvers: ['U2'] }
  expect(outOfReach(policy, people(lists))).toEqual([
    {
      rule: 'default',
      what: 'takes one person of @approvers, and when U2 asks nobody is left: such a request could never be approved. Name more people, or ask for fewer.',
    },
  ])
})

test('fewer people than it takes are too few, whoever asks', () => {
  const found = outOfReach(under({ approvals: 3 }), people({ responders: ['U9'], approvers: ['U1', 'U2'] }))
  expect(found).toMatchObject([{ rule: 'default', what: expect.stringMatching(/takes 3 people .* only 2/) as unknown }])
})

test('two Slack identities of one account are one person', () => {
  const lists = { responders: ['U9'], approvers: ['U1', 'U2'] }
  expect(outOfReach(under({ approvals: 2 }), people(lists))).toEqual([])
  expect(outOfReach(under({ approvals: 2 }), people(lists, { U1: 'ana', U2: 'Ana' }))).toHaveLength(1)
})

test('whoever has to be among them has to be somebody who may approve at all', () => {
  const lists = { responders: ['U9'], approvers: ['U1', 'U2'], security: ['U3'] }
  expect(outOfReach(under({ including: 'security' }), people(lists))).toMatchObject([
    { what: expect.stringMatching(/nobody of it is in @approvers/) as unknown },
  ])
  expect(outOfReach(under({ from: ['approvers', 'security'], including: 'security' }), people(lists))).toEqual([])
})

test('the only one of a group that has to be among them cannot be who asks', () => {
  const lists = { responders: ['U1', 'U9'], approvers: ['U1', 'U2', 'U3'], security: ['U1'] }
  expect(outOfReach(under({ including: 'security' }), people(lists))).toMatchObject([
    { what: expect.stringMatching(/when U1 asks nobody of it is left/) as unknown },
  ])
})

test('each rule is looked at by itself', () => {
  const strict = { ...policy, rules: { skip: { ...policy.standard, approvals: 2 } } }
  const lists = { responders: ['U9'], approvers: ['U1'] }
  expect(outOfReach(strict, people(lists)).map(({ rule }) => rule)).toEqual(['skip'])
})

test('nothing is concluded about a group of which it is not known who is in it', () => {
  expect(outOfReach(under({ approvals: 5 }), people({ responders: ['U1'] }))).toEqual([])
})

test('an empty list grants nobody', () => {
  expect(outOfReach(policy, people({ responders: ['U1'], approvers: [] }))).toHaveLength(1)
})
