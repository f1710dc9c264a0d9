import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { accountState } from './account-state.ts'
import { cleanUp } from './cleanup.ts'
import { Control } from './control.ts'
import { ensureEnvironmentFile, type ProcessVariables, readEnvironment } from './environment.ts'
import { serve } from './http.ts'
import { createIds } from './ids.ts'
import { createRateLimit, type RateLimit } from './rate-limit.ts'
import { dispatch } from './router.ts'
import { routes } from './routes.ts'
import { prepareDatabase } from './schema.ts'
import { type Accounts, type BotCredentials, readSeed, seedClients, seedCompany } from './seed.ts'
import type { Loot } from './seed-victim.ts'
import { Settings } from './settings.ts'
import { type Reply, refuse } from './wire.ts'
import type { World } from './world.ts'

export type LocalAutenticoOptions = {
  /** Folder of the database, the environment file and what the seed has made. Created when absent. */
  readonly dir: string
  /** Default: any free one. Only 127.0.0.1 is listened on. */
  readonly port?: number
  readonly now?: () => Date
  /** What an empty database starts with: a small company, or only an admin bot. An existing one is left alone. */
  readonly seed?: 'company' | 'empty'
  /** How many ordinary people the company has besides the cast. Default 30. */
  readonly crowd?: number
  /** Settings that differ from a fresh install. */
  readonly settings?: Readonly<Record<string, string>>
  /** What a fresh environment file says about it: off by default, so that tests are not slowed down. */
  readonly rateLimit?: boolean
  /** Win over the environment file, at every start. Default: none. */
  readonly variables?: ProcessVariables
  /** Takes what the server has to say in its log. */
  readonly warn?: (line: string) => void
  readonly accessTokenSeconds?: number
  /** Opens the control doors; default: a random one. */
  readonly controlToken?: string
}

export type LocalAutentico = {
  /** Base address, without a trailing slash. */
  readonly url: string
  /** The address that people know: another one where AUTENTICO_APP_URL says so. */
  readonly publicUrl: string
  readonly databaseFile: string
  readonly environmentFile: string
  /** Of the bot's own admin account and confidential client. */
  readonly credentials: BotCredentials
  /** User ids, and passwords where there is one, by username. */
  readonly accounts: Accounts
  /** What mallory has of alice's, for `steal`; absent with an empty seed. */
  readonly loot?: Loot
  readonly control: Control
  readonly controlToken: string
  /** Stops answering: connections are refused until `restart`. May be called again. */
  readonly stop: () => Promise<void>
  /** Stops and starts on the same files and port: tokens survive, a changed environment file takes effect. */
  readonly restart: () => Promise<void>
}

/**
 * A local Autentico v2.1.3: a real HTTP server on a real SQLite file with the real schema, which another process may read
 * and edit meanwhile. It keeps to the wire contract closely enough that a contract suite passes against it and the
 * original alike. It guards nothing: never give it a real password.
 */
export async function startLocalAutentico(options: LocalAutenticoOptions): Promise<LocalAutentico & AsyncDisposable> {
  mkdirSync(options.dir, { recursive: true })
  const control = new Control()
  const controlToken = options.controlToken ?? randomBytes(24).toString('base64url')
  let running = await run(options, { control, controlToken }, options.port ?? 0)
  const { port, databaseFile, environmentFile, seeded } = running

  return {
    url: running.url,
    publicUrl: running.publicUrl,
    databaseFile,
    environmentFile,
    credentials: seeded.credentials,
    accounts: seeded.accounts,
    ...(seeded.loot === undefined ? {} : { loot: seeded.loot }),
    control,
    controlToken,
    stop: async () => running.stop(),
    async restart() {
      await running.stop()
      running = await run(options, { control, controlToken }, port)
    },
    async [Symbol.asyncDispose]() {
      await running.stop()
    },
  }
}

type Lasting = { readonly control: Control; readonly controlToken: string }

