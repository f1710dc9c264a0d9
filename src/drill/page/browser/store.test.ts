import { expect, test } from 'vitest'
import { isFlag, isTexts, openStore } from './store.ts'

test('what was written is read again, under its own name', () => {
  const kept = new Map<string, string>()
  const storage = () => ({
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
  })
  openStore(storage, 'drill/ana/').write('drafts', { C0GENERAL: 'hello' })

  expect(openStore(storage, 'drill/ana/').read('drafts', isTexts)).toEqual({ C0GENERAL: 'hello' })
  expect(openStore(storage, 'drill/bao/').read('drafts', isTexts)).toBeUndefined()
})

test('a browser that keeps nothing is no reason to stop', () => {
  const store = openStore(() => {
    throw new Error('storage is turned off')
  }, '')
  store.write('hint', true)

  expect(store.read('hint', isFlag)).toBeUndefined()
})

test.each(['{', '"yes"', '{"C0GENERAL":5}', 'null'])('what is not what it should be is not there: %s', (written) => {
  const store = openStore(() => ({ getItem: () => written, setItem: () => undefined }), '')

  expect(store.read('drafts', isTexts)).toBeUndefined()
  expect(store.read('hint', isFlag)).toBeUndefined()
})
