import { expect, test } from 'vitest'
import { type Policy, standardPolicy } from '#/policy/policy.ts'
import { differencesOf, lengthOf, needWords, policyLines } from './policy-words.ts'

const plain = standardPolicy({ ttlMs: 30 * 60_000 })
const own: Policy = {
  ...plain,
  groups: { security: ['S0SECURITY', 'U0ANA'] },
  rules: { 'restore-access': { ...plain.standard, approvals: 2, including: 'security' } },
}

test('a policy is said part by part', () => {
  expect(policyLines(own)).toEqual([
    'default: one of @approvers approves; @approvers may deny; open for 30 minutes',
    'restore-access: 2 of @approvers, one of them of @security approve; @approvers may deny; open for 30 minutes',
    'hold: one of @responders alone, for 30 minutes',
    'break-glass: not allowed',
    'reminders: after 2 minutes, then after twice as long each time; of an incident in which nothing happens after 4 hours',
    '@security: S0SECURITY, U0ANA',
  ])
})

test('a rule of its own is compared with what held in its place', () => {
  expect(differencesOf(plain, own)).toEqual([
    'restore-access: approvals 1 → 2',
    'restore-access: including nobody in particular → @security',
    'group security: members none → S0SECURITY, U0ANA',
  ])
})

test('a difference that cannot be seen is said as well', () => {
  const turned: Policy = { ...own, groups: { security: ['U0ANA', 'S0SECURITY'] } }
  expect(differencesOf(own, turned)).toEqual(['nothing but the order in which it is written'])
})

test.each([
  [{ approvals: 1, from: ['approvers'] }, 'one of @approvers'],
  [{ approvals: 1, from: ['approvers'], including: 'security' }, 'one of @approvers who is in @security'],
  [{ approvals: 2, from: ['a', 'b'], including: 'security' }, '2 of @a, @b, one of them of @security'],
  [{ approvals: 1, from: [] }, 'one of nobody'],
])('what is needed is said in words: %o', (need, words) => {
  expect(needWords(need)).toBe(words)
})

test.each([
  [1_000, '1 second'],
  [90_000, '90 seconds'],
  [600_000, '10 minutes'],
  [7_200_000, '2 hours'],
  [1_500, '1.5 seconds'],
])('%i ms is %s', (ms, words) => {
  expect(lengthOf(ms)).toBe(words)
})
