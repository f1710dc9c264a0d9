import { expect, test } from 'vitest'
import { initials } from './initials.ts'

test.each([
  ['Ana Ruiz', 'AR'],
  ['Ana María Ruiz', 'AR'],
  ['mallory', 'M'],
  ['  Bao   Tran ', 'BT'],
  ['', ''],
])('the picture of %s shows %s', (name, shown) => {
  expect(initials(name)).toBe(shown)
})
