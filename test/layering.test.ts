import { globSync, readFileSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { expect, test } from 'vitest'

/** A room may import from the rooms after the colon and from itself; nothing else. A file beside the rooms stands there with its ending. */
const rooms: Readonly<Record<string, readonly string[] | 'every room'>> = {
  playbook: [],
  policy: ['playbook'],
  configuration: ['playbook', 'policy'],
  incident: ['playbook', 'policy'],
  governance: ['incident', 'playbook', 'policy'],
  ledger: [],
  autentico: [],
  proxy: [],
  work: ['incident', 'playbook', 'autentico', 'proxy'],
  slack: ['governance', 'incident', 'playbook', 'policy'],
  followers: ['governance', 'incident', 'ledger', 'policy', 'work', 'slack'],
  terminal: ['governance', 'incident', 'playbook', 'policy'],
  pack: ['incident', 'ledger', 'autentico'],
  health: [],
  record: 'every room',
  drill: [],
  doors: [
    'config.ts',
    'keyring.ts',
    'autentico',
    'configuration',
    'deciders',
    'governance',
    'health',
    'incident',
    'ledger',
    'playbook',
    'policy',
    'record',
    'slack',
    'terminal',
    'work',
  ],
  routines: [
    'config.ts',
    'keyring.ts',
    'deciders',
    'followers',
    'governance',
    'incident',
    'ledger',
    'policy',
    'record',
    'slack',
    'work',
  ],
  deciders: ['governance', 'incident', 'ledger', 'playbook', 'policy', 'terminal'],
  cli: 'every room',
}
const pure = new Set(['playbook', 'policy', 'incident', 'governance'])
/** Packages that only compute, so that a pure room may use them. */
const purePackages = new Set(['yaml', 'zod'])
/** Tests may look into every room, and so may what only they use. */
const isTest = (file: string) => /(?:\.test|(?:^|\/)(?:test-[\w-]+|scripted-server|limit-faults))\.ts$/.test(file)
const src = resolve(import.meta.dirname, '../src')

test('every import stays inside its room or goes to an allowed one', () => {
  const files = globSync('**/*.ts', { cwd: src }).filter((file) => !isTest(file))
  expect(files.length).toBeGreaterThan(20) // a check that looked at nothing must not pass

  expect(files.flatMap((file) => violations(file, readFileSync(resolve(src, file), 'utf8')))).toEqual([])
})

test.each([
  ['a forbidden room', `import { a } from '#/ledger/a.ts'`],
  ['a forbidden room by a relative path', `import { a } from '../ledger/a.ts'`],
  ['a type', `import type { A } from '#/ledger/a.ts'`],
  ['an import over several lines', `import {\n  a, // from here\n  b,\n} from '#/ledger/a.ts'`],
  ['a re-export', `export * from '#/ledger/a.ts'`],
  ['an import for its side effect', `import '#/ledger/a.ts'`],
  ['a dynamic import', `const a = await import('#/ledger/a.ts')`],
  ['a type written as an import', `type A = import('#/ledger/a.ts').A`],
  ['a require', `const a = require('../ledger/a.ts')`],
  ['an import after a string with slashes', `const url = 'http://host'; import { a } from '#/ledger/a.ts'`],
  ['a second import in one line', `import { b } from './b.ts'; import { a } from '#/ledger/a.ts'`],
])('planted, it is found: %s', (_what, text) => {
  expect(violations('slack/planted.ts', text)).toEqual(['slack/planted.ts -> ledger'])
})

test('planted, it is found: an import of what only the running program knows', () => {
  expect(violations('slack/planted.ts', 'await import(name)')).toHaveLength(1)
  expect(violations('slack/planted.ts', 'await import(`#/${room}/a.ts`)')).toHaveLength(1)
})

test('planted, it is found: a room importing the files that join the rooms', () => {
  expect(violations('slack/planted.ts', `import { startApp } from '#/app.ts'`)).toEqual(['slack/planted.ts -> app.ts'])
  expect(violations('doors/planted.ts', `import { startBot } from '#/bot.ts'`)).toEqual(['doors/planted.ts -> bot.ts'])
})

test('planted, it is found: a folder that is on no map', () => {
  expect(violations('utils/planted.ts', '')).toHaveLength(1)
})

test('planted, it is found: a way out of src', () => {
  expect(violations('slack/planted.ts', `import { a } from '../../setup/a.ts'`)).toHaveLength(1)
})

test('planted, it is found: the outside world in a pure room', () => {
  expect(violations('incident/planted.ts', `import { readFileSync } from 'node:fs'`)).toHaveLength(1)
  expect(violations('incident/planted.ts', `import { z } from 'zod'`)).toEqual([])
})

test('what is allowed, and what stands in a comment, is left alone', () => {
  const text = `
    import { a } from '#/incident/a.ts' // import { x } from '#/ledger/x.ts'
    import { b } from './inbound/b.ts'
    import { App } from '@slack/bolt'
    /* import '#/ledger/a.ts' */`

  expect(violations('slack/fine.ts', text)).toEqual([])
  expect(violations('cli/verify.ts', `import { a } from '#/ledger/a.ts'`)).toEqual([])
  expect(violations('app.ts', `import { a } from '#/ledger/a.ts'`)).toEqual([])
})

/** What is wrong with the imports of one file, given its path inside src and its text. */
function violations(file: string, text: string): readonly string[] {
  if (!file.includes('/')) return [] // main.ts, app.ts, bot.ts join the rooms, so they may see all of them
  const room = roomOf(file)
  const allowed = rooms[room]
  if (allowed === undefined) return [`${file}: "${room}" is not on the map above`]

  return importsOf(text).flatMap((specifier) => {
    if (specifier === undefined) return [`${file}: an import whose name is computed cannot be checked`]
    if (!specifier.startsWith('.') && !specifier.startsWith('#/')) {
      return pure.has(room) && !purePackages.has(specifier) ? [`${file}: ${specifier} (this room is pure)`] : []
    }
    const target = roomOf(targetOf(file, specifier))
    if (target === '..') return [`${file}: ${specifier} leaves src`]
    return target === room || allowed === 'every room' || allowed.includes(target) ? [] : [`${file} -> ${target}`]
  })
}

/** Every specifier in the text; undefined stands for one that is computed. */
function importsOf(text: string): readonly (string | undefined)[] {
  const code = readable(text)
  const fixed = [
    /\b(?:import|export)\b[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]/g,
    /\bimport\s*['"]([^'"]+)['"]/g,
    /\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]/g,
  ].flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1]))
  const computed = [...code.matchAll(/\bimport\s*\(\s*(?!['"\s])/g)].map(() => undefined)
  return [...fixed, ...computed]
}

/** The text without comments and templates. Plain strings are matched too, and kept: `//` inside one is no comment. */
function readable(text: string): string {
  const tokens = /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
  return text.replace(tokens, (_match, string: string | undefined) => string ?? ' ')
}

function targetOf(file: string, specifier: string): string {
  return specifier.startsWith('#/') ? specifier.slice(2) : posix.join(posix.dirname(file), specifier)
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? ''
}
