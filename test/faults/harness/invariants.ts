import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import SQLite from 'better-sqlite3'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { z } from 'zod'
import { recordedOf } from '#/deciders/incidents.ts'
import { until } from '#/drill/crew.ts'
import type { Delivered } from '#/drill/slack/local-slack.ts'
import { isInstance } from '#/incident/account.ts'
import type { EventType, Recorded } from '#/incident/events.ts'
import { findStep, type OpenedIncident, type Request, targetOf } from '#/incident/state.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import { verifyDataDir } from '#/record/verify-data-dir.ts'
import { expectCardToBeCurrent, expectThreadToAgree } from '../../flows/machine/machine.ts'
import { type Case, dataDirOf, ledgerOf } from '../../support/incident-flow.ts'
import type { World } from './world.ts'

/** One of the things that have to hold after every run, whatever the fault was. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7'

/** What the run did, as far as it has to hold. */
export type Evidence = {
  readonly world: World
  /** The incidents that were worked on in this run. */
  readonly cases: readonly Case[]
  /** The number of calls and deliveries there were before the run began. */
  readonly since: { readonly calls: number; readonly deliveries: number; readonly seq: number }
  /** How long the program may take to get over it. */
  readonly budgetMs: number
  /** Those that this fault breaks by its nature; the run checks in their place what still holds. */
  readonly except: readonly Invariant[]
}

