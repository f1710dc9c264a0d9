import { expect, test } from 'vitest'
import { type Policy, type Rule, standardPolicy } from '#/policy/policy.ts'
import type { Change } from './events.ts'
import { ruleOfChange, stillNeeded, wouldCount } from './rule.ts'

const plain = standardPolicy({ ttlMs: 30 * 60_000 })
const standard: Rule = { ...plain.standard, approvals: 1 }
const old: Policy = {
  ...plain,
  groups: { security: ['U0CHI'] },
  rules: {
    'restore-access': { ...standard, approvals: 2, including: 'security' },
    skip: { ...standard, stepUp: true },
  },
}
const to = (policy: Policy): Change => ({ kind: 'policy', policy, digest: '', differences: [] })
const ordinary = { approvals: 1, from: ['approvers'] }
const strict = { approvals: 2, from: ['approvers'], including: 'security' }

test('what touches no rule of its own needs what the standard rule asks for', () => {
  const next = { ...old, reminders: { ...old.reminders, firstMs: 1 } }
  expect(ruleOfChange(old, to(next))).toMatchObject({ needs: [ordinary], stepUp: false })
})

test('what loosens a strict rule has to satisfy that rule', () => {
  const next = { ...old, rules: { ...old.rules, 'restore-access': standard } } as Policy
  expect(ruleOfChange(old, to(next))).toMatchObject({ needs: [strict], stepUp: false })
})

test('other people than the standard rule means have to be heard besides', () => {
  const other: Rule = { ...standard, from: ['security'] }
  const apart: Policy = { ...old, rules: { skip: other } }
  expect(ruleOfChange(apart, to({ ...apart, rules: {} })).needs).toEqual([
    ordinary,
    { ...ordinary, from: ['security'] },
  ])
})

test('what drops a rule that wants a fresh sign-in needs one', () => {
  const { skip: _skip, ...rules } = old.rules
  expect(ruleOfChange(old, to({ ...old, rules })).stepUp).toBe(true)
})

test('who puts other people into a group has to satisfy the rules that name it', () => {
  expect(ruleOfChange(old, to({ ...old, groups: { security: ['U0ANA'] } })).needs).toEqual([strict])
})

test('who would have the glass broken has to satisfy every rule', () => {
  const next = { ...old, breakGlass: { ...old.breakGlass, allowed: true } }
  expect(ruleOfChange(old, to(next))).toMatchObject({ needs: [strict], stepUp: true })
})

const two = { ...standard, needs: [ordinary, strict] }

test('the last one that is missing is of the group that was not heard', () => {
  expect(stillNeeded(two, [['approvers']])).toEqual([{ approvals: 1, from: ['approvers'], including: 'security' }])
})

test('one person counts for every need that they meet', () => {
  expect(stillNeeded(two, [['approvers'], ['approvers', 'security']])).toEqual([])
})

test('whoever is in the group and not among those who may approve does not count', () => {
  expect(stillNeeded(two, [['approvers'], ['security']])).toHaveLength(1)
})

test('somebody whose yes would bring nothing nearer does not count', () => {
  const open = stillNeeded(two, [['approvers']])
  expect(wouldCount(open, ['approvers'])).toBe(false)
  expect(wouldCount(open, ['approvers', 'security'])).toBe(true)
})

test('an empty list grants nobody', () => {
  expect(wouldCount([{ approvals: 1, from: [] }], ['approvers', 'responders'])).toBe(false)
})
