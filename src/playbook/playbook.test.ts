import { describe, expect, test } from 'vitest'
import { accountCompromise } from './account-compromise.ts'
import { builtInPlaybooks } from './built-in.ts'
import { actionNames } from './playbook.ts'

/** The section of Autentico's incident-response document, as it stands there. */
const document = `If a user account may be compromised:

  1. Revoke all sessions for the user — Admin UI → Sessions → filter by user → revoke all active sessions
  2. Reset the password — Admin UI → Users → edit → set new password
  3. Reset MFA — set totp_verified = false so the user must re-enroll with a new TOTP secret
  4. Revoke passkeys — delete any passkey credentials associated with the account
  5. Notify the user out-of-band and require them to verify their identity before restoring access`

const lines = document.split('\n').flatMap((line) => /^\s+\d\. (.+)$/.exec(line)?.[1] ?? [])

/** What a line asks for, without the way through the admin pages and without the short title before the dash. */
function words(sentence: string): readonly string[] {
  return sentence.toLowerCase().match(/[a-z_]{4,}/g) ?? []
}

describe('the account-compromise playbook', () => {
  test('is named after the document’s section', () => {
    expect(`${accountCompromise.section}:`).toBe(document.split('\n')[0])
  })

  test('has the document’s five steps in its order', () => {
    expect(lines).toHaveLength(5)
    expect(accountCompromise.steps).toHaveLength(lines.length)
    const titles = accountCompromise.steps.map(({ title }) => words(title)[0])
    expect(titles).toEqual(lines.map((line) => words(line)[0]))
  })

  test.each(accountCompromise.steps.map((step, index) => [step.title, step, lines[index] ?? ''] as const))(
    '“%s” quotes its line and no other',
    (_title, step, line) => {
      const said = words(line)
      expect(words(step.document).filter((word) => !said.includes(word))).toEqual([])
    },
  )

  test('gives nothing back before the user was told', () => {
    const recovery = accountCompromise.steps.filter(({ kind }) => kind === 'recovery')
    expect(recovery.map(({ id, needsNotification }) => [id, needsNotification])).toEqual([['notify', true]])
    expect(accountCompromise.steps.at(-1)).toBe(recovery[0])
  })

  test('sees through what needs the database by suspending or by two people’s word', () => {
    expect(accountCompromise.steps.find(({ action }) => action === 'close-doors')?.fallbacks).toEqual([
      'suspend',
      'attest',
    ])
  })
})

describe.each(builtInPlaybooks)('the playbook $id', (playbook) => {
  test('runs only actions that exist', () => {
    const named = [playbook.snapshot, playbook.sweep, ...playbook.steps.map(({ action }) => action)]
    expect(named.filter((action) => !actionNames.includes(action))).toEqual([])
  })

  test('has steps with ids of their own', () => {
    const ids = playbook.steps.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('has an action of its own for every step, so that a sweep can tell them apart', () => {
    const actions = playbook.steps.map(({ action }) => action)
    expect(new Set([...actions, playbook.sweep, playbook.snapshot]).size).toBe(actions.length + 2)
  })

  test('says of every step what the document says and what is done', () => {
    for (const { title, document: says, does } of playbook.steps) {
      expect([title, says, does].filter((text) => text.trim() === '')).toEqual([])
    }
  })
})

test('playbooks have ids of their own', () => {
  const ids = builtInPlaybooks.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
})
