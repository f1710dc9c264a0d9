import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import { startPrivateRedis } from '#/drill/redis.ts'
import type { JsonObject } from '#/drill/slack/json.ts'
import type { Stage } from '#/drill/stage.ts'
import { type Case, dataDirOf, openFor, quickStage, responder } from '../../support/incident-flow.ts'
import { expectThreadToAgree, matching, signIn } from './machine.ts'

let stage: Stage
let program: Program
let incident: Case
/** A copy of the data directory of a closed incident, as a backup leaves it. */
let original: string

beforeAll(async () => {
  stage = await quickStage()
  program = await startProgram(stage.env)
  await signIn(stage, 'user-001')
  incident = await openFor(stage, 'user-001')
  await incident.run(1)
  await incident.skipRest()
  await incident.happens('SweepDone')
  await incident.close()
  await incident.happens('CheckpointSigned', ({ event }) => event.size >= incident.state().lastSeq - 1)
  await expectThreadToAgree(stage, incident)

  original = join(stage.dir, 'original')
  mkdirSync(original)
  const backup = await responder(stage, 'backup', join(original, 'ledger.sqlite'))
  if (backup.code !== 0) throw new Error(backup.err)
  cpSync(join(dataDirOf(stage), 'keys'), join(original, 'keys'), { recursive: true })
})

afterAll(async () => {
  await program.stop()
  await stage[Symbol.asyncDispose]()
})

/** A copy to do harm to. */
function copy(name: string): { readonly dir: string; readonly file: string } {
  const dir = join(stage.dir, name)
  cpSync(original, dir, { recursive: true })
  return { dir, file: join(dir, 'ledger.sqlite') }
}

async function verify(dir: string, ...checkpoints: readonly string[]): ReturnType<typeof responder> {
  return responder(stage, 'verify', '--data-dir', dir, ...checkpoints)
}

/** The newest checkpoint that stands in the thread, as somebody copies it out of Slack. */
function checkpointInThread(): string {
  const boxes = incident
    .thread()
    .flatMap(({ blocks }) => blocks.filter((block) => block['type'] === 'rich_text').map(wordsIn))
  const note = boxes.findLast((text) => text.includes('autentico-responder/'))
  if (note === undefined) throw new Error('no checkpoint stands in the thread')
  return note
}

function wordsIn(value: unknown): string {
  if (Array.isArray(value)) return value.map(wordsIn).join('')
  if (typeof value !== 'object' || value === null) return ''
  const { text, ...rest } = value as JsonObject
  return (typeof text === 'string' ? text : '') + Object.values(rest).map(wordsIn).join('')
}

/** Lets somebody who has the file do what the bot never does. */
function tamper(file: string, sql: string): void {
  const db = new SQLite(file)
  try {
    const triggers = db
      .prepare<[], { readonly name: string; readonly sql: string }>(
        `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`,
      )
      .all()
    for (const { name } of triggers) db.exec(`DROP TRIGGER "${name}"`)
    db.exec(sql)
    for (const trigger of triggers) db.exec(trigger.sql)
  } finally {
    db.close()
  }
}

test('a running bot can be backed up: the copy is said, is for its owner alone, and verifies like the ledger', async () => {
  const file = join(stage.dir, 'another.sqlite')
  expect(await responder(stage, 'backup', file)).toMatchObject({
    code: 0,
    out: matching(/^copied \d+ entries, head [0-9a-f]{64}\./),
  })
  expect(statSync(file).mode & 0o077).toBe(0)
  expect(await verify(dataDirOf(stage))).toMatchObject({
    code: 0,
    out: matching(/^ledger verified: \d+ entries, head #\d+ [0-9a-f]{64}, [1-9]\d* checkpoints compared/),
  })
  expect(await verify(original)).toMatchObject({ code: 0, out: matching('ledger verified') })
})

test('an edited letter in the file is found, with the number of the entry', async () => {
  const { dir, file } = copy('edited-letter')
  // SQLite may leave old copies of a row in free space, so all of them are edited.
  const bytes = readFileSync(file, 'latin1')
  expect(bytes).toContain('Login from two countries')
  writeFileSync(file, bytes.replaceAll('Login from two', 'login from two'), 'latin1')
  const { code, out } = await verify(dir)
  expect(code).toBe(1)
  expect(out).toMatch(/^entry \d+: /m)
  expect(out).toContain('ledger NOT verified')
})

test('an edited approver is found, even if the triggers were put back', async () => {
  const { dir, file } = copy('edited-approver')
  const { seq } = incident.entries('StepApproved')[0] ?? { seq: 0 }
  tamper(file, `UPDATE entry SET actor = replace(actor, 'U0BAO', 'U0CHI') WHERE seq = ${seq}`)
  const { code, out } = await verify(dir)
  expect(code).toBe(1)
  expect(out).toMatch(new RegExp(`^entry ${seq}: `, 'm'))
})

test('a cut-off end shows only by the checkpoint that stands in the thread', async () => {
  const { dir, file } = copy('cut-off')
  const kept = incident.entries('IncidentOpened')[0]?.seq ?? 0
  tamper(file, `DELETE FROM entry WHERE seq > ${kept}; DELETE FROM frontier`)
  expect((await verify(dir)).code).toBe(0)

  const note = join(stage.dir, 'checkpoint.txt')
  writeFileSync(note, checkpointInThread())
  const { code, out } = await verify(dir, note)
  expect(code).toBe(1)
  expect(out).toMatch(new RegExp(`signed for \\d+ entries and there are ${kept}: the end was cut off`))
  expect((await verify(original, note)).code).toBe(0)
})

test('a checkpoint that somebody else signed is refused', async () => {
  const note = join(stage.dir, 'forged.txt')
  const text = checkpointInThread()
  writeFileSync(
    note,
    text.replace(/\n(\d+)\n/, (_line, size: string) => `\n${Number(size) + 5}\n`),
  )
  const { code, out } = await verify(original, note)
  expect(code).toBe(1)
  expect(out).toMatch(/a checkpoint in \S+ was refused/)
})

test('an incident is written out for people and for machines, to a file only where none is', async () => {
  const people = await responder(stage, 'export', incident.id)
  expect(people.code).toBe(0)
  expect(people.out).toMatch(new RegExp(`^# ${incident.id} \\(drill\\)`))
  for (const word of ['ana', 'bao', 'Revoke all sessions', 'user-001']) expect(people.out).toContain(word)

  const file = join(stage.dir, 'export.jsonl')
  expect((await responder(stage, 'export', incident.id, '--format', 'jsonl', '--out', file)).code).toBe(0)
  const rows = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly seq: number; readonly hash: string })
  expect(rows.at(-1)).toMatchObject({ seq: incident.state().lastSeq, hash: incident.state().lastHash })
  expect(statSync(file).mode & 0o077).toBe(0)

  expect(await responder(stage, 'export', 'INC-99')).toMatchObject({
    code: 1,
    err: matching('no incident INC-99'),
  })
})

