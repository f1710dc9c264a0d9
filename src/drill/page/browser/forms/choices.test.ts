import { expect, test } from 'vitest'
import { fitting, groupsOf } from './choices.ts'

const screen = {
  mentioned: [
    { id: 'U0ANA', handle: 'ana', name: 'Ana Ruiz', bot: false },
    { id: 'U0RESPONDER', handle: 'autentico', name: 'Autentico', bot: true },
    { id: 'S0SECURITY', handle: 'security', name: 'Security', bot: false },
  ],
  channels: [
    { id: 'C0GENERAL', name: 'general', kind: 'public', members: 4, archived: false, shared: false, writable: true },
    {
      id: 'C0INCIDENTS',
      name: 'sec-incidents',
      kind: 'private',
      members: 4,
      archived: false,
      shared: false,
      writable: true,
    },
  ],
} as const
const option = (value: string) => ({ text: { type: 'plain_text', text: value }, value })
const values = (type: string) => groupsOf({ type }, screen)?.flatMap(({ choices }) => choices.map(({ value }) => value))

test('people are offered without bots and groups, channels as far as they may be chosen', () => {
  expect(values('users_select')).toEqual(['U0ANA'])
  expect(values('channels_select')).toEqual(['C0GENERAL'])
  expect(values('multi_conversations_select')).toEqual(['C0GENERAL', 'C0INCIDENTS'])
})

test('the app is asked for what a type-ahead offers', () => {
  expect(groupsOf({ type: 'external_select' }, screen)).toBeUndefined()
  expect(groupsOf({ type: 'multi_external_select' }, screen)).toBeUndefined()
})

test('what is typed narrows the list, word by word, and an empty group is left out', () => {
  const groups = groupsOf(
    {
      type: 'static_select',
      option_groups: [
        {
          label: { type: 'plain_text', text: 'Accounts' },
          options: [option('Compromised account'), option('Admin account')],
        },
        { label: { type: 'plain_text', text: 'Keys' }, options: [option('Private key')] },
      ],
    },
    screen,
  )
  expect(fitting(groups ?? [], 'acc COMP')).toEqual([
    { label: 'Accounts', choices: [{ value: 'Compromised account', text: 'Compromised account', about: '' }] },
  ])
  expect(fitting(groups ?? [], '')).toEqual(groups)
  expect(fitting(groups ?? [], 'nothing like it')).toEqual([])
})
