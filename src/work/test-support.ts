import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { Redis } from 'ioredis'
import { onTestFinished, vi } from 'vitest'
import { type Autentico, type AutenticoOptions, connectAutentico } from '#/autentico/connect.ts'
import {
  type LocalAutentico,
  type LocalAutenticoOptions,
  startLocalAutentico,
} from '#/drill/autentico/local-autentico.ts'
import { scriptClientId } from '#/drill/autentico/seed.ts'
import { supervise } from '#/drill/autentico/supervisor.ts'
import { cast } from '#/drill/cast.ts'
import { type PrivateRedis, type PrivateRedisOptions, startPrivateRedis } from '#/drill/redis.ts'
import { type Account, type AccountId, instanceTarget } from '#/incident/account.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { Person, UserId } from '#/incident/people.ts'
import type { Effect, OrderId, WorkResult } from '#/incident/work.ts'
import type { ActionName, StepId } from '#/playbook/playbook.ts'
import { type KeyPair, makeKey } from './keys.ts'
import type { Log } from './log.ts'
import { type OrderQueue, openOrderQueue } from './order-queue.ts'
import type { Outcome } from './outcome.ts'
import { consumeOutcomes, type Forgery } from './outcomes.ts'
import type { WorkOrder } from './work-order.ts'
import { type OrderWorker, startWorker, type WorkerDeps } from './worker.ts'

export const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }

export const ana: Person = { slack: { team: 'T0ACME', user: cast.ana.user as UserId }, name: 'ana' }
export const bao: Person = { slack: { team: 'T0ACME', user: cast.bao.user as UserId }, name: 'bao' }

export type Keys = {
  readonly bot: KeyPair
  readonly sealing: KeyPair
  readonly worker: KeyPair
  readonly stranger: KeyPair
}

export function someKeys(): Keys {
  return {
    bot: makeKey('ed25519'),
    sealing: makeKey('x25519'),
    worker: makeKey('ed25519'),
    stranger: makeKey('ed25519'),
  }
}

/** A folder that goes away with the test. Under /tmp, because the path of a unix socket has to be short. */
export async function scratch(): Promise<string> {
  const dir = await mkdtemp('/tmp/responder-work-')
  onTestFinished(async () => rm(dir, { recursive: true, force: true }))
  return dir
}

export async function aRedis(options: PrivateRedisOptions = {}): Promise<PrivateRedis & { readonly client: Redis }> {
  const redis = await startPrivateRedis(options)
  const client = new Redis(redis.url, { maxRetriesPerRequest: null })
  client.on('error', () => undefined)
  onTestFinished(async () => {
    client.disconnect()
    await redis.stop()
  })
  return { ...redis, client }
}

export type OrderDraft = Partial<WorkOrder> & { readonly action: ActionName; readonly seq?: number }

/** An approved order of incident INC-7 for the given account, good for an hour. */
export function orderFor(target: Account, { seq = 31, ...draft }: OrderDraft): WorkOrder {
  const now = Date.now()
  return {
    id: `INC-7-${seq}` as OrderId,
    incident: 'INC-7' as IncidentId,
    mode: 'run',
    target,
    requestedBy: ana,
    approvedBy: [bao],
    cause: { seq, hash: 'ab'.repeat(32) },
    issuedAt: new Date(now).toISOString(),
    expiresAt: new Date(now + 3_600_000).toISOString(),
    drill: true,
    ...draft,
  }
}

/** What a sweep is to read back: these actions, on this account, each as a step of its own name. */
export function againFor(target: Account, actions: readonly ActionName[]): NonNullable<WorkOrder['again']> {
  return actions.map((action) => ({ step: action as string as StepId, action, target }))
}

/** Autentico, Redis, one worker and the bot's two ends, all real and all gone with the test. */
export type Site = {
  readonly idp: LocalAutentico
  readonly autentico: Autentico
  readonly redis: PrivateRedis & { readonly client: Redis }
  readonly keys: Keys
  readonly queue: OrderQueue
  readonly outcomes: readonly Outcome[]
  readonly forgeries: readonly Forgery[]
  readonly target: Account
  readonly deps: WorkerDeps
  readonly worker: OrderWorker | undefined
  /** Opens a session of the target's with the password. */
  signIn(): Promise<{ readonly access: string; readonly refresh: string }>
  /** Edits Autentico's own database. */
  sql(text: string, ...values: readonly unknown[]): void
  start(more?: Partial<WorkerDeps>): Promise<OrderWorker>
  /** Issues an order and waits for what ends it. */
  run(order: WorkOrder): Promise<Outcome>
  /** Prepares a request as a worker shows it and runs it as if it had been approved. */
  approve(action: ActionName, seq: number, more?: Partial<WorkOrder>): Promise<Outcome>
  effectOf(action: ActionName, seq: number, more?: Partial<WorkOrder>): Promise<Effect>
  ended(id: string): Promise<Outcome>
}

export type SiteOptions = {
  readonly database?: boolean
  readonly settings?: Readonly<Record<string, string>>
  readonly worker?: Partial<WorkerDeps>
  readonly start?: boolean
  /** The target: `bobby`, who has nothing but a password, or `alice`, who has everything and whom mallory has been at. */
  readonly who?: 'alice' | 'bobby'
  readonly limits?: AutenticoOptions['limits']
  /** True: orders are about Autentico as a whole. */
  readonly whole?: boolean
  /** True: the worker may change the environment file and restart. */
  readonly environment?: boolean
  readonly idp?: Partial<LocalAutenticoOptions>
}

