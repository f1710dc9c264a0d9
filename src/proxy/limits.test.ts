import { expect, test } from 'vitest'
import { type LimitsForm, rateOf, readLimits } from './limits.ts'

const form: LimitsForm = { requests: '5', per: 'second', burst: '20', networks: '10.0.0.0/8, 2001:db8::/32' }

test('a form becomes numbers and networks', () => {
  expect(readLimits(form)).toEqual({
    kind: 'limits',
    limits: {
      rate: { requests: 5, per: 'second' },
      burst: 20,
      allowed: [
        { family: 'ipv4', address: '10.0.0.0', prefix: 8 },
        { family: 'ipv6', address: '2001:db8::', prefix: 32 },
      ],
    },
    notes: [],
  })
})

test('a rate per minute is a sixtieth a second', () => {
  const read = readLimits({ ...form, requests: '30', per: 'minute' })

  expect(read.kind === 'limits' && rateOf(read.limits)).toBe(0.5)
})

test('no network at all is possible, and what it means is said', () => {
  const read = readLimits({ ...form, networks: ' \n ' })

  expect(read).toMatchObject({ kind: 'limits', limits: { allowed: [] } })
  expect(read.kind === 'limits' && read.notes).toEqual([expect.stringContaining('nobody reaches the admin API')])
})

test('everything wrong is named at once, each by its field', () => {
  const read = readLimits({ requests: 'many', per: 'hour', burst: '0', networks: '10.0.0.1/8 nonsense' })

  expect(read.kind === 'unusable' && read.problems.map(({ field }) => field)).toEqual([
    'requests',
    'per',
    'burst',
    'networks',
    'networks',
  ])
})

test.each([
  ['requests', '0'],
  ['requests', '1001'],
  ['requests', '-5'],
  ['requests', '5.5'],
  ['requests', '5e2'],
  ['requests', '0x10'],
  ['requests', '٥'],
  ['requests', ''],
  ['requests', '5r/s; return 200'],
  ['burst', '4'],
  ['burst', '1001'],
  ['burst', '20 nodelay; }'],
] as const)('%s %j is refused, with the value and the bounds', (field, value) => {
  const read = readLimits({ ...form, [field]: value })

  expect(read).toEqual({
    kind: 'unusable',
    problems: [{ field, sentence: expect.stringMatching(/whole number from \d+ to \d+, not “/) as string }],
  })
})

test.each([
  ['second', '1000', true],
  ['second', '9', true],
  ['minute', '9', false],
  ['minute', '6000', true],
])('the bounds are those of its unit: %s %s', (per, requests, usable) => {
  expect(readLimits({ ...form, per, requests }).kind).toBe(usable ? 'limits' : 'unusable')
})
