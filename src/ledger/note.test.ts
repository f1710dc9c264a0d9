import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { encodeVkey, NoteRefused, noteKey, openNote, parseVkey, signNote } from './note.ts'

const name = 'acme.test/responder'
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const other = generateKeyPairSync('ed25519')
const known = noteKey(name, publicKey)
const text = 'first line\nsecond line\n'
const note = signNote(text, { name, key: privateKey })
const signatureLine = note.slice(text.length + 1)

test('a signed note gives its text back', () => {
  expect(note).toMatch(/^first line\nsecond line\n\n— acme\.test\/responder [A-Za-z0-9+/]+=*\n$/)
  expect(openNote(note, [known])).toBe(text)
})

test('the newline at the very end may get lost on the way through a chat', () => {
  expect(openNote(note.trimEnd(), [known])).toBe(text)
})

test('a text may hold empty lines: the last one parts it from the signatures', () => {
  const withGap = 'above\n\nbelow\n'
  expect(openNote(signNote(withGap, { name, key: privateKey }), [known])).toBe(withGap)
})

test('an altered text is refused', () => {
  expect(() => openNote(note.replace('second', 'third'), [known])).toThrow('the signature does not match the text')
})

test('an unknown signature beside a good one is ignored, alone it is refused', () => {
  const theirs = signNote(text, { name: 'mallory.test', key: other.privateKey })
  expect(openNote(note + theirs.slice(text.length + 1), [known])).toBe(text)
  expect(() => openNote(theirs, [known])).toThrow('signed by mallory.test, which is none of the given keys')
})

test('another key under the same name is not ours', () => {
  expect(() => openNote(signNote(text, { name, key: other.privateKey }), [known])).toThrow(NoteRefused)
})

test('a bad signature by a known key refuses the note, even beside a good one', () => {
  const stolen = signNote('another text\n', { name, key: privateKey }).slice('another text\n\n'.length)
  expect(() => openNote(note + stolen, [known])).toThrow('the signature does not match the text')
})

test.for([
  ['no empty line', text + signatureLine],
  ['no signature', `${text}\n`],
  ['no text', `\n${signatureLine}`],
  ['a control character', note.replace('first', 'fi\rst')],
  ['a hyphen for the em dash', note.replace('—', '-')],
  ['base64 with a stray character', note.replace(/ (\S{8})(\S+)\n$/, ' $1*$2\n')],
  ['base64 without its padding', note.replace(/=+\n$/, '\n').replace(/(\S)\n$/, '$1x\n')],
  ['too many signatures', note + signatureLine.repeat(16)],
])('%s is not a note', ([, broken]) => {
  expect(() => openNote(broken ?? '', [known])).toThrow(NoteRefused)
})

test('a text that would read differently once signed is not signed', () => {
  expect(() => signNote('no newline', { name, key: privateKey })).toThrow(NoteRefused)
  expect(() => signNote('tab\there\n', { name, key: privateKey })).toThrow(NoteRefused)
  expect(() => signNote('half \ud800\n', { name, key: privateKey })).toThrow(NoteRefused)
})

test('a verifier key survives being written down', () => {
  const read = parseVkey(encodeVkey(name, publicKey))
  expect(read.name).toBe(name)
  expect(openNote(note, [read])).toBe(text)
})

test('the key id is the one other implementations compute', () => {
  // A published key of Go's signed-note package.
  expect(parseVkey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW').name).toBe('PeterNeumann')
})

test.for([
  ['another id', 'PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
  ['another name', 'Mallory+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
  ['another algorithm', 'PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
  ['a short key', 'PeterNeumann+c74f20a3+ARpc2Qc='],
  ['nothing', ''],
])('a verifier key with %s is refused', ([, vkey]) => {
  expect(() => parseVkey(vkey ?? '')).toThrow(NoteRefused)
})

test('only Ed25519 keys with a plain name sign', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  expect(() => signNote(text, { name, key: rsa.privateKey })).toThrow('only Ed25519 keys sign notes')
  expect(() => noteKey('two words', publicKey)).toThrow(NoteRefused)
  expect(() => noteKey('a+b', publicKey)).toThrow(NoteRefused)
  expect(() => noteKey('', publicKey)).toThrow(NoteRefused)
})
