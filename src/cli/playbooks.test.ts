import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { builtIn, loadPlaybookFiles } from '#/configuration/playbooks.ts'
import { digestOf } from '#/deciders/incidents.ts'
import { actionTable } from '#/playbook/actions.ts'
import { stepActions } from '#/playbook/schema.ts'
import { takenBy } from '#/playbook/takes.ts'
import { run } from './test-run.ts'

const root = join(import.meta.dirname, '../..')
const example = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1] ?? ''

/** A folder with a file of this name and text. */
function folder(name: string, text: string): { readonly directory: string; readonly file: string } {
  const directory = mkdtempSync(join(tmpdir(), 'playbooks-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, name)
  writeFileSync(file, text)
  return { directory, file }
}

test('the example of README.md is a playbook, and `validate` says what it does', async () => {
  const { file } = folder('lost-laptop.yml', example)
  expect(await run(['playbook', 'validate', file])).toEqual({
    code: 0,
    err: '',
    out: `${file}: lost-laptop, “Lost laptop”, about one account
   1  containment  revoke-sessions: Revoke all sessions
   2  containment  close-doors, else suspend or attest: Close every other door
   3  record       review-audit, given since: Look for changes since then
   4  record       people answer encrypted or clear: Was the disk encrypted?
   5  record       people do it by hand: Tell the data protection authority
   6  recovery     restore-access: Give access back
`,
  })
})

test('`validate` tells the problems of all files, and what the good ones do', async () => {
  const good = folder('good.yml', example)
  const bad = folder('bad.yml', example.replace('kind: recovery', 'kind: recover').replace('type: moment', 'type: day'))
  const { code, out } = await run(['playbook', 'validate', bad.file, good.file, join(bad.directory, 'none.yml')])
  expect(code).toBe(1)
  expect(out.split('\n').slice(0, 4)).toEqual([
    expect.stringMatching(/bad\.yml:\d+:15: “type” of input 1 of step 3 has to be /),
    expect.stringMatching(/bad\.yml:\d+:11: “kind” of step 6 has to be .* Did you mean “recovery”\?$/),
    expect.stringMatching(/none\.yml:1:1: This cannot be read \(ENOENT\)\.$/),
    `${good.file}: lost-laptop, “Lost laptop”, about one account`,
  ])
})

test('`validate` without a file is a wrong use', async () => {
  expect((await run(['playbook', 'validate'])).code).toBe(2)
})

test('`list` names the built-in playbooks and those of the folder, with the digests that incidents record', async () => {
  const { directory, file } = folder('lost-laptop.yml', example)
  const { code, out } = await run(['playbook', 'list', '--json'], { PLAYBOOKS_DIR: directory })
  const { playbooks } = JSON.parse(out) as { readonly playbooks: readonly object[] }
  expect(code).toBe(0)
  expect(playbooks).toHaveLength(loadPlaybookFiles({}).length + 1)
  expect(playbooks[0]).toMatchObject({ id: 'account-compromise', digest: digestOf(builtIn('account-compromise')) })
  expect(playbooks.at(-1)).toMatchObject({ id: 'lost-laptop', title: 'Lost laptop', target: 'account', steps: 6, file })

  const plain = await run(['playbook', 'list'], { PLAYBOOKS_DIR: directory })
  expect(plain.out.split('\n').at(-2)).toMatch(/^lost-laptop +6 steps {2}[0-9a-f]{12} {2}Lost laptop {2}\//)
})

test('`list` says what is wrong with the folder', async () => {
  const { directory } = folder('a.yml', 'id: [')
  const { code, err } = await run(['playbook', 'list', '--playbooks-dir', directory])
  expect(code).toBe(2)
  expect(err).toMatch(/^PLAYBOOKS_DIR has problems:\n {2}a\.yml:1:\d: /)
})

test('`schema` prints what stands in docs/playbook.schema.json', async () => {
  const { code, out } = await run(['playbook', 'schema'])
  expect(code).toBe(0)
  expect(out).toBe(readFileSync(join(root, 'docs/playbook.schema.json'), 'utf8'))
})

test('the schema takes every playbook that the parser takes, and refuses what an editor should mark', async () => {
  const { out } = await run(['playbook', 'schema'])
  const takes = new Ajv({ strict: true, strictRequired: false }).compile(JSON.parse(out) as object)
  const texts = [example, ...loadPlaybookFiles({}).map(({ file }) => readFileSync(file, 'utf8'))]
  for (const text of texts) {
    takes(parse(text))
    expect(takes.errors).toBe(null)
    expect(takes(parse(text.replace('kind: containment', 'kind: contain')))).toBe(false)
    expect(takes(parse(text.replace('title:', 'titel:')))).toBe(false)
    expect(takes(parse(text.replace(/^ {4}action: .*\n/m, '')))).toBe(false)
    expect(takes(parse(text.replace(/^ {4}action: /m, '    manual: {instructions: x}\n    action: ')))).toBe(false)
  }
})

test('each built-in file names the schema, so that an editor knows it', () => {
  for (const { file } of loadPlaybookFiles({}))
    expect(readFileSync(file, 'utf8')).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/\.\.\/\.\.\/docs\/playbook\.schema\.json\n/,
    )
})

test('docs/playbooks.md lists every action, with its target and what it takes', () => {
  const rows = [
    ...readFileSync(join(root, 'docs/playbooks.md'), 'utf8').matchAll(
      /^\| `([a-z-]+)`[^|]* \| (account|instance|any) \| (yes|no) \| (.*)\|$/gm,
    ),
  ]
  const expected = stepActions.map((action) => {
    const taken = Object.entries(takenBy(action)).map(([id, { type, optional, choices }]) => {
      const of = choices === undefined ? '' : ` of ${choices.join(', ')}`
      return `\`${id}\`: ${type}${of}${optional === true ? ', optional' : ''}`
    })
    return [action, actionTable[action].of, actionTable[action].reads ? 'no' : 'yes', taken.join('; ')]
  })
  expect(rows.map(([, ...cells]) => cells.map((cell) => cell.trim()))).toEqual(expected)
})