/** One life of the server, from start to stop. */
async function run(options: LocalAutenticoOptions, { control, controlToken }: Lasting, wantedPort: number) {
  const databaseFile = join(options.dir, 'autentico.db')
  const environmentFile = join(options.dir, '.env')
  ensureEnvironmentFile(environmentFile, { rateLimit: options.rateLimit === true })
  const environment = readEnvironment(environmentFile, options.variables ?? {})
  for (const line of environment.warnings) options.warn?.(line)
  const server = createServer()
  server.listen(wantedPort, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`

  const db = new Database(databaseFile)
  prepareDatabase(db)
  const now = options.now ?? (() => new Date())
  const world: World = {
    db,
    now,
    url: environment.appUrl ?? url,
    issuer: `${environment.appUrl ?? url}/oauth2`,
    environment,
    settings: new Settings(db),
    ids: createIds(now),
  }
  prepareSettings(world, options)
  const seeded = prepareSeed(world, options)
  cleanUp(world)

  const answer = answerWith(world, createRateLimit(environment.rateLimits, now))
  const old = oldWorld(world, options.dir)
  const front = {
    control,
    controlToken,
    requestId: world.ids.ordered,
    now,
    answer,
    keepOld: () => old.keep(),
    answerOld: (call: Parameters<typeof answer>[0]) => old.answer(call) ?? answer(call),
    stateOf: accountState(db),
  }
  server.on('request', (request, response) => {
    serve(front, request, response).catch(() => response.destroy())
  })
  return {
    url,
    publicUrl: world.url,
    port,
    databaseFile,
    environmentFile,
    seeded,
    async stop() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      old[Symbol.dispose]()
      db.close()
    },
  }
}

/** An ordinary company has switched on what makes logging in comfortable. */
const companySettings = {
  trust_device_enabled: 'true',
  magic_link_enabled: 'true',
  smtp_host: 'mail.acme.test',
  smtp_username: 'autentico',
  smtp_password: 'drill-mail-password',
  smtp_from: 'login@acme.test',
}

function prepareSettings(world: World, options: LocalAutenticoOptions): void {
  const isFresh = world.settings.stored().size === 0
  world.settings.start(world.now())
  if (!isFresh) return
  const lifetime = options.accessTokenSeconds
  const changed = {
    onboarded: 'true',
    ...(options.seed === 'empty' ? {} : companySettings),
    ...(lifetime === undefined ? {} : { access_token_expiration: `${lifetime}s` }),
    ...options.settings,
  }
  for (const [key, value] of Object.entries(changed)) world.settings.store(key, value, world.now())
  world.settings.reload()
}

function prepareSeed(world: World, options: LocalAutenticoOptions) {
  seedClients(world)
  return (
    readSeed(options.dir) ??
    seedCompany(world, {
      dir: options.dir,
      company: (options.seed ?? 'company') === 'company',
      crowd: options.crowd,
    })
  )
}

const limitedPaths =
  /^\/oauth2\/(authorize|login|mfa|passkey\/(login|discoverable)|verify-email|resend-verification|magic-link|forgot-password|reset-password|token|protocol|device_authorization|revoke|introspect|userinfo)/
const limitedAccountCalls = new Set([
  'POST /account/api/password',
  'DELETE /account/api/mfa/totp',
  'POST /account/api/device/verify',
  'POST /account/api/device/authorize',
  'POST /account/api/device/deny',
])

type Answering = ReturnType<typeof answerWith>

/** A copy of the database as it was, to answer from while what is read lags behind what is true. */
function oldWorld(
  world: World,
  dir: string,
): Disposable & { readonly keep: () => void; readonly answer: (call: Parameters<Answering>[0]) => Reply | undefined } {
  const file = join(dir, 'before.db')
  let kept: { readonly db: Database.Database; readonly answer: Answering } | undefined
  const drop = (): void => {
    kept?.db.close()
    kept = undefined
    rmSync(file, { force: true })
  }
  return {
    keep() {
      drop()
      world.db.prepare('VACUUM INTO ?').run(file)
      const db = new Database(file)
      kept = { db, answer: answerWith({ ...world, db }, undefined) }
    },
    answer: (call) => kept?.answer(call),
    [Symbol.dispose]: drop,
  }
}

function answerWith(world: World, limit: RateLimit | undefined) {
  const table = routes(world)
  return (call: Parameters<typeof dispatch>[1]) => {
    const isLimited = limitedPaths.test(call.path) || limitedAccountCalls.has(`${call.method} ${call.path}`)
    if (isLimited && limit?.allows(call.ip) === false) {
      return refuse(429, 'too_many_requests', 'Rate limit exceeded, please slow down', { 'Retry-After': '1' })
    }
    return dispatch(table, call)
  }
}
