import { expect, test } from 'vitest'
import { standardPolicy } from '#/policy/policy.ts'
import { stepUpFault } from './step-ups.ts'

const ttlMs = 30 * 60_000
const signIn = { url: 'https://id.acme.test', clientId: 'approvals' }
const none = standardPolicy({ ttlMs })
const every = standardPolicy({ ttlMs, stepUp: true })
const one = { ...none, rules: { 'restore-access': every.standard } }

test('a policy that wants a step-up which nobody could give is a problem of STEP_UP', () => {
  expect(stepUpFault([every], { stepUp: undefined, keys: 0 })).toMatch(/^STEP_UP: is off, but/)
  expect(stepUpFault([none, one], { stepUp: undefined, keys: 0 })).toMatch(/^STEP_UP: /)
})

test('it is none with a way to sign in, with a registered key, or where no step-up is wanted', () => {
  expect(stepUpFault([every], { stepUp: signIn, keys: 0 })).toBeUndefined()
  expect(stepUpFault([every], { stepUp: undefined, keys: 1 })).toBeUndefined()
  expect(stepUpFault([none], { stepUp: undefined, keys: 0 })).toBeUndefined()
})
