import { expect, test } from 'vitest'
import type { App, Channel, Mentioned } from '../../wire.ts'
import { completed, completionsFor, usesOf } from './completion.ts'

const usage = 'incident [playbook] [target] | list | status | timeline INC-1 | verify INC-1 | help'
const app: App = {
  user: 'U0RESPONDER',
  name: 'Autentico Responder',
  commands: [{ command: '/autentico', description: 'Open a security incident', usage }],
  shortcuts: [],
  available: true,
}
const mentioned: readonly Mentioned[] = [
  { id: 'U0ANA', handle: 'ana', name: 'Ana Ruiz', bot: false },
  { id: 'U0ALICE', handle: 'alice', name: 'Alice Moreau', bot: false },
  { id: 'U0BAO', handle: 'bao', name: 'Bao Tran', bot: false },
]
const channels: readonly Channel[] = [
  { id: 'C0GENERAL', name: 'general', kind: 'public', members: 4, archived: false, shared: false, writable: true },
]
const known = { app, mentioned, channels }
const offered = (text: string, caret = text.length) =>
  completionsFor(text, caret, known)?.choices.map(({ label }) => label)

test('a usage hint says which words a command has, and what follows each', () => {
  expect(usesOf(usage)).toEqual([
    { word: 'incident', rest: '[playbook] [target]' },
    { word: 'list', rest: '' },
    { word: 'status', rest: '' },
    { word: 'timeline', rest: 'INC-1' },
    { word: 'verify', rest: 'INC-1' },
    { word: 'help', rest: '' },
  ])
  expect(usesOf('[text]')).toEqual([])
})

test('a slash at the very beginning offers the commands, and nowhere else', () => {
  expect(offered('/')).toEqual(['/autentico'])
  expect(offered('/AUT')).toEqual(['/autentico'])
  expect(offered(' /')).toBeUndefined()
  expect(offered('and/or')).toBeUndefined()
})

test('after a command come its own words', () => {
  expect(offered('/autentico ')).toHaveLength(6)
  expect(offered('/autentico st')).toEqual(['/autentico status'])
  expect(offered('/autentico incident al')).toBeUndefined()
  expect(offered('/other ')).toBeUndefined()
})

test('what is complete is not completed, so that Enter sends it', () => {
  expect(offered('/autentico')).toBeUndefined()
  expect(offered('/autentico list')).toBeUndefined()
  expect(offered('thanks @bao')).toBeUndefined()
})

test('Enter takes the first word only where somebody began to type one', () => {
  expect(completionsFor('/autentico ', 11, known)?.eager).toBe(false)
  expect(completionsFor('/autentico s', 12, known)?.eager).toBe(true)
})

test('whoever does not have the app is offered none of it', () => {
  expect(completionsFor('/', 1, { ...known, app: { ...app, available: false } })).toBeUndefined()
})

test('an at sign offers people by handle and by name, in the midst of a text too', () => {
  expect(offered('ask @a')).toEqual(['@ana', '@alice'])
  expect(offered('ask @Mor please', 8)).toEqual(['@alice'])
  expect(offered('ana@b')).toBeUndefined()
  expect(offered('in #gen')).toEqual(['#general'])
})

test('a choice takes the place of what was typed, and the rest stays', () => {
  const text = 'ask @al please'
  const completion = completionsFor(text, 7, known)
  const choice = completion?.choices[0]
  if (completion === undefined || choice === undefined) throw new Error('nothing is offered')

  expect(completed(text, 7, { completion, choice })).toEqual({ text: 'ask @alice please', caret: 11 })
})
