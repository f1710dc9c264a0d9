import { describe, expect, test } from 'vitest'
import { actionNames, onlyReads } from '#/playbook/actions.ts'
import { problemLine } from '#/playbook/yaml-file.ts'
import { parsePolicy } from './parse.ts'
import { ruleFor, standardPolicy } from './policy.ts'

const minute = 60_000
const standard = { ttlMs: 20 * minute }

const whole = `schema: 1
groups: { security: [S0SECURITY, U0ANA] }
default: { approvals: 1, from: [approvers], deny: [approvers, responders], ttl: 30m, stepUp: false, reason: false }
rules:
  restore-access: { approvals: 2, from: [approvers], including: security }
  skip: { reason: true, ttl: 90s }
hold: { allowed: true, by: [responders], length: 30m }
breakGlass: { allowed: true, by: [security], delay: 10m }
reminders: { first: 2m, next: { group: security, after: 10m }, stale: 4h }
`

function read(text: string) {
  const parsed = parsePolicy({ file: 'policy.yml', text }, standard)
  if (parsed.kind === 'faulty') throw new Error(parsed.problems.map(problemLine).join('\n'))
  return parsed.value
}

function problems(text: string): readonly string[] {
  const parsed = parsePolicy({ file: 'policy.yml', text }, standard)
  return parsed.kind === 'faulty' ? parsed.problems.map(problemLine) : []
}

describe('a policy file', () => {
  test('says everything there is to say, in milliseconds', () => {
    const ofAll = {
      approvals: 1,
      from: ['approvers'],
      deny: ['approvers', 'responders'],
      ttlMs: 30 * minute,
      stepUp: false,
      reason: false,
    }
    expect(read(whole)).toEqual({
      groups: { security: ['S0SECURITY', 'U0ANA'] },
      standard: ofAll,
      rules: {
        'restore-access': { ...ofAll, approvals: 2, including: 'security' },
        skip: { ...ofAll, reason: true, ttlMs: 90_000 },
      },
      hold: { allowed: true, by: ['responders'], lengthMs: 30 * minute },
      breakGlass: { allowed: true, by: ['security'], delayMs: 10 * minute },
      reminders: {
        firstMs: 2 * minute,
        next: { group: 'security', afterMs: 10 * minute },
        staleMs: 4 * 60 * minute,
      },
    })
  })

  test('that says nothing is the standard policy, with the time that the configuration gives', () => {
    expect(read('schema: 1')).toEqual(standardPolicy(standard))
  })

  test('has a rule for each action that changes something: what a rule leaves out is as in the default', () => {
    for (const action of actionNames.filter((name) => !onlyReads(name) && name !== 'lift-hold')) {
      const policy = read(`schema: 1\ndefault: { ttl: 1h }\nrules: { ${action}: { approvals: 3 } }`)
      expect(ruleFor(policy, action)).toMatchObject({ approvals: 3, ttlMs: 60 * minute, from: ['approvers'] })
    }
  })
})

describe('every problem is told with its place', () => {
  test.each([
    [
      'a rule for the end of a hold',
      'schema: 1\nrules: { lift-hold: { approvals: 2 } }',
      '2:10: “lift-hold” is the end of a hold, so nobody approves it. “hold-account” is the rule for confirming one.',
    ],
    ['nothing at all', '', '1:1: A policy has to be a map with “schema: 1”.'],
    ['another schema', 'schema: 2', '1:9: “schema” has to be 1.'],
    [
      'nobody besides the requester',
      'schema: 1\ndefault: { approvals: 0 }',
      '2:23: “approvals” of “default” has to be a whole number from 1 to 10: nothing is done on the word of one person.',
    ],
    [
      'an empty list of those who may approve',
      'schema: 1\ndefault: { from: [] }',
      '2:18: “from” of “default” has to be a list of 1 to 10 groups.',
    ],
    [
      'a group that is not there, and nearly is',
      'schema: 1\ngroups: { security: [U0ANA] }\nrules:\n  skip: { from: [secuirty] }',
      '4:18: Entry 1 of “from” of “skip” of “rules” is “secuirty”, and there is no such group. Did you mean “security”?',
    ],
    [
      'a group that has to be among them and is not there',
      'schema: 1\ndefault: { including: leads }',
      '2:23: “including” of “default” is “leads”, and there is no such group. There are: responders, approvers.',
    ],
    [
      'a rule for something that does not exist',
      'schema: 1\nrules:\n  restore-acess: { approvals: 2 }',
      '3:3: “restore-acess” is no key that can stand here. Did you mean “restore-access”? These can: ',
    ],
    [
      'a rule for what only reads',
      'schema: 1\nrules:\n  review-audit: { approvals: 2 }',
      '3:3: “review-audit” only reads, so nobody has to approve it. Leave it out.',
    ],
    [
      'a list that comes from the configuration',
      'schema: 1\ngroups: { approvers: [U0ANA] }',
      '2:22: “approvers” of “groups” comes from `APPROVERS`: name yours otherwise.',
    ],
    [
      'break-glass for nobody',
      'schema: 1\nbreakGlass: { allowed: true }',
      '2:13: “breakGlass” is allowed, and to nobody: name at least one group in “by”.',
    ],
    [
      'a hold for nobody',
      'schema: 1\nhold: { allowed: true, by: [] }',
      '2:7: “hold” is allowed, and to nobody: name at least one group in “by”.',
    ],
    [
      'a time that is none',
      'schema: 1\ndefault: { ttl: 30 }',
      '2:17: “ttl” of “default” has to be a time such as 90s, 30m or 2h, from 1s to 24h.',
    ],
    [
      'a time that no request should live',
      'schema: 1\ndefault: { ttl: 25h }',
      '2:17: “ttl” of “default” has to be a time such as 90s, 30m or 2h, from 1s to 24h.',
    ],
    [
      'a name of a person in place of an id',
      'schema: 1\ngroups: { security: [ana] }',
      '2:22: Entry 1 of “security” of “groups” has to be a Slack id of a user (U…, W…) or of a user group (S…).',
    ],
    ['a reference', 'schema: 1\ngroups: { a: &x [U0ANA], b: *x }', 'A reference (*name) is not taken in a policy.'],
  ])('%s', (_what, text, said) => {
    const found = problems(text)
    expect(found.join('\n')).toContain(said)
    expect(found).toHaveLength(1)
  })

  test('all of them at once, in the order of the file', () => {
    const found = problems(whole.replace('approvals: 1', 'approvals: 0').replace('by: [security]', 'by: [nobody]'))
    expect(found.map((line) => line.split(':').slice(1, 3).join(':'))).toEqual(['3:23', '8:35'])
  })
})