test.for([
  ['export', () => ['export', incident.id, '--out', join(stage.dir, 'taken.md')]],
  ['backup', () => ['backup', join(stage.dir, 'taken.md')]],
] as const)('%s never writes over a file, and says so', async ([, args]) => {
  const taken = join(stage.dir, 'taken.md')
  writeFileSync(taken, 'mine')
  const { code, err } = await responder(stage, ...args())
  expect(code).toBe(2)
  expect(err).toMatch(/exists/)
  expect(err).not.toMatch(/\n\s+at /)
  expect(readFileSync(taken, 'utf8')).toBe('mine')
})

test('commands on a data directory without a ledger say so and make none', async () => {
  const dir = join(stage.dir, 'nowhere')
  for (const args of [['verify'], ['export', 'INC-1'], ['backup', join(stage.dir, 'never.sqlite')]]) {
    const { code, err } = await responder(stage, ...args, '--data-dir', dir)
    expect({ args, code, err }).toMatchObject({ code: 2, err: matching('nowhere') })
    expect(err).not.toMatch(/\n\s+at /)
  }
  expect(existsSync(dir)).toBe(false)
})

test('doctor finds nothing broken where everything is as it has to be', async () => {
  const { code, out } = await responder(stage, 'doctor')
  expect({ code, out }).toMatchObject({ code: 0 })
  expect(out).not.toContain('BROKEN')
  for (const part of ['configuration', 'slack', 'redis', 'ledger', 'autentico']) expect(out).toContain(part)
  const { findings } = JSON.parse((await responder(stage, 'doctor', '--json')).out) as {
    readonly findings: readonly unknown[]
  }
  expect(findings.length).toBeGreaterThan(4)
})

test('doctor names everything that is broken at once, and shows no secret', async () => {
  await using redis = await startPrivateRedis({ policy: 'volatile-lru' })
  const env = {
    ...stage.env,
    REDIS_URL: redis.url,
    SLACK_BOT_TOKEN: 'xoxb-wrong-wrong-wrong',
    AUTENTICO_PASSWORD: 'wrong-password-here',
  }
  const { code, out, err } = await responder({ ...stage, env }, 'doctor')
  expect(code).toBe(1)
  const broken = out
    .split('\n')
    .filter((line) => line.startsWith('BROKEN'))
    .join('\n')
  expect(broken).toMatch(/maxmemory-policy volatile-lru/)
  expect(broken).toMatch(/invalid_auth/)
  expect(broken).toMatch(/AUTENTICO_PASSWORD/)
  for (const secret of ['xoxb-wrong', 'wrong-password', stage.autentico.credentials.clientSecret])
    expect(out + err).not.toContain(secret)
})

test('a start with a wrong configuration names every problem and starts nothing', async () => {
  const env = {
    ...stage.env,
    SLACK_BOT_TOKEN: 'secret-1-not-a-token',
    AUTENTICO_URL: 'secret-2',
    REQUEST_TTL: 'secret-3',
    RESPONDERS: '',
  }
  const { code, err } = await responder({ ...stage, env }, 'start')
  expect(code).toBe(2)
  for (const name of ['SLACK_BOT_TOKEN', 'AUTENTICO_URL', 'REQUEST_TTL']) expect(err).toContain(`${name}: `)
  expect(err).not.toContain('secret-')
  await until(() => (stage.slack.state().connections === 2 ? true : undefined), 'only the connections of the first bot')
})
