import { expect, test } from 'vitest'
import { builtIn } from '#/configuration/playbooks.ts'
import type { Policy, Rule, RuleName } from '#/policy/policy.ts'
import { standard } from '../../test/support/given.ts'
import { standing } from '../../test/support/stories.ts'
import { quorumOf, quorumWords, rulesOf } from './quorum.ts'

const rules = rulesOf(builtIn('account-compromise'))
const bao = standing('bao')
const chi = standing('chi')

function under(rule: RuleName, change: Partial<Rule>): Policy {
  return { ...standard, rules: { [rule]: { ...standard.standard, ...change } } }
}

test('a playbook asks for what its steps change, and skipping is open in every one', () => {
  expect(rules).toEqual(['revoke-sessions', 'reset-password', 'reset-mfa', 'close-doors', 'restore-access', 'skip'])
  expect(rulesOf(builtIn('database-breach'))).toContain('answer')
  expect(rulesOf(builtIn('database-breach'))).not.toContain('review-passwords')
})

test('where one is enough, it is said how many there are', () => {
  expect(quorumWords(quorumOf(standard, rules, [bao, chi]), 'you')).toBe('2 people can approve besides you.')
  expect(quorumWords(quorumOf(standard, rules, [bao]), '@ana')).toBe('1 person can approve besides @ana.')
})

test('the rule that is the hardest to fulfil is the one that is spoken of', () => {
  const policy = under('restore-access', { approvals: 2, including: 'security' })
  const security = standing('chi', { groups: ['approvers', 'security'] })
  expect(quorumWords(quorumOf(policy, rules, [bao, security]), 'you')).toBe(
    '2 people can approve besides you; the policy asks for 2, one of them of @security (restore-access).',
  )
})

test('too few people are a warning that says what it means', () => {
  expect(quorumWords(quorumOf(standard, rules, []), 'you')).toBe(
    '⚠️ Nobody can approve besides you: steps can be asked for, but not run.',
  )
  expect(quorumWords(quorumOf(under('restore-access', { approvals: 2 }), rules, [bao]), 'you')).toBe(
    '⚠️ Only 1 person can approve besides you, and the policy asks for 2 (restore-access): that could not be done.',
  )
  expect(quorumWords(quorumOf(under('skip', { including: 'security' }), rules, [bao, chi]), 'you')).toBe(
    '⚠️ Nobody of @security can approve besides you, and the policy asks for one of them (skip): that could not be done.',
  )
})

test('a rule that the playbook has no use for does not count', () => {
  const policy = under('replace-signing-key', { approvals: 9 })
  expect(quorumOf(policy, rules, [bao, chi]).needed).toBe(1)
})

test('two Slack identities of one account are one person', () => {
  const twice = standing('chi', { email: 'bao@acme.test' })
  expect(quorumOf(standard, rules, [bao, twice]).able).toBe(1)
})