export async function aSite(options: SiteOptions = {}): Promise<Site> {
  const dir = await scratch()
  const idp = await startLocalAutentico({
    dir: join(dir, 'idp'),
    ...(options.settings === undefined ? {} : { settings: options.settings }),
    ...options.idp,
  })
  onTestFinished(async () => idp[Symbol.asyncDispose]())
  const supervisor = options.environment === true ? await supervise(idp) : undefined
  if (supervisor !== undefined) onTestFinished(async () => supervisor[Symbol.asyncDispose]())
  const redis = await aRedis()
  const keys = someKeys()
  const autentico = connectAutentico({
    url: idp.url,
    credentials: { kind: 'password', ...idp.credentials },
    ...(options.database === false ? {} : { databasePath: idp.databaseFile }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  })
  onTestFinished(async () => autentico[Symbol.asyncDispose]())

  const outcomes: Outcome[] = []
  const forgeries: Forgery[] = []
  const place = { url: redis.url, log: quiet }
  const queue = openOrderQueue({ ...place, signingKey: keys.bot.privateKey })
  const ears = consumeOutcomes({
    ...place,
    workerKeys: [keys.worker.publicKey],
    onOutcome: (outcome) => void outcomes.push(outcome),
    onForgery: (forgery) => void forgeries.push(forgery),
  })
  onTestFinished(async () => {
    await ears.stop({ graceMs: 500 })
    await queue[Symbol.asyncDispose]()
  })

  const deps: WorkerDeps = {
    ...place,
    name: 'worker-1',
    autentico,
    reach: {
      directory: join(dir, 'worker'),
      known: { admins: [], clients: [] },
      ...(supervisor === undefined
        ? {}
        : { environment: { file: idp.environmentFile, restartCommand: supervisor.restartCommand } }),
    },
    journalFile: join(dir, 'worker', 'journal.db'),
    signingKey: keys.worker.privateKey,
    workerKeys: [keys.worker.publicKey],
    botKeys: [keys.bot.publicKey],
    sealTo: keys.sealing.publicKey,
    backOff: { baseMs: 20, capMs: 100 },
    ...options.worker,
  }
  const start = async (more: Partial<WorkerDeps> = {}): Promise<OrderWorker> => {
    const worker = await startWorker({ ...deps, ...more })
    onTestFinished(async () => worker.stop({ graceMs: 500 }))
    return worker
  }
  const { who = 'bobby' } = options
  const seeded = idp.accounts[who]
  if (seeded === undefined) throw new Error(`the drill has no ${who}`)
  const account: Account = { id: seeded.id as AccountId, username: who, email: `${who}@acme.test` }
  const target = options.whole === true ? instanceTarget : account

  const ended = async (id: string): Promise<Outcome> =>
    vi.waitFor(
      () => {
        const found = outcomes.find((outcome) => outcome.order === id && outcome.final)
        if (found === undefined)
          throw new Error(`${id} has not ended; said so far: ${JSON.stringify(outcomes.map(({ result }) => result))}`)
        return found
      },
      { timeout: 15_000, interval: 10 },
    )
  const run = async (order: WorkOrder): Promise<Outcome> => {
    await queue.issue(order)
    return ended(order.id)
  }
  const effectOf = async (action: ActionName, seq: number, more: Partial<WorkOrder> = {}): Promise<Effect> => {
    const outcome = await run(orderFor(target, { action, seq, mode: 'prepare', ...more }))
    return resultOf(outcome, 'prepared').effect
  }

  return {
    idp,
    autentico,
    redis,
    keys,
    queue,
    outcomes,
    forgeries,
    target,
    deps,
    worker: options.start === false ? undefined : await start(),
    start,
    run,
    ended,
    effectOf,
    async approve(action, seq, more = {}) {
      const { basis } = await effectOf(action, seq, more)
      return run(orderFor(target, { action, seq: seq + 1, basis, ...more }))
    },
    signIn: async () => signInAs(idp, who, seeded.password),
    sql(text, ...values) {
      const db = new SQLite(idp.databaseFile)
      db.pragma('foreign_keys = ON')
      db.prepare(text).run(...values)
      db.close()
    },
  }
}

/** The result of an outcome, which has to be of this kind. */
export function resultOf<K extends WorkResult['kind']>({ result }: Outcome, kind: K): Extract<WorkResult, { kind: K }> {
  if (result.kind !== kind) throw new Error(`expected ${kind}, got ${JSON.stringify(result)}`)
  return result as Extract<WorkResult, { kind: K }>
}

/** Signs in as a user does, with the password grant. Throws with the answer when it is refused. */
export async function signInAs(
  idp: LocalAutentico,
  username: string,
  password: string,
): Promise<{ readonly access: string; readonly refresh: string }> {
  const response = await fetch(`${idp.url}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: scriptClientId, username, password }),
  })
  const body = (await response.json()) as {
    readonly access_token?: string
    readonly refresh_token?: string
    readonly error?: string
  }
  if (body.access_token === undefined || body.refresh_token === undefined)
    throw new Error(`sign-in refused: ${response.status} ${body.error}`)
  return { access: body.access_token, refresh: body.refresh_token }
}
