import { expect, test } from 'vitest'
import { scrub } from './scrub.ts'

const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'

test.for([
  ['a JSON Web Token', `it was ${jwt}, I think`, 'it was [removed], I think'],
  ['a token cut off in the middle', `it was ${jwt.slice(0, 24)}`, 'it was [removed]'],
  ['a Slack bot token', 'xoxb-123456-abcdef', '[removed]'],
  ['a Slack app token in capitals', 'XAPP-1-A0-abcdef', '[removed]'],
  ['a GitHub token', 'ghp_0123456789abcdef', '[removed]'],
  ['a private key', 'a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb', 'a\n[removed]\nb'],
  ['a private key whose end is missing', 'a -----BEGIN PRIVATE KEY-----\nMIIE', 'a [removed]'],
  ['a long run of base64', `key ${'aB3/'.repeat(12)}== end`, 'key [removed] end'],
] as const)('%s is removed', ([, text, clean]) => {
  expect(scrub(text)).toBe(clean)
})

test.for([
  ['words', 'Login from two countries, 03:12 UTC; alice@acme.test said no.'],
  ['a hash in hex', 'a1b2c3d4'.repeat(8)],
  ['a long number', '1234567890'.repeat(5)],
  ['a line of dashes', '-'.repeat(80)],
  ['the ids of incidents and orders', 'INC-7-31'],
] as const)('%s is left alone', ([, text]) => {
  expect(scrub(text)).toBe(text)
})

test('what was scrubbed is scrubbed: a second time changes nothing', () => {
  const once = scrub(`${jwt} xoxb-123456-abcdef ${'aB3/'.repeat(12)}`)
  expect(scrub(once)).toBe(once)
})

test('a long text is scrubbed in no more than linear time', () => {
  const hostile = `${'eyJ'.repeat(50_000)} -----BEGIN ${'A '.repeat(50_000)}`
  expect(scrub(hostile).length).toBeLessThanOrEqual(hostile.length)
})
