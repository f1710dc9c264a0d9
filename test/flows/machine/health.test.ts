import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until, wordsOf } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { openLedger } from '#/ledger/ledger.ts'
import { eventually, figure, type HealthView, healthOf, partOf } from '../../support/health.ts'
import { dataDirOf, ledgerOf, openFor, quickStage, reloadEverybody } from '../../support/incident-flow.ts'
import { signIn } from './machine.ts'

let stage: Stage
let program: Program
let health: HealthView

beforeAll(async () => {
  stage = await quickStage({ env: { HEALTH_ADDRESS: '127.0.0.1:0', VERIFY_EVERY: '500ms' } })
  program = await startProgram(stage.env)
  health = healthOf(program)
})

afterAll(async () => {
  await program.stop()
  await stage[Symbol.asyncDispose]()
})

test('Redis goes away and comes back: degraded meanwhile, since then, and clicks are still taken', async () => {
  await health.untilReady(200, 'ready')
  const before = Date.now()
  await stage.redis.kill()
  const degraded = await health.untilReady(200, 'degraded')
  const redis = partOf(degraded, 'redis')
  expect(redis).toMatchObject({ ok: false, needed: false })
  expect(redis?.sentence).toMatch(/Redis does not answer/)
  expect(Date.parse(redis?.since ?? '')).toBeGreaterThanOrEqual(before - 1_000)
  await stage.redis.restart()
  await health.untilReady(200, 'ready')
})

test('Slack is cut off: not ready, because no click comes in; connected again, ready again', async () => {
  stage.slack.control.refuseConnections(true)
  stage.slack.control.dropConnections()
  const cut = await health.untilReady(503, 'not ready')
  expect(partOf(cut, 'slack')).toMatchObject({ ok: false, needed: true })
  expect((await fetch(`${health.url}/healthz`)).status).toBe(200)
  expect(figure(await health.figures(), 'responder_ready')).toBe(0)
  stage.slack.control.refuseConnections(false)
  await health.untilReady(200, 'ready')
})

test('Autentico is down: degraded, and ready once it is back', async () => {
  await stage.autentico.stop()
  expect(partOf(await health.untilReady(200, 'degraded'), 'autentico')?.ok).toBe(false)
  await stage.autentico.restart()
  await health.untilReady(200, 'ready')
}, 60_000)

test('an incident shows in the figures, and no name of a person or an account does', async () => {
  reloadEverybody(stage)
  await signIn(stage, 'user-001')
  const incident = await openFor(stage, 'user-001')
  await incident.ask(1)
  await incident.at('ana').press(/^Approve/)
  await incident.happens('ClickRefused')
  const waiting = await health.figures()
  expect(figure(waiting, 'responder_requests_open')).toBe(1)
  expect(figure(waiting, 'responder_requests_oldest_seconds')).toBeGreaterThan(0)
  expect(figure(waiting, 'responder_clicks_refused_total')).toBe(1)
  expect(waiting).toContain('responder_incidents_open{state="containing"} 1')

  await incident.approve()
  await incident.untilProven(1)
  const after = await eventually(async () => {
    const text = await health.figures()
    expect(figure(text, 'responder_follower_lag_entries{follower="poster"}')).toBe(0)
    expect(figure(text, 'responder_ledger_verified_seq')).toBe(figure(text, 'responder_ledger_head_seq'))
    return text
  })
  expect(figure(after, 'responder_order_seconds_count{action="revoke-sessions",result="done"}')).toBeGreaterThan(0)
  expect(figure(after, 'responder_autentico_request_seconds_count{answer="2xx"}')).toBeGreaterThan(0)
  expect(figure(after, 'responder_slack_calls_total{method="chat.postMessage",result="ok"}')).toBeGreaterThan(0)
  expect(figure(after, 'responder_ledger_verified_ok')).toBe(1)
  expect(figure(after, 'responder_ledger_checkpoint_seq')).toBeGreaterThan(0)
  expect(figure(after, 'responder_slack_connections')).toBe(2)
  expect(Date.now() / 1000 - figure(after, 'responder_slack_last_event_timestamp_seconds')).toBeLessThan(60)
  for (const name of ['user-001', 'ana', 'bao', 'U0ANA', incident.id, stage.autentico.credentials.username])
    expect(after).not.toMatch(new RegExp(`["/ ]${name}["/ ]`))
})

