import { expect, test } from 'vitest'
import type { InstanceHolding } from '../../wire.ts'
import { instanceHeadline } from './instance-words.ts'

const row = (hold: string, ever: number): InstanceHolding => ({
  kind: 'clients',
  label: 'Clients',
  live: hold === '' ? 0 : 1,
  ever,
  lines: [],
  count: '7',
  hold,
})

test.each([
  [
    [row('the signing key', 1), row('', 0), row('a client', 1)],
    'bad',
    'In mallory’s hands: the signing key, a client.',
  ],
  [[row('', 1), row('', 0)], 'good', 'Nothing that was exposed is in mallory’s hands any more.'],
  [[row('', 0)], 'plain', 'Nothing of it is in mallory’s hands.'],
] as const)('%j is %s: %s', (holdings, tone, words) => {
  expect(instanceHeadline({ holdings }, 'mallory')).toEqual({ tone, words })
})
