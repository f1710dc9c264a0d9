import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until, wordsOf, wordsOfForm } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { unzipped } from '#/pack/zip.ts'
import { type Case, dataDirOf, openFor, quickStage, responder } from '../../support/incident-flow.ts'

// A whole program, its ledger written out as a pack, and then taken back behind its back: what the thread was told finds it.

let stage: Stage
let program: Program
let incident: Case
let early: string
let pack: string

beforeAll(async () => {
  stage = await quickStage({ env: { VERIFY_EVERY: '1s' } })
  program = await startProgram(stage.env)
  incident = await openFor(stage, 'alice')
  early = join(stage.dir, 'early.sqlite')
  await responder(stage, 'backup', early)
  for (const n of [1, 2, 3, 4]) await incident.run(n)
  await incident.untilSwept()
  pack = join(stage.dir, 'pack.zip')
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

function filesIn(zip: string): ReadonlyMap<string, Buffer> {
  return new Map([...unzipped(readFileSync(zip))].map(([name, bytes]) => [name, Buffer.from(bytes)]))
}

/** What opens a door: cookies, secrets of second factors, tokens, passwords. */
function secretsOf({ autentico, env }: Stage): readonly string[] {
  const db = new Database(autentico.databaseFile, { readonly: true })
  const column = (sql: string) => db.prepare<[], string | null>(sql).pluck().all()
  const found = [
    ...column('SELECT id FROM idp_sessions'),
    ...column('SELECT id FROM trusted_devices'),
    ...column('SELECT totp_secret FROM users'),
    ...column('SELECT access_token FROM tokens'),
    ...column('SELECT refresh_token FROM tokens'),
    ...Object.values(autentico.accounts).map(({ password }) => password),
    ...['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'AUTENTICO_CLIENT_SECRET', 'AUTENTICO_PASSWORD'].map((name) => env[name]),
    ...readdirSync(join(dataDirOf(stage), 'keys')).map((name) =>
      readFileSync(join(dataDirOf(stage), 'keys', name), 'utf8').replaceAll(/-----[^-]+-----|\s/g, ''),
    ),
  ]
  db.close()
  return [...new Set(found.flatMap((secret) => secret ?? []))].filter((secret) => secret.length > 8)
}

test('beside the running bot a pack of a real incident is written and verified, and has what Autentico’s audit log says', async () => {
  expect(await responder(stage, 'export', incident.id, '--out', pack, '--ask-autentico')).toMatchObject({
    code: 0,
    err: '',
  })
  expect(await responder(stage, 'verify', pack)).toMatchObject({ code: 0 })
  const table = filesIn(pack).get(`${incident.id}-evidence-pack/autentico-audit.csv`)?.toString('utf8') ?? ''
  // The line that our own request left, beside the entry and the request that it came from.
  expect(table).toMatch(/^\d+,[0-9a-v]{20},[0-9a-v]{20},all_user_sessions_revoked,/m)
})

test('nothing that opens a door stands in a pack', () => {
  const secrets = secretsOf(stage)
  expect(secrets.length).toBeGreaterThan(20)
  const all = Buffer.concat([...filesIn(pack).values()])
  expect(all.length).toBeGreaterThan(20_000)
  expect(secrets.filter((secret) => all.includes(secret)).map((secret) => `${secret.slice(0, 4)}…`)).toEqual([])
})

test('after both signing keys were replaced a start finds that the threads agree, and work goes on', async () => {
  await program.stop()
  for (const key of ['ledger', 'orders'])
    expect(await responder(stage, 'keys', 'rotate', '--role', 'bot', '--key', key)).toMatchObject({ code: 0, err: '' })
  program = await startProgram(stage.env)
  const agreed = await until(
    () => program.lines.find((line) => line.includes('the threads agree with the ledger')),
    'the threads to be compared',
    20_000,
  )
  expect(agreed).toMatch(/"checkpoints":[1-9]/)
  await incident.as('ana').pressWhenThere(/^Record how alice was told/)
  await incident
    .as('ana')
    .fillIn('The user was told', { How: 'phone call', 'How identity was checked': 'employee number' })
  await incident.run(5)
  expect(await responder(stage, 'verify')).toMatchObject({ code: 0 })
})

test('an older copy of the ledger under a new start is found by the thread, and said there, in the log and on the Home tab', async () => {
  await program.stop()
  for (const end of ['', '-wal', '-shm']) rmSync(join(dataDirOf(stage), `ledger.sqlite${end}`), { force: true })
  copyFileSync(early, join(dataDirOf(stage), 'ledger.sqlite'))
  program = await startProgram(stage.env)

  await until(
    () => program.lines.find((line) => line.includes('threads and the ledger do not agree')),
    'the log',
    20_000,
  )
  const said = await until(
    () => incident.thread().find((message) => /do not agree: one of them was changed/.test(wordsOf(message))),
    'the thread',
    20_000,
  )
  expect(wordsOf(said)).toMatch(
    /Entry \d+, which the thread was told of, is not in the ledger|is not the one that the thread was told of/,
  )
  const { actor } = incident.as('ana')
  await actor.openHome()
  await until(
    () => /A thread and the ledger do not agree/.test(wordsOfHome(actor.home())) || undefined,
    'the Home tab',
    20_000,
  )
})

function wordsOfHome(home: Parameters<typeof wordsOfForm>[0] | undefined): string {
  return home === undefined ? '' : wordsOfForm(home)
}
