import { expect, test } from 'vitest'
import { loadPlaybooks } from '#/configuration/playbooks.ts'
import { onlyReads } from '#/playbook/actions.ts'
import { actions } from './index.ts'

test.each(loadPlaybooks({}))('the sweep of $id can read back whatever contains it', ({ steps }) => {
  const contains = steps.flatMap(({ kind, action }) => (kind === 'containment' && action !== undefined ? [action] : []))
  expect(contains.length).toBeGreaterThan(0)
  expect(contains.filter((name) => !onlyReads(name) && actions[name].again === undefined)).toEqual([])
})

test.each(['demote-admin', 'suspend-account', 'disable-client', 'disable-provider', 'close-setting'] as const)(
  'the sweep can read back what was done about a finding: %s',
  (name) => {
    expect(actions[name].again).toBeDefined()
  },
)
