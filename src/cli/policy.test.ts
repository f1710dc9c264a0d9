import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { run } from './test-run.ts'

const root = join(import.meta.dirname, '../..')
const example =
  /```yaml\n(schema: 1\n[\s\S]*?)```/.exec(readFileSync(join(root, 'docs/operating.md'), 'utf8'))?.[1] ?? 'none'
const lists = { RESPONDERS: 'U0ANA, U0BAO', APPROVERS: 'S0APPROVERS' }

function written(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'policy-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'policy.yml')
  writeFileSync(file, text)
  return file
}

test('the example of docs/operating.md is a policy, and `validate` says what holds under it', async () => {
  const file = written(example)
  const { code, out } = await run(['policy', 'validate', file], lists)
  expect(code).toBe(0)
  expect(out).toMatch(
    /policy [0-9a-f]{12}\n {2}default: one of @approvers [\s\S]* restore-access: 2 of @approvers, one of them of @security /,
  )
})

test('`validate` refuses a policy under which somebody’s request could never be approved', async () => {
  const file = written('schema: 1\nrules:\n  restore-access:\n    approvals: 2\n')
  const { code, out } = await run(['policy', 'validate', file], { RESPONDERS: 'U0ANA,U0BAO', APPROVERS: 'U0ANA,U0BAO' })
  expect(code).toBe(1)
  expect(out).toBe(
    `${file}:3:3: “restore-access” of “rules” takes 2 people of @approvers, and when U0ANA asks there is only 1: such a request could never be approved. Name more people, or ask for fewer.\n`,
  )
})

test('`validate` says when it cannot know whether there are enough people', async () => {
  const { code, out } = await run(['policy', 'validate', written('schema: 1')])
  expect(code).toBe(0)
  expect(out).toContain('RESPONDERS and APPROVERS are not set here')
})

test('`validate` tells of a file that is not there', async () => {
  expect(await run(['policy', 'validate', '/none/policy.yml'])).toMatchObject({
    code: 1,
    out: '/none/policy.yml:1:1: This cannot be read (ENOENT).\n',
  })
})

test('`show` tells what holds without a file, with the time that the configuration gives', async () => {
  expect((await run(['policy', 'show'], { ...lists, REQUEST_TTL: '45m' })).out).toMatch(
    /^no file: .*\n {2}default: .* open for 45 minutes/,
  )
})

test('`show` tells what the configured file says', async () => {
  const file = written('schema: 1\ndefault: { approvals: 2 }')
  expect((await run(['policy', 'show'], { ...lists, POLICY_FILE: file })).out).toContain('default: 2 of @approvers')
})

test('`schema` prints what stands in docs/policy.schema.json, and editors understand it', async () => {
  const { out } = await run(['policy', 'schema'])
  expect(out).toBe(readFileSync(join(root, 'docs/policy.schema.json'), 'utf8'))
  const fits = new Ajv({ allErrors: true }).compile(JSON.parse(out) as object)
  expect(fits(parse(example))).toBe(true)
  expect(fits({ schema: 1, rules: { 'restore-acess': {} } })).toBe(false)
})
