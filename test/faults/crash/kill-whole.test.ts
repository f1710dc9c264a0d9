import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { expect } from 'vitest'
import { until } from '#/drill/crew.ts'
import type { Stage } from '#/drill/stage.ts'
import type { Request } from '#/incident/state.ts'
import { changeSetting, intrudeAsAdmin } from '../../support/autentico-visits.ts'
import { type Case, openUnder } from '../../support/incident-flow.ts'
import { fault, type Run } from '../harness/fault.ts'
import { press } from './deaths.ts'

/** Reviews and mass changes alone, in the order in which their turn comes. */
const playbook = `
id: everything-at-once
title: Everything at once
shortTitle: Everything
section: If everything is at stake
target: instance
steps:
${['review-admins', 'unlock-accounts', 'reset-everybodys-mfa', 'review-clients']
  .map((action) =>
    [
      `  - id: ${action}`,
      `    title: The step ${action}`,
      `    document: The step ${action}.`,
      `    does: Runs ${action}.`,
      `    kind: record`,
      `    action: ${action}`,
    ].join('\n'),
  )
  .join('\n')}
`

/** One change: how it is asked for, what it goes through, and what is left to change, counted in Autentico's own database. */
type Change = {
  readonly ask: (incident: Case) => Promise<Request>
  readonly through: 'call' | 'database'
  readonly left: string
}

const users = (rest: string): string => `SELECT COUNT(*) FROM users WHERE ${rest}`

const demotion: Change = {
  ask: async (incident) => incident.deal('user-001', 'Demote'),
  through: 'call',
  left: users(`username = 'user-001' AND role = 'admin'`),
}
const mfa: Change = {
  ask: async (incident) => incident.ask(3),
  through: 'database',
  left: users(`username IN ('user-005', 'user-006') AND totp_verified <> 0`),
}

/** In the order in which their turn comes. */
const changes: Readonly<Record<string, Change>> = {
  'demote an administrator': demotion,
  'suspend an administrator': {
    ask: async (incident) => incident.deal('user-002', 'Suspend'),
    through: 'call',
    left: users(`username = 'user-002' AND deactivated_at IS NULL`),
  },
  'unlock accounts': {
    ask: async (incident) => incident.ask(2),
    through: 'call',
    left: users(`locked_until > datetime('now')`),
  },
  'reset everybody’s MFA': mfa,
  'disable a client': {
    ask: async (incident) => {
      await incident.begin(4)
      return incident.deal('Backup sync', 'Disable')
    },
    through: 'call',
    left: `SELECT COUNT(*) FROM clients WHERE client_name = 'Backup sync' AND is_active <> 0`,
  },
  'disable a provider': {
    ask: async (incident) => incident.deal('Corporate login', 'Disable'),
    through: 'database',
    left: `SELECT COUNT(*) FROM federation_providers WHERE name = 'Corporate login' AND enabled <> 0`,
  },
  'close a setting': {
    ask: async (incident) => incident.deal('allow_self_signup', 'Put right'),
    through: 'call',
    left: `SELECT COUNT(*) FROM settings WHERE key = 'allow_self_signup' AND value <> 'false'`,
  },
}

/** Everybody else who administers it, and what the drill brings along. */
const known = { KNOWN_ADMINS: 'admin,chi', KNOWN_CLIENTS: 'portal,company-scripts,meeting-room-screen' }

const points = {
  before: { call: 'before a change on Autentico is sent', database: 'before Autentico’s database is changed' },
  after: { call: 'after a change on Autentico was answered', database: 'after Autentico’s database was changed' },
} as const

// There is one incident about Autentico as a whole at a time, so it goes through all of them. After each death the order is free only
// when its lock has run out, so the points take turns, and the long run has the other ones.
for (const { turns, ci } of [
  { turns: ['after', 'before'], ci: 1 },
  { turns: ['before', 'after'], ci: 0 },
] as const) {
  fault({
    id: 'F1',
    title: 'kill -9 around the first change of what concerns everybody: it goes on by itself, by the one approval',
    ci,
    nightly: 1,
    variants: [`${turns.join(' and ')} the change, by turns`],
    world: { env: known, before: intruded },
    // Seven deaths, one after the other.
    budgetMs: 60_000,
    async run(run) {
      const { kills, program, start } = run.world
      const incident = await opened(run)
      for (const [n, [name, change]] of Object.entries(changes).entries()) {
        const { step } = await change.ask(incident)
        expect(left(run, change), `${name}: there is something to change`).toBeGreaterThan(0)
        const dying = program()
        kills.arm(points[n % 2 === 0 ? turns[0] : turns[1]][change.through])
        await press(incident)
        await dying.ended
        expect(kills.struck(), `${name}: killed at the point`).toBe(dying.pid)
        run.struck()
        await start()
        await goesOn(run, { incident, step, change, name })
      }
    },
  })
}

