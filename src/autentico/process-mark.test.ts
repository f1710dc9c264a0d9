import { expect, test } from 'vitest'
import { createIds } from '#/drill/autentico/ids.ts'
import { processMark, sameProcess } from './process-mark.ts'

test('the parts of an id are those that its makers document', () => {
  // The example of rs/xid: machine 0x60f486, process 0xe428, counter 4271561.
  const mark = processMark('9m4e2mr0ui3e8a215n4g')
  expect(mark?.counter).toBe(4_271_561)
  expect(mark?.maker).toBe(BigInt('0x60f486e428').toString(2).padStart(40, '0'))
})

test.each([
  [undefined],
  [''],
  ['request-1'],
  ['9M4E2MR0UI3E8A215N4G'],
  ['9m4e2mr0ui3e8a215n4gg'],
  ['zzzzzzzzzzzzzzzzzzzz'],
])('%j is no id of Autentico', (id) => expect(processMark(id)).toBeUndefined())

test('ids of one process count on, those of another do not', () => {
  const one = createIds(() => new Date())
  const other = createIds(() => new Date())
  const [first, second] = [processMark(one.ordered()), processMark(one.ordered())]
  const third = processMark(other.ordered())
  if (first === undefined || second === undefined || third === undefined) throw new Error('no ids')
  expect(sameProcess(first, second)).toBe(true)
  expect(sameProcess(second, first)).toBe(false)
  expect(sameProcess(second, third)).toBe(false)
})

test('a counter that has jumped is one of a new process, also where machine and process have the same number', () => {
  const at = (counter: number) => ({ maker: '0'.repeat(40), counter })
  expect(sameProcess(at(100), at(9_000_000))).toBe(false)
  expect(sameProcess(at(0xffffff), at(3))).toBe(true)
})
