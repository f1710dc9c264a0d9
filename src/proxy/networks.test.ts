import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contains, readNetworks, written } from './networks.ts'

test.each([
  ['192.0.2.7', ['192.0.2.7/32']],
  ['2001:DB8::1', ['2001:db8::1/128']],
  ['2001:0db8:0:0::/32', ['2001:db8::/32']],
  ['10.0.0.0/8;172.16.0.0/12\n192.168.0.0/16', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']],
  ['fc00::/7', ['fc00::/7']],
  ['', []],
])('%j is %j', (text, expected) => {
  expect(networksOf(text)).toEqual(expected)
})

test.each([
  ['10.1.2.3/8', 'Write 10.0.0.0/8 for the whole network, or 10.1.2.3/32'],
  ['2001:db8::5/64', 'Write 2001:db8::/64 for the whole network, or 2001:db8::5/128'],
  ['0.0.0.0/0', 'everybody'],
  ['::/0', 'everybody'],
  ['0.0.0.0/1 128.0.0.0/1', 'a large part of the internet'],
  ['2000::/3', 'a large part of the internet'],
  ['10.0.0.0/33', 'from 0 to 32'],
  ['10.0.0.0/08', 'from 0 to 32'],
  ['10.0.0.0/-1', 'from 0 to 32'],
  ['10.0.0.0/', 'from 0 to 32'],
  ['2001:db8::/129', 'from 0 to 128'],
  ['10.0.0.0/8/8', 'is not a network'],
  ['010.0.0.0/8', 'is not a network'],
  ['10.0/8', 'is not a network'],
  ['fe80::1%eth0', 'is not a network'],
  ['example.org', 'is not a network'],
  ['::ffff:10.0.0.1', 'Write it as IPv4'],
  ['10.0.0.0/8}allow', 'from 0 to 32'],
])('%j is refused: %s', (text, why) => {
  const read = readNetworks(text)

  expect(read.kind === 'unusable' && read.problems[0]).toContain(why)
})

test('what was typed is repeated short and on one line', () => {
  const read = readNetworks(`${'x'.repeat(500)}\u202e`)

  expect(read.kind === 'unusable' && read.problems[0]).toMatch(/^“x{49}…” is not a network/)
})

test('a network given twice, or inside another, is kept once, and that is said', () => {
  expect(readNetworks('10.1.0.0/16 10.0.0.0/8 10.0.0.0/8 192.0.2.1')).toEqual({
    kind: 'networks',
    networks: [
      { family: 'ipv4', address: '10.0.0.0', prefix: 8 },
      { family: 'ipv4', address: '192.0.2.1', prefix: 32 },
    ],
    notes: ['10.0.0.0/8 was given twice.', '10.1.0.0/16 is left out: 10.0.0.0/8 covers it.'],
  })
})

test('a list too long for a proxy is refused as a whole', () => {
  const text = Array.from({ length: 101 }, (_, index) => `10.0.${index}.1`).join(' ')

  expect(readNetworks(text)).toMatchObject({ kind: 'unusable', problems: [expect.stringContaining('101 networks')] })
})

test('an address is inside its network and outside every other', () => {
  const read = readNetworks('10.0.0.0/8 2001:db8::/32')
  const networks = read.kind === 'networks' ? read.networks : []

  expect(['10.255.0.1', '::ffff:10.0.0.1', '2001:db8:1::1'].map((one) => contains(networks, one))).toEqual([
    true,
    true,
    true,
  ])
  expect(['11.0.0.1', '2001:db9::1', '::1', 'localhost', ''].some((one) => contains(networks, one))).toBe(false)
})

test('whatever is typed, what comes out is made of the characters of addresses, and reads back as itself', () => {
  const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.ipV4(), fc.ipV6(), fc.ipV4Extended())
  fc.assert(
    fc.property(anything, fc.option(fc.integer({ min: -1, max: 130 })), (text, prefix) => {
      const networks = networksOf(prefix === null ? text : `${text}/${prefix}`) ?? []
      expect(networks.every((one) => /^[0-9a-f.:]+\/\d{1,3}$/.test(one))).toBe(true)
      expect(networksOf(networks.join(' '))).toEqual(networks)
    }),
    { numRuns: 500 },
  )
})

function networksOf(text: string): readonly string[] | undefined {
  const read = readNetworks(text)
  return read.kind === 'networks' ? read.networks.map(written) : undefined
}