fault({
  id: 'F13',
  title: 'Autentico goes away in the middle of what concerns everybody: it waits, and goes on where it was',
  ci: 1,
  nightly: 1,
  variants: ['everything is refused with 503'],
  // Without the database everybody's MFA is reset by calls, one account after the other.
  world: { env: known, before: intruded, database: false },
  async run(run) {
    const { control, accounts } = run.world.stage.autentico
    const incident = await opened(run)
    const inTheMiddle = async (
      change: Change,
      call: { readonly method: string; readonly path: string },
      name: string,
    ) => {
      const { step } = await change.ask(incident)
      control.fail({ ...call, how: { status: 503 } })
      await press(incident)
      await incident.happens('WorkWaits', ({ event }) => event.why.includes('503'))
      const gone = control.calls.length
      control.fail({ path: /./, times: Number.MAX_SAFE_INTEGER, how: { status: 503 } })
      await until(
        () => control.calls.slice(gone).find(({ status }) => status === 503),
        `${name}: a call that is refused`,
      )
      run.struck()
      control.heal()
      await goesOn(run, { incident, step, change, name })
    }
    const idOf = (username: string): string => accounts[username]?.id ?? ''
    await inTheMiddle(
      demotion,
      { method: 'POST', path: `/admin/api/users/${idOf('user-001')}/revoke-sessions` },
      'demote an administrator',
    )
    await incident.settle('user-002', 'Demote')
    await incident.run(2)
    await inTheMiddle(mfa, { method: 'PUT', path: `/admin/api/users/${idOf('user-006')}` }, 'reset everybody’s MFA')
  },
})

/** Nobody presses anything more: the step ends, by the one approval, and nothing is left to change. */
async function goesOn(
  run: Run,
  {
    incident,
    step,
    change,
    name,
  }: { readonly incident: Case; readonly step: Request['step']; readonly change: Change; readonly name: string },
): Promise<void> {
  await run.succeeds(async () => {
    const { event } = await incident.happens('StepDone', ({ event: done }) => done.step === step, 30_000)
    // Whether secrets of authenticators are left can only be read in the database.
    const isReadable = run.world.stage.env['AUTENTICO_DB_PATH'] !== undefined || change.through === 'call'
    expect(event, `${name}: it ends`).toMatchObject(isReadable ? { proven: true } : { proven: false })
    expect(left(run, change), `${name}: nothing is left to change`).toBe(0)
    const approvals = incident.entries('StepApproved').filter(({ event: approved }) => approved.step === step)
    expect(approvals, `${name}: one approval was enough`).toHaveLength(1)
  })
}

async function opened(run: Run): Promise<Case> {
  const incident = await openUnder(run.world.stage, 'everything-at-once')
  run.adopt(incident)
  await incident.begin(1)
  return incident
}

function left({ world }: Run, { left: sql }: Change): number {
  const db = new SQLite(world.stage.autentico.databaseFile, { readonly: true })
  try {
    return db.prepare<[], number>(sql).pluck().get() ?? 0
  } finally {
    db.close()
  }
}

/** What an intruder has left behind, before the program is there. */
async function intruded(stage: Stage): Promise<Readonly<Record<string, string>>> {
  const { accounts, databaseFile } = stage.autentico
  const intruder = await intrudeAsAdmin(stage)
  for (const username of ['user-001', 'user-002']) await intruder.promote(accounts[username]?.id ?? '')
  await intruder.addClient()
  await intruder.addProvider()
  await changeSetting(stage, 'allow_self_signup', 'true')
  const db = new SQLite(databaseFile)
  try {
    db.exec(`UPDATE users SET locked_until = datetime('now', '+1 hour') WHERE username IN ('user-003', 'user-004');
      UPDATE users SET totp_secret = 'KRUGS4ZANFZSAYJA', totp_verified = 1 WHERE username IN ('user-005', 'user-006')`)
  } finally {
    db.close()
  }
  const playbooks = join(stage.dir, 'playbooks')
  mkdirSync(playbooks)
  writeFileSync(join(playbooks, 'everything-at-once.yml'), playbook)
  return { PLAYBOOKS_DIR: playbooks }
}
