import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { askAt } from './ask.ts'

/** A terminal at which somebody types. */
function terminal(isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY, setRawMode: () => undefined })
  const output = new PassThrough()
  const shown: Buffer[] = []
  output.on('data', (chunk: Buffer) => void shown.push(chunk))
  return { input, ask: askAt(input, output), shown: () => Buffer.concat(shown).toString() }
}

test('what is typed is the answer, and it is seen while it is typed', async () => {
  const { input, ask, shown } = terminal()
  const answer = ask('Code: ')
  input.write('7qf-2k\r')
  expect(await answer).toBe('7qf-2k')
  expect(shown()).toMatch(/^Code: [^]*7qf-2k/)
})

test('of a passphrase nothing is seen', async () => {
  const { input, ask, shown } = terminal()
  const answer = ask('Passphrase: ', { hidden: true })
  input.write('correct horse\r')
  expect(await answer).toBe('correct horse')
  expect(shown()).toBe('Passphrase: \n')
})

test('one question after the other, at one terminal', async () => {
  const { input, ask } = terminal()
  const first = ask('One: ')
  input.write('1\r')
  expect(await first).toBe('1')
  const second = ask('Two: ', { hidden: true })
  input.write('2\r')
  expect(await second).toBe('2')
})

test('whoever gives up has answered nothing', async () => {
  const { input, ask } = terminal()
  const answer = ask('Code: ')
  input.write('\u0003')
  expect(await answer).toBe(undefined)
})

test('what is piped in is nobody’s answer, and nobody is asked', async () => {
  const { input, ask, shown } = terminal(false)
  input.write('7QF-2K\n')
  expect(await ask('Code: ')).toBe(undefined)
  expect(shown()).toBe('')
})
