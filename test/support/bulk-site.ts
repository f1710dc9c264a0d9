import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { type AutenticoProcess, startAutenticoProcess } from '#/drill/autentico/own-process.ts'
import { seedBulk } from '#/drill/autentico/seed-bulk.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { instanceTarget } from '#/incident/account.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { Person, UserId } from '#/incident/people.ts'
import type { OrderId, WorkResult } from '#/incident/work.ts'
import { botKeys } from '#/keyring.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import { readPublicKeys } from '#/work/keys.ts'
import { type OrderQueue, openOrderQueue } from '#/work/order-queue.ts'
import type { Outcome } from '#/work/outcome.ts'
import { consumeOutcomes } from '#/work/outcomes.ts'
import { openStopBoard, type StopBoard } from '#/work/stops.ts'
import type { WorkOrder } from '#/work/work-order.ts'
import { quickStage } from './incident-flow.ts'
import { exchangeKeys } from './roles.ts'

/** A company of any size on a local Autentico of its own process, and real workers as processes that take the orders of this test. */
export type BulkSite = AsyncDisposable & {
  readonly idp: AutenticoProcess
  /** Ids of those who were added, in the order in which Autentico lists them. */
  readonly users: readonly string[]
  readonly queue: OrderQueue
  readonly stops: StopBoard
  /** Everything that workers said, in order. */
  readonly outcomes: readonly Outcome[]
  /** Starts one; `more` comes on top of its environment. */
  readonly worker: (more?: Readonly<Record<string, string>>) => Promise<Program>
  /** How many of the added users have a live session, single sign-on session or token. Reads all of them. */
  readonly stillIn: () => number
  /** Whether the n-th of the added users (the first is 1) is signed out. */
  readonly isOut: (n: number) => boolean
  /** Everybody whose sessions were ended is signed in again. */
  readonly revive: () => void
  /** Speaks to the control doors of the local Autentico. */
  readonly control: (method: string, door: string, body?: object) => Promise<unknown>
  /** How often Autentico was asked to revoke the sessions of each, by its own record; refused and lost calls apart. */
  readonly revocations: () => Promise<ReadonlyMap<string, number>>
}

