import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { IncidentId } from '#/incident/events.ts'
import type { OrderId, RequestId } from '#/incident/work.ts'
import { actionNames, type StepId } from '#/playbook/playbook.ts'
import { limits } from './limits.ts'
import { presses, type Reference, readIncidentId, readReference, wayPress, writeReference } from './references.ts'

const incident = 'INC-7' as IncidentId

test.each<Reference>([
  { of: 'incident', incident },
  { of: 'step', incident, step: 'reset-mfa' as StepId },
  { of: 'step', incident, step: 'review-clients-12' as StepId },
  { of: 'step', incident, step: 'review-clients-12' as StepId, action: 'disable-client' },
  { of: 'request', incident, request: 'r3' as RequestId },
  { of: 'request', incident, request: 'r3' as RequestId, digest: 'ab'.repeat(32) },
  { of: 'order', incident, order: 'INC-7-31' as OrderId },
  { of: 'message', incident, channel: 'C0INCIDENTS', ts: '1700000000.000100' },
])('%j is read back as it was written', (reference) => {
  expect(readReference(writeReference(reference))).toEqual(reference)
  expect(writeReference(reference).length).toBeLessThan(limits.optionValue)
})

test.each([
  '',
  'INC-',
  'INC-0',
  'INC-7|',
  'INC-7|r0|-',
  'INC-7|r1',
  'INC-7|r1|abc',
  'INC-7|s|../x',
  'INC-7|s|review-1|',
  'INC-7|s|review-1|delete-everything',
  'INC-7|s|review-1|__proto__',
  'INC-7|s|review-1|constructor',
  'INC-7|s|review-1|Disable-Client',
  'INC-7|s|review-1|disable-client|more',
  'INC-7|s|review-1||disable-client',
  'INC-7|s||disable-client',
  `INC-7|s|${'x'.repeat(81)}`,
  'INC-7|o|31',
  'INC-7|o|INC-7-31|disable-client',
  'INC-7|r1|-|more',
  'INC-7 ; drop',
  '__proto__',
  'x'.repeat(5000),
])('%j is not one of ours', (text) => {
  expect(readReference(text)).toBeUndefined()
})

test('every way of a finding has a press of its own, and none is one of the others', () => {
  const all = [...Object.values(presses), ...actionNames.map(wayPress)]
  expect(new Set(all).size).toBe(all.length)
  for (const press of all) expect(press.length).toBeLessThan(limits.actionId)
})

test('no text makes reading throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const read = readReference(text)
      expect(read === undefined || readReference(writeReference(read)) !== undefined).toBe(true)
    }),
  )
})

test.each([
  ['INC-7', 'INC-7'],
  ['inc-7', 'INC-7'],
  ['7', 'INC-7'],
  ['07', undefined],
  ['INC-7x', undefined],
])('people may type %s', (typed, read) => {
  expect(readIncidentId(typed)).toBe(read)
})