/** Checks I1 to I7, in the order in which they become true. Throws with the first that does not hold. */
export async function checkInvariants(evidence: Evidence): Promise<void> {
  const { except, cases, world } = evidence
  const holds = async (name: Invariant, check: () => Promise<void> | void): Promise<void> => {
    if (except.includes(name)) return
    try {
      await check()
    } catch (error) {
      throw new Error(`${name} does not hold: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
  }
  await holds('I5', async () => {
    for (const one of cases) await settled(one, evidence.budgetMs)
  })
  await holds('I1', () => everyAckIsRecorded(evidence))
  await holds('I2', () => {
    for (const one of cases) happenedOnce(evidence, one)
  })
  await holds('I3', () => everyChangeWasApproved(evidence))
  await holds('I6', async () => {
    for (const one of cases) {
      await expectThreadToAgree(world.stage, one, evidence.budgetMs)
      await expectCardToBeCurrent(one)
    }
  })
  await holds('I4', async () => {
    const report = await verifyDataDir(dataDirOf(world.stage))
    expect(report.problems).toEqual([])
    expect(report.entries).toBeGreaterThan(0)
  })
  await holds('I7', async () => noSecretAnywhere(world))
}

/** What has to be recorded for a click that was acknowledged: one of these, by this person. */
const recordedFor: Readonly<Record<string, readonly EventType[]>> = {
  ask: ['StepRequested', 'WorkOrdered', 'ClickRefused'],
  approve: ['StepApproved', 'ApprovalGiven', 'ClickRefused'],
  withdraw: ['RequestWithdrawn', 'WithdrawalBegun', 'ClickRefused'],
  take_command: ['CommanderNamed', 'ClickRefused'],
  open_incident_form: ['IncidentOpened', 'ClickRefused'],
  deny_form: ['StepDenied', 'ClickRefused'],
  close_form: ['IncidentClosed', 'ClickRefused'],
  note_form: ['NoteAdded', 'ClickRefused'],
  hold: ['HoldPlaced', 'ClickRefused'],
  break_glass_form: ['GlassAnnounced', 'StepUpStarted', 'ClickRefused'],
  review_glass_form: ['GlassReviewed', 'ClickRefused'],
}

/** I1: each click and each form that Slack was told was taken has its entry. Twice the same click is one, or a refusal. */
function everyAckIsRecorded({ world, since }: Evidence): void {
  const acked = world.stage.slack
    .deliveries()
    .slice(since.deliveries)
    .filter(({ ack }) => ack === 'ok')
  const entries = entriesAfter(world, since.seq)
  for (const { who, what } of acked.flatMap(decisionsIn)) {
    const wanted = recordedFor[what] ?? []
    const found = entries.some(({ actor, event }) => wanted.includes(event.type) && JSON.stringify(actor).includes(who))
    expect(found, `${who} was told that "${what}" was taken, and the ledger has none of ${wanted.join(', ')}`).toBe(
      true,
    )
  }
}

function decisionsIn({ payload }: Delivered): readonly { readonly who: string; readonly what: string }[] {
  // What an attacker sent may be of any shape.
  const read = delivered.safeParse(payload)
  if (!read.success) return []
  const { user, actions, view, type } = read.data
  const what = type === 'view_submission' ? [view?.callback_id] : (actions ?? []).map((action) => action.action_id)
  return what
    .filter((one) => one !== undefined && Object.hasOwn(recordedFor, one))
    .map((one) => ({ who: user?.id ?? '', what: one ?? '' }))
}

const delivered = z.object({
  type: z.string().optional(),
  user: z.object({ id: z.string() }).optional(),
  actions: z.array(z.object({ action_id: z.string() })).optional(),
  view: z.object({ callback_id: z.string() }).optional(),
})

function entriesAfter({ stage }: World, seq: number): readonly Recorded[] {
  using ledger = ledgerOf(stage)
  return ledger.read({ after: seq, limit: 100_000 }).map(recordedOf)
}

/** The calls that made a difference to an account, as Autentico saw it, since the run began. */
function effectsOn({ world, since }: Evidence, account: string): readonly string[] {
  return world.stage.autentico.control.calls
    .slice(since.calls)
    .filter(({ changed, path }) => changed && path.startsWith(`/admin/api/users/${encodeURIComponent(account)}`))
    .map(({ method, path }) => `${method} ${path}`)
}

/** I2: what was approved and is proven had its effect, and each effect was had once. */
function happenedOnce(evidence: Evidence, { state }: Case): void {
  const incident = state()
  const effects = effectsOn(evidence, incident.target.id)
  const revoked = effects.filter((one) => one.endsWith('/revoke-sessions'))
  const approvals = [...incident.requests.values()].filter(
    ({ end }) => end.kind === 'approved' || end.kind === 'voided',
  )
  expect(revoked.length, 'sessions were revoked more often than that was approved').toBeLessThanOrEqual(
    approvals.length,
  )
  expect(new Set(effects).size, `an effect was had twice: ${effects.join(', ')}`).toBe(
    approvals.length > 1 ? new Set(effects).size : effects.length,
  )
}

/** The actions on Autentico as a whole, or on what a review came upon there, that may send such a call; `subject`: what that is. */
function wholes(method: string, path: string, subject: string | undefined): readonly ActionName[] {
  const call = `${method} ${path}`
  if (/^POST \/admin\/api\/users\/[^/]+\/revoke-sessions$/.test(call))
    return ['revoke-everybody', 'invalidate-tokens', 'rotate-admin-token']
  if (/^POST \/admin\/api\/users\/[^/]+\/unlock$/.test(call)) return ['unlock-accounts']
  if (/^PUT \/admin\/api\/users\/[^/]+$/.test(call)) return ['reset-everybodys-mfa']
  if (call === 'PUT /admin/api/settings') return ['close-setting']
  return subject !== undefined && call === `DELETE /admin/api/clients/${encodeURIComponent(subject)}`
    ? ['disable-client']
    : []
}

/** Only reads, though it is a POST. */
const lookUp = '/admin/api/users/lookup'

/** I3: no call changed anything without an approval, by somebody else than who asked, that the ledger had before; but for a hold, and what was announced to be done alone. */
function everyChangeWasApproved({ world, since, cases }: Evidence): void {
  const incidents = cases.map(({ state }) => state())
  for (const call of world.stage.autentico.control.calls.slice(since.calls)) {
    const { method, path, at, status } = call
    if (method === 'GET' || status >= 400 || path === lookUp) continue
    const approved = incidents.some((incident) =>
      [...incident.requests.values()].some(
        (request) =>
          (request.kind === 'run' || request.kind === 'suspend') &&
          isFor(incident, request, call) &&
          'by' in request.end &&
          (request.end.kind === 'alone'
            ? wasAnnounced(incident, request)
            : request.end.kind === 'approved' && request.end.by.slack.user !== request.requester.slack.user) &&
          Date.parse(request.end.at) <= at.getTime(),
      ),
    )
    if (!approved && incidents.some((incident) => isOfHold(incident, call))) continue
    expect(approved, `${method} ${path} was sent without an approval by a second person`).toBe(true)
  }
}

/** What one person did alone was said beforehand, and waited for its delay. */
function wasAnnounced({ glass }: OpenedIncident, { id }: Request): boolean {
  const broken = glass.get(id)
  return broken?.brokenAt !== undefined && broken.brokenAt >= broken.dueAt
}

/** A hold suspends its target and ends the sessions, and makes it active again when it is over: nothing else, and not before it was placed. */
function isOfHold(
  { target, holds }: OpenedIncident,
  { path, at }: { readonly path: string; readonly at: Date },
): boolean {
  const account = `/admin/api/users/${encodeURIComponent(target.id)}/`
  const may = ['deactivate', 'revoke-sessions', 'reactivate'].some((what) => path === `${account}${what}`)
  return may && [...holds.values()].some(({ placedAt }) => Date.parse(placedAt) <= at.getTime())
}

/** Whether what was asked for may send such a call: about the account it names, or about Autentico as a whole. */
function isFor(
  incident: OpenedIncident,
  { step, action }: Request,
  { method, path }: { readonly method: string; readonly path: string },
): boolean {
  const about = findStep(incident, step)
  const target = targetOf(incident, about)
  if (isInstance(target) || (about?.found !== undefined && about.found.finding.subject.id !== target.id))
    return action !== undefined && wholes(method, path, about?.found?.finding.subject.id).includes(action)
  const [, account = ''] = /^\/admin\/api\/users\/([^/?]+)/.exec(path) ?? []
  return decodeURIComponent(account) === target.id
}

/** I5: nothing is under way any more: each step that was begun has ended, or says what it waits for. */
async function settled({ id, state }: Case, budgetMs: number): Promise<void> {
  await until(
    () => {
      const incident = state()
      const atWork = [...incident.orders.values()].filter(
        ({ notBefore, waits }) => notBefore === undefined && waits === undefined,
      )
      return atWork.length === 0 ? true : undefined
    },
    `the work of ${id} to end, or to say what it waits for`,
    budgetMs,
  )
}

/** I7: none of the program's secrets, and nothing that opens an account, is in its log, in Redis or in the ledger. */
async function noSecretAnywhere(world: World): Promise<void> {
  const places = [
    ['the log', world.lines().join('\n')] as const,
    ['the ledger', ledgerText(dataDirOf(world.stage))] as const,
    ['Redis', await redisText(world.stage.env['REDIS_URL'] ?? '')] as const,
  ]
  for (const secret of secretsOf(world))
    for (const [place, text] of places)
      expect(text.includes(secret), `${place} holds a secret (${secret.slice(0, 4)}…)`).toBe(false)
}

function secretsOf({ stage }: World): readonly string[] {
  const { env, autentico } = stage
  const named = [
    'SLACK_BOT_TOKEN',
    'SLACK_APP_TOKEN',
    'SLACK_SIGNING_SECRET',
    'AUTENTICO_CLIENT_SECRET',
    'AUTENTICO_PASSWORD',
  ]
  const db = new SQLite(autentico.databaseFile, { readonly: true })
  try {
    const kept = (sql: string) => db.prepare<[], string>(sql).pluck().all()
    return [
      ...named.flatMap((name) => env[name] ?? []),
      ...environmentSecrets(autentico.environmentFile),
      ...kept('SELECT access_token FROM tokens UNION SELECT refresh_token FROM tokens'),
      ...kept('SELECT id FROM idp_sessions UNION SELECT id FROM trusted_devices'),
    ].filter((secret) => secret.length > 8)
  } finally {
    db.close()
  }
}

/** What Autentico's environment file holds now, and held before. */
function environmentSecrets(file: string): readonly string[] {
  return readdirSync(dirname(file))
    .filter((name) => name.startsWith(basename(file)))
    .flatMap((name) => readFileSync(join(dirname(file), name), 'utf8').split('\n'))
    .flatMap((line) => /^AUTENTICO_\w*(?:PRIVATE_KEY|SECRET|ADMIN_TOKEN)=["']?([^"']+)/.exec(line)?.[1] ?? [])
}

/** The files of the ledger as they lie there, what has not been moved into the main file included. */
function ledgerText(dataDir: string): string {
  return readdirSync(dataDir)
    .filter((name) => name.startsWith('ledger.sqlite'))
    .map((name) => join(dataDir, name))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'latin1'))
    .join('\n')
}

/** Every value that Redis holds, as text. */
async function redisText(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1 })
  redis.on('error', () => undefined) // The call below says it.
  try {
    await redis.connect()
    const keys = await redis.keys('*')
    const values = await Promise.all(keys.map(async (key) => valueOf(redis, key)))
    return JSON.stringify(values)
  } finally {
    redis.disconnect()
  }
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'hash':
      return redis.hgetall(key)
    case 'list':
      return redis.lrange(key, 0, -1)
    case 'set':
      return redis.smembers(key)
    case 'zset':
      return redis.zrange(key, 0, -1)
    case 'stream':
      return redis.xrange(key, '-', '+')
    default:
      return redis.get(key)
  }
}
