import { expect, test } from 'vitest'
import { parseDotenv, withValues } from './dotenv.ts'

/** What joho/godotenv 1.5.1 makes of each text, as printed by itself. */
const readings: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['A=x', { A: 'x' }],
  ['export A=x\r\nB = y \r\n', { A: 'x', B: 'y' }],
  ['A: yaml', { A: 'yaml' }],
  ['# A=no\n\nA=1 # the first\nA=2', { A: '2' }],
  ['A=a#b\nB=a # b # c\nC=#', { A: 'a#b', B: 'a # b', C: '#' }],
  ['A=""\nB=\'\'\nC=\nD=1', { A: '', B: '', C: '', D: '1' }],
  [`A="x # y" # z\nB='q r'`, { A: 'x # y', B: 'q r' }],
  ['A="one\r\ntwo"', { A: 'one\ntwo' }],
  ['A="one\\ntwo \\"q\\" \\$B"', { A: 'one\ntwo "q" $B' }],
  [`A='raw \\n $B'`, { A: 'raw \\n $B' }],
  ['A=1\nB=$A-${A}\nC="\\${A}"', { A: '1', B: '1-1', C: '${A}' }],
  ['A=Zm9vYmFyCg==', { A: 'Zm9vYmFyCg==' }],
]

test.each(readings)('%j is read as Autentico reads it', (text, values) => {
  expect(Object.fromEntries(parseDotenv(text).map(({ name, value }) => [name, value]))).toEqual(values)
})

test.each([
  ['A=1\nnot an assignment\n', 2],
  ['A=1\nB="open\n', 2],
  ['A=1\n\n\n-=2\n', 4],
])('%j is refused with the number of the line', (text, line) => {
  expect(() => parseDotenv(text)).toThrow(`line ${line}`)
})

test.each([
  ['A=old\nB=keep # why\n', 'A=new\nB=keep # why\n'],
  ['export  A = old  # why\r\nB=keep', 'export  A = new  # why\r\nB=keep'],
  [`A="old value"`, 'A=new'],
  [`A='old'\r\n`, 'A=new\r\n'],
  ['A=\r\nB=1\r\n', 'A=new\r\nB=1\r\n'],
  ['A=one\nB=1\nA=two\n', 'A=new\nB=1\nA=new\n'],
  ['# A=old\n', '# A=old\nA=new\n'],
  ['B=1', 'B=1\nA=new\n'],
  ['B=1\r\n', 'B=1\r\nA=new\r\n'],
  ['', 'A=new\n'],
  ['B="x\nA=old"\n', 'B="x\nA=old"\nA=new\n'],
  ['AA=old\nA_=old\nA=old', 'AA=old\nA_=old\nA=new'],
])('in %j only the value changes', (text, changed) => {
  expect(withValues(text, new Map([['A', 'new']]))).toBe(changed)
})

test('bytes that are no text stay as they are', () => {
  const bytes = Buffer.from([0x23, 0xff, 0xfe, 0x0a, 0x41, 0x3d, 0x78, 0x0a])
  const changed = withValues(bytes.toString('latin1'), new Map([['A', 'y']]))
  expect(Buffer.from(changed, 'latin1')).toEqual(Buffer.from([0x23, 0xff, 0xfe, 0x0a, 0x41, 0x3d, 0x79, 0x0a]))
})

test.each([['a b'], ['#x'], ['$A'], ['x"y'], ['a # b']])('%j is written so that it reads back', (value) => {
  const [assignment] = parseDotenv(withValues('A=old\n', new Map([['A', value]])))
  expect(assignment?.value).toBe(value)
})

test.each([['two\nlines'], ['a\rb'], ["it's"], ['back\\slash']])(
  '%j cannot be written, and is not repeated',
  (value) => {
    expect(() => withValues('A=old\n', new Map([['A', value]]))).toThrow('the value for A')
    expect(() => withValues('A=old\n', new Map([['A', value]]))).not.toThrow(value)
  },
)

test('a name that is no variable is refused', () => {
  expect(() => withValues('', new Map([['A B', 'x']]))).toThrow('name of a variable')
})
