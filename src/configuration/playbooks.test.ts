import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { checkPlaybookFiles, loadPlaybookFiles, loadPlaybooks, PlaybooksFaulty } from './playbooks.ts'

const lostLaptop = (id = 'lost-laptop') => `id: ${id}
title: Lost laptop
shortTitle: Lost laptop
section: Our handbook, 4.2
target: account
steps:
  - id: revoke-sessions
    title: Revoke all sessions
    document: End what is signed in on the laptop.
    does: Ends every session of the account.
    kind: containment
    action: revoke-sessions
`

const shipped = loadPlaybooks({})

/** A folder with these files, which is gone after the test. */
function folder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'playbooks-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

function problems(directory: string): readonly string[] {
  try {
    loadPlaybooks({ directory })
    return []
  } catch (error) {
    if (error instanceof PlaybooksFaulty) return error.problems
    throw error
  }
}

test('every file beside the built-in playbooks is one of them', () => {
  const files = readdirSync(join(import.meta.dirname, '../playbook/built-in'))
  expect(files.toSorted()).toEqual(shipped.map(({ id }) => `${id}.yml`).toSorted())
})

describe('a folder of own playbooks', () => {
  test('is offered after the built-in ones, by file name', () => {
    const directory = folder({ 'b.yml': lostLaptop('one'), 'a.yaml': lostLaptop('two') })
    expect(loadPlaybooks({ directory }).map(({ id }) => id)).toEqual([...shipped.map(({ id }) => id), 'two', 'one'])
    expect(
      loadPlaybookFiles({ directory })
        .map(({ file }) => basename(file))
        .slice(-2),
    ).toEqual(['a.yaml', 'b.yml'])
  })

  test('may hold other things: notes, subfolders, what begins with a dot', () => {
    const directory = folder({ 'README.md': 'Ours.', '.#a.yml': 'x', 'a.yml.bak': 'x', 'a.yml': lostLaptop() })
    mkdirSync(join(directory, 'old'))
    writeFileSync(join(directory, 'old', 'b.yml'), 'x')
    expect(loadPlaybooks({ directory })).toHaveLength(shipped.length + 1)
  })

  test('tells every problem of every file at once', () => {
    const directory = folder({
      'a.yml': lostLaptop().replace('containment', 'contain'),
      'b.yml': lostLaptop().replace('title:', 'titel:'),
    })
    expect(problems(directory)).toEqual([
      'a.yml:11:11: “kind” of step 1 has to be containment, recovery or record. Did you mean “containment”?',
      expect.stringContaining('b.yml:1:1: “title” is missing'),
      expect.stringContaining('b.yml:2:1: “titel” is no key that can stand here. Did you mean “title”?'),
    ])
  })

  test('may not take the id of a built-in playbook, nor one twice', () => {
    const directory = folder({
      'a.yml': lostLaptop(),
      'b.yml': lostLaptop(),
      'c.yml': lostLaptop('account-compromise'),
    })
    expect(problems(directory)).toEqual([
      'b.yml:1:5: “id” is “lost-laptop”, as in a.yml: name it otherwise.',
      'c.yml:1:5: “id” is “account-compromise”, which comes with the program: name it otherwise.',
    ])
  })

  test('may be followed by built-in playbooks and by each other, and by no others', () => {
    const follows = (...ids: readonly string[]) => `followUps: [${ids.join(', ')}]\n`
    expect(
      problems(
        folder({
          'a.yml': lostLaptop('one') + follows('database-breach', 'two'),
          'b.yml': lostLaptop('two') + follows('one', 'three'),
        }),
      ),
    ).toEqual(['b.yml:13:18: Entry 2 of “followUps” is “three”, and there is no playbook of that id.'])
  })

  test('that is not there, or holds too many, is said', () => {
    expect(problems('/nowhere/at/all')).toEqual(['the folder cannot be read (ENOENT)'])
    const many = Object.fromEntries(Array.from({ length: 95 }, (_, at) => [`${at}.yml`, lostLaptop(`p${at}`)]))
    expect(problems(folder(many))).toEqual([
      'the folder holds 95 playbooks; Slack can offer 94 beside those that come with the program',
    ])
  })

  test('is read through links inside it, as containers mount it, and through none that lead out', () => {
    const outside = folder({ 'secret.yml': 'password: hunter2' })
    const directory = folder({})
    mkdirSync(join(directory, '..2026'))
    writeFileSync(join(directory, '..2026', 'a.yml'), lostLaptop())
    symlinkSync('..2026', join(directory, '..data'))
    symlinkSync('..data/a.yml', join(directory, 'a.yml'))
    expect(problems(directory)).toEqual([])
    symlinkSync(join(outside, 'secret.yml'), join(directory, 'b.yml'))
    symlinkSync('gone.yml', join(directory, 'c.yml'))
    expect(problems(directory)).toEqual([
      'b.yml:1:1: This is a link that leads out of the folder. Put the file itself here.',
      'c.yml:1:1: This cannot be read (ENOENT).',
    ])
  })

  test('holds files of text that are not too large', () => {
    const directory = folder({
      'a.yml': new Uint8Array([0x69, 0x64, 0x3a, 0x20, 0xff]),
      'b.yml': `${lostLaptop()}#${' '.repeat(65_536)}`,
    })
    mkdirSync(join(directory, 'c.yml'))
    expect(problems(directory)).toEqual([
      'a.yml:1:1: This is no UTF-8 text.',
      'b.yml:1:1: This is larger than 65536 bytes, so it was not read.',
      'c.yml:1:1: This is no file.',
    ])
  })
})

test('files may be checked wherever they lie, also those that come with the program', () => {
  const directory = folder({ 'a.yml': lostLaptop(), 'b.yml': 'steps: []' })
  const [a, b] = [join(directory, 'a.yml'), join(directory, 'b.yml')]
  const own = join(import.meta.dirname, '../playbook/built-in/database-breach.yml')
  const found = checkPlaybookFiles([a, b, own])
  expect(found.playbooks.map(({ file, playbook }) => [file, playbook.id])).toEqual([
    [a, 'lost-laptop'],
    [own, 'database-breach'],
  ])
  expect(new Set(found.problems.map(({ file }) => file))).toEqual(new Set([b]))
})