export async function openBulkSite({ count }: { readonly count: number }): Promise<BulkSite> {
  await using building = new AsyncDisposableStack()
  // The stage's own Autentico stays unused; whom the workers speak to runs apart, so that neither slows down the test.
  const stage = building.use(await quickStage({ autentico: { seed: 'empty' } }))
  const idp = building.use(await startAutenticoProcess({ dir: join(stage.dir, 'apart') }))
  const db = building.adopt(new SQLite(idp.databaseFile), (open) => void open.close())
  const users = seedBulk(db, { count, prefix: 'person', now: new Date() }).map(({ id }) => id)
  const env = { ...stage.env, ...environmentFor(idp) }
  const roles = await exchangeKeys({ ...stage, env } satisfies Stage)
  const place = { url: stage.redis.url, log: { info: ignore, warn: ignore, error: ignore } }
  const { signing } = botKeys(join(stage.dir, 'data', 'keys'))
  const outcomes: Outcome[] = []
  const queue = building.use(openOrderQueue({ ...place, signingKey: signing.privateKey }))
  const stops = building.use(openStopBoard({ ...place, signingKey: signing.privateKey }))
  building.use(
    consumeOutcomes({
      ...place,
      workerKeys: readPublicKeys(join(stage.dir, 'workers.pem')).signing,
      onOutcome: (outcome) => void outcomes.push(outcome),
      onForgery: ({ why }) => {
        throw new Error(why)
      },
    }),
  )
  const inTables = ['sessions', 'idp_sessions', 'tokens'].map(
    (table) =>
      `SELECT user_id FROM ${table} WHERE ${table === 'tokens' ? 'revoked_at' : 'deactivated_at'} IS NULL AND user_id IN (SELECT id FROM users WHERE username LIKE 'person-%')`,
  )
  const live = db.prepare<[], number>(`SELECT COUNT(*) FROM (${inTables.join(' UNION ')})`).pluck()

  const oneLive = db.prepare<[string], number>('SELECT 1 FROM sessions WHERE user_id = ? AND deactivated_at IS NULL')

  const control = async (method: string, door: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${idp.url}/_control/${door}`, {
      method,
      headers: { authorization: `Bearer ${idp.controlToken}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`the control door ${door} answered ${answer.status}`)
    return answer.status === 204 ? undefined : answer.json()
  }
  const parts = building.move()
  return {
    idp,
    users,
    queue,
    stops,
    outcomes,
    worker: async (more = {}) =>
      parts.use(
        await startProgram(
          { ...roles.one, ...more },
          { args: ['start', '--role', 'worker'], readyWhen: 'the worker is ready' },
        ),
      ),
    stillIn: () => live.get() ?? 0,
    isOut: (n) => oneLive.get(users[n - 1] ?? '') === undefined,
    revive() {
      db.exec(`UPDATE sessions SET deactivated_at = NULL; UPDATE idp_sessions SET deactivated_at = NULL;
        UPDATE tokens SET revoked_at = NULL`)
    },
    control,
    async revocations() {
      const { data } = (await control('GET', 'calls')) as { readonly data: readonly Call[] }
      const counts = new Map<string, number>()
      for (const { method, path, status } of data) {
        const [, id] = /^\/admin\/api\/users\/([^/]+)\/revoke-sessions$/.exec(path) ?? []
        if (method === 'POST' && id !== undefined && status === 204) counts.set(id, (counts.get(id) ?? 0) + 1)
      }
      return counts
    },
    [Symbol.asyncDispose]: async () => parts.disposeAsync(),
  }
}

type Call = { readonly method: string; readonly path: string; readonly status: number }

function ignore(): void {
  // Nobody reads this log.
}

function environmentFor({ url, credentials, databaseFile, environmentFile, restartCommand }: AutenticoProcess) {
  return {
    AUTENTICO_URL: url,
    AUTENTICO_CLIENT_ID: credentials.clientId,
    AUTENTICO_CLIENT_SECRET: credentials.clientSecret,
    AUTENTICO_USERNAME: credentials.username,
    AUTENTICO_PASSWORD: credentials.password,
    AUTENTICO_DB_PATH: databaseFile,
    AUTENTICO_ENV_FILE: environmentFile,
    AUTENTICO_RESTART_COMMAND: JSON.stringify(restartCommand),
  }
}

/** An approved order about Autentico as a whole, as the bot issues it; good for an hour. */
export function wholeOrder(action: ActionName, more: Partial<WorkOrder> & { readonly seq: number }): WorkOrder {
  const { seq, ...draft } = more
  const now = Date.now()
  return {
    id: `INC-7-${seq}` as OrderId,
    incident: 'INC-7' as IncidentId,
    action,
    mode: 'run',
    target: instanceTarget,
    requestedBy: person('U0ANA'),
    approvedBy: [person('U0BAO')],
    cause: { seq, hash: 'ab'.repeat(32) },
    issuedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + 3_600_000).toISOString(),
    drill: true,
    ...draft,
  }
}

function person(user: string): Person {
  return { slack: { team: 'T0ACME', user: user as UserId }, name: user }
}

/** The result that ended an order, which has to be of this kind; undefined while it has not ended. */
export function endOf<K extends WorkResult['kind']>(
  outcomes: readonly Outcome[],
  order: WorkOrder,
  kind: K,
): Extract<WorkResult, { kind: K }> | undefined {
  const result = outcomes.find((one) => one.order === order.id && one.final)?.result
  if (result === undefined) return undefined
  if (result.kind !== kind) throw new Error(`expected ${kind}, got ${JSON.stringify(result)}`)
  return result as Extract<WorkResult, { kind: K }>
}