test('the table in the documentation names every figure, and no other', async () => {
  const shown = new Set(
    [...(await health.figures()).matchAll(/^# TYPE (responder_\w+) /gm)].map(([, name = '']) => name),
  )
  const text = readFileSync(join(import.meta.dirname, '../../../docs/operating.md'), 'utf8')
  const named = new Set([...text.matchAll(/responder_[a-z_]+/g)].map(([name]) => base(name)))
  expect(shown.size).toBeGreaterThan(20)
  expect([...named].toSorted((one, other) => one.localeCompare(other))).toEqual(
    [...shown].toSorted((one, other) => one.localeCompare(other)),
  )
})

/** A histogram is one figure with three names. */
function base(name: string): string {
  return name.replace(/_(?:bucket|count|sum)$/, '')
}

test.skipIf(process.platform !== 'linux')(
  'a disk that takes nothing: whoever presses is told, nothing is done, and it goes on by itself',
  async () => {
    reloadEverybody(stage)
    await signIn(stage, 'user-003')
    const incident = await openFor(stage, 'user-003')
    await incident.ask(1)
    limitFiles('1')
    const full = await health.untilReady(503, 'not ready')
    expect(partOf(full, 'ledger')).toMatchObject({ ok: false, needed: true })
    expect(partOf(full, 'ledger')?.sentence).toMatch(/cannot be written \(SQLITE_\w+\).*Free some space/)
    await incident.at('bao').press(/^Approve/)
    await incident.as('bao').toldAlone(/could not write this down .* nothing was done/)
    expect(incident.entries('StepApproved')).toEqual([])
    const chi = stage.slack.as('chi')
    await chi.openHome()
    await eventually(async () => expect(JSON.stringify(chi.home())).toContain('The ledger cannot be written since'))

    limitFiles('unlimited')
    await health.untilReady(200, 'ready')
    await incident.approve()
    await incident.untilProven(1)
    const said = program.lines.filter((line) => /the ledger can(?:not)? be written/.test(line))
    expect(said.map((line) => /"level":"(\w+)"/.exec(line)?.[1])).toEqual(['error', 'info'])
  },
)

/** How large a file the running program may write, in bytes: at one, no disk could be fuller. */
function limitFiles(bytes: string): void {
  const limit = ['prlimit', '--pid', String(program.pid), `--fsize=${bytes}:unlimited`]
  execFileSync('/usr/bin/env', limit)
}

test('over a damaged ledger the bot starts, records nothing, says so where people look, and is not ready', async () => {
  reloadEverybody(stage)
  const incident = await openFor(stage, 'user-002')
  await incident.ask(1)
  await program.stop()
  const data = dataDirOf(stage)
  tamper(
    join(data, 'ledger.sqlite'),
    `UPDATE entry SET at = '2026-01-01T00:00:00.000Z' WHERE seq = ${incident.state().lastSeq}`,
  )
  const size = ledgerSize()

  program = await startProgram(stage.env)
  health = healthOf(program)
  const report = await health.untilReady(503, 'not ready')
  expect(partOf(report, 'ledger')).toMatchObject({ ok: false, needed: true })
  expect(partOf(report, 'ledger')?.sentence).toMatch(/damaged \(entry \d+: hash does not match/)
  const told = () =>
    stage.slack
      .as('chi')
      .sees()
      .filter((message) => !message.ephemeral && wordsOf(message).includes('The ledger is damaged'))
  await until(() => (told().length > 0 ? true : undefined), 'the channel to be told')

  await incident.at('bao').press(/^Approve/)
  await incident.as('bao').toldAlone(/The ledger is damaged .* nothing is done/)
  await stage.slack.as('ana').command(`/autentico status ${incident.id}`, { channel: told()[0]?.channel ?? '' })
  await incident.as('ana').toldAlone(/Revoke all sessions/)
  expect(ledgerSize()).toBe(size)
  expect(told()).toHaveLength(1)
  expect(program.lines.some((line) => line.includes('"level":"error"') && line.includes('records nothing'))).toBe(true)
})

test.each([
  ['an entry of an open incident cannot be read', `UPDATE entry SET body = '{' WHERE seq = 1`, 'an entry is not JSON'],
  ['pages of the file are lost', undefined, 'SQLite cannot read it|its end cannot be read|is not a SQLite file'],
])('it starts as well where, far from the end, %s', async (what, harm, said) => {
  await program.stop()
  const data = join(stage.dir, what.replaceAll(/\W+/g, '-'))
  const file = join(data, 'ledger.sqlite')
  {
    using ledger = openLedger({ file })
    for (let seq = 0; seq < 200; seq += 1) {
      const drafts = [
        { type: seq === 0 ? 'IncidentOpened' : 'NoteAdded', actor: null, body: { text: 'x'.repeat(500) } },
      ]
      ledger.append({ incident: 'INC-1', expected: seq, at: '2026-11-24T03:00:00.000Z', drafts })
    }
  }
  if (harm === undefined) {
    const bytes = readFileSync(file)
    writeFileSync(file, bytes.fill(0xff, 4096, bytes.length - 8192))
  } else tamper(file, harm)

  program = await startProgram({ ...stage.env, DATA_DIR: data })
  health = healthOf(program)
  const report = await health.untilReady(503, 'not ready')
  expect(partOf(report, 'ledger')?.sentence).toMatch(new RegExp(`The ledger is damaged \\((?:${said})`))
})

/** What somebody with the file can do to it, although the ledger forbids it. */
function tamper(file: string, statement: string): void {
  const db = new SQLite(file)
  const { sql } = db
    .prepare<[], { readonly sql: string }>(`SELECT sql FROM sqlite_schema WHERE name = 'entry_no_update'`)
    .get() ?? { sql: '' }
  db.exec(`DROP TRIGGER entry_no_update; ${statement}; ${sql}`)
  db.close()
}

function ledgerSize(): number {
  using ledger = ledgerOf(stage)
  return ledger.size()
}
