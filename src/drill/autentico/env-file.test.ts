import { expect, test } from 'vitest'
import { parseEnvFile } from './env-file.ts'

const read = (content: string) => Object.fromEntries(parseEnvFile(content))

test('reads names and values, with or without export, blanks and quotes', () => {
  expect(read(`A=1\nexport B = two words \r\nC="# no comment"\nD='single' # comment\n\n  # comment\nE=\n`)).toEqual({
    A: '1',
    B: 'two words',
    C: '# no comment',
    D: 'single',
    E: '',
  })
})

test('a hash inside a value belongs to it, one after a blank begins a comment', () => {
  expect(read('A=a#b\nB=a # b\nC=# b')).toEqual({ A: 'a#b', B: 'a', C: '' })
})

test('base64 stays as it is, and the last of two lines counts', () => {
  expect(read('KEY=first\nKEY=LS0tLS1CRUdJTg==\n')).toEqual({ KEY: 'LS0tLS1CRUdJTg==' })
})

test('one line that is none spoils the whole file', () => {
  expect(read('A=1\nnonsense\nB=2\n')).toEqual({})
})
