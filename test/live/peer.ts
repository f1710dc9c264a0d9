import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { vi } from 'vitest'
import { z } from 'zod'
import { Browser } from '#/drill/autentico/browser.ts'
import { startAutenticoProcess } from '#/drill/autentico/own-process.ts'
import type { BotCredentials } from '#/drill/autentico/seed.ts'
import { type Answer, answerOf, type Json, text } from './answer.ts'

/** A server under test. */
export type Origin = {
  readonly url: string
  readonly credentials: BotCredentials
  readonly databaseFile?: string
  /** Where there is one, the suite may change the environment file and restart the server. */
  readonly environment?: ServerEnvironment
  readonly stop: () => Promise<void>
}

export type ServerEnvironment = { readonly file: string; readonly restartCommand: readonly string[] }

export type PeerKind = {
  readonly name: string
  readonly hasDatabase: boolean
  /** Why the server cannot be restarted with another environment; undefined when it can. */
  readonly cannotRestart?: string
  readonly start: () => Promise<Origin>
}

/** The local Autentico always, and a real one when the environment says where it is. */
export function peerKinds(env: NodeJS.ProcessEnv): readonly PeerKind[] {
  const url = env['AUTENTICO_URL']
  const local: PeerKind = { name: 'the local Autentico', hasDatabase: true, start: startLocal }
  if (url === undefined || url === '') return [local]
  const databaseFile = env['AUTENTICO_DB_PATH']
  const environment = serverEnvironment(env)
  const credentials = {
    clientId: env['AUTENTICO_CLIENT_ID'] ?? '',
    clientSecret: env['AUTENTICO_CLIENT_SECRET'] ?? '',
    username: env['AUTENTICO_USERNAME'] ?? '',
    password: env['AUTENTICO_PASSWORD'] ?? '',
  }
  const real: PeerKind = {
    name: `Autentico at ${url}`,
    hasDatabase: databaseFile !== undefined,
    ...(environment === undefined
      ? { cannotRestart: 'set AUTENTICO_ENV_FILE and AUTENTICO_RESTART_COMMAND to try this with a real Autentico' }
      : {}),
    start: async () => ({
      url,
      credentials,
      ...(databaseFile === undefined ? {} : { databaseFile }),
      ...(environment === undefined ? {} : { environment }),
      stop: async () => {},
    }),
  }
  return [local, real]
}

/** The command is a program and its arguments: a JSON list of strings, or words without quotes. */
function serverEnvironment(env: NodeJS.ProcessEnv): ServerEnvironment | undefined {
  const file = env['AUTENTICO_ENV_FILE'] ?? ''
  const command = env['AUTENTICO_RESTART_COMMAND'] ?? ''
  if (file === '' || command === '') return undefined
  const words = command.startsWith('[') ? z.array(z.string()).parse(JSON.parse(command)) : command.split(/\s+/)
  return { file, restartCommand: words }
}

async function startLocal(): Promise<Origin> {
  const dir = mkdtempSync(join(tmpdir(), 'autentico-live-'))
  const { url, credentials, databaseFile, environmentFile, restartCommand, stop } = await startAutenticoProcess({ dir })
  return {
    url,
    credentials,
    databaseFile,
    environment: { file: environmentFile, restartCommand },
    async stop() {
      await stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** An account made for one test, with a password that only the test knows. */
export type Victim = {
  readonly id: string
  readonly username: string
  readonly password: string
  readonly email: string
}

const allGrants = ['authorization_code', 'password', 'refresh_token', deviceGrant()]

export function deviceGrant(): string {
  return 'urn:ietf:params:oauth:grant-type:device_code'
}

/** A server with an admin's token, and what a test needs to make victims on it and take them away again. */
export class Peer {
  readonly url: string
  readonly origin: Origin
  /** A public client with every grant that users have; its tokens are good for the self-service API too. */
  readonly clientId = `live-${randomBytes(4).toString('hex')}`
  readonly #victims: string[] = []
  readonly #clients: string[] = []
  readonly #settings = new Map<string, string>()
  #environment: string | undefined
  #token = ''

  private constructor(origin: Origin) {
    this.origin = origin
    this.url = origin.url
  }

  static async open(kind: PeerKind): Promise<Peer> {
    const peer = new Peer(await kind.start())
    await peer.renewToken()
    await peer.createClient({
      client_id: peer.clientId,
      client_type: 'public',
      allowed_audiences: ['autentico-account'],
    })
    return peer
  }

  /** Takes away what the tests made. An account that cannot be deleted is left deactivated; clients can only be disabled. */
  async close(): Promise<void> {
    await this.renewToken()
    for (const [key, value] of this.#settings) await this.api('PUT', '/settings', { [key]: value })
    for (const id of this.#victims) {
      const { status } = await this.api('DELETE', `/users/${id}`)
      if (status === 500) await this.api('POST', `/users/${id}/deactivate`)
    }
    for (const id of this.#clients) await this.api('DELETE', `/clients/${id}`)
    await this.origin.stop()
  }

  async renewToken(): Promise<string> {
    this.#token = text((await this.botGrant()).json, 'access_token')
    return this.#token
  }

  /** The password grant of the bot itself, with its client secret in the header. */
  async botGrant(fields: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { clientId, clientSecret, username, password } = this.origin.credentials
    const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
    const headers = { Authorization: `Basic ${basic}` }
    return this.form('/oauth2/token', { grant_type: 'password', username, password, ...fields }, headers)
  }

  /** A call of the admin API as the bot. */
  async api(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.send(method, `/admin/api${path}`, { headers: { Authorization: `Bearer ${this.#token}` }, body })
  }

  async send(
    method: string,
    path: string,
    sent: { readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown } = {},
  ): Promise<Answer> {
    const body = sent.body === undefined ? {} : { body: JSON.stringify(sent.body) }
    const headers = { ...(sent.body === undefined ? {} : { 'Content-Type': 'application/json' }), ...sent.headers }
    return answerOf(await fetch(this.url + path, { method, headers, redirect: 'manual', ...body }))
  }

  async form(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const init = { method: 'POST', headers, body: new URLSearchParams(fields), redirect: 'manual' } as const
    return answerOf(await fetch(this.url + path, init))
  }

  async createClient(fields: Json): Promise<Answer> {
    const answer = await this.api('POST', '/clients', {
      client_name: 'Live contract',
      redirect_uris: ['http://localhost:3000/callback'],
      grant_types: allGrants,
      scopes: 'openid profile email offline_access',
      ...fields,
    })
    if (answer.status === 201) this.#clients.push(text(answer.json, 'client_id'))
    return answer
  }

  async victim(name = 'vic'): Promise<Victim> {
    const username = `${name}-${randomBytes(4).toString('hex')}`
    const password = randomBytes(12).toString('hex')
    const email = `${username}@acme.test`
    const created = await this.api('POST', '/users', { username, password, email })
    const id = text(created.json, 'data', 'id')
    this.#victims.push(id)
    return { id, username, password, email }
  }

  /** The password grant of a victim, at the public client unless told otherwise. */
  async grant(victim: Victim, fields: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { username, password } = victim
    const known = { grant_type: 'password', client_id: this.clientId, username, password }
    return this.form('/oauth2/token', { ...known, ...fields })
  }

  async refresh(token: string, fields: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const known = { grant_type: 'refresh_token', refresh_token: token, client_id: this.clientId }
    return this.form('/oauth2/token', { ...known, ...fields })
  }

  /** Status of the userinfo endpoint for a token: 200 while it is alive. */
  async userinfo(token: string): Promise<number> {
    return (await this.send('GET', '/oauth2/userinfo', { headers: { Authorization: `Bearer ${token}` } })).status
  }

  browser(): Browser {
    return new Browser({ url: this.url, clientId: this.clientId, redirectUri: 'http://localhost:3000/callback' })
  }

  /** Changes settings and remembers what they were, for `close`. */
  async settings(changes: Readonly<Record<string, string>>): Promise<void> {
    const { json } = await this.api('GET', '/settings')
    for (const key of Object.keys(changes)) {
      if (!this.#settings.has(key)) this.#settings.set(key, text(json, 'data', key))
    }
    await this.api('PUT', '/settings', changes)
  }

  /**
   * Restarts the server with the environment file that it had at first, save for these variables; undefined takes a variable out.
   * Then signs in again: a new key ends the bot's own token too.
   */
  async restart(changes: Readonly<Record<string, string | undefined>>): Promise<void> {
    const { environment } = this.origin
    if (environment === undefined) throw new Error('this peer cannot be restarted')
    this.#environment ??= readFileSync(environment.file, 'utf8')
    const names = Object.keys(changes)
    const added = names.flatMap((name) => (changes[name] === undefined ? [] : [`${name}=${changes[name]}`]))
    const kept = this.#environment.split('\n').filter((line) => !names.some((name) => line.startsWith(`${name}=`)))
    writeFileSync(environment.file, [...added, ...kept].join('\n'))
    const [program = '', ...args] = environment.restartCommand
    await promisify(execFile)(program, args)
    await vi.waitUntil(async () => this.isUp(), { timeout: 15_000, interval: 20 })
    await this.renewToken()
  }

  async isUp(): Promise<boolean> {
    // A connection that was kept open would be one to the process that has ended.
    const asked = fetch(`${this.url}/healthz`, { headers: { Connection: 'close' } })
    return asked.then(
      ({ ok }) => ok,
      () => false,
    )
  }

  /** Works on the server's database from outside, as another process would. */
  sql<T>(work: (db: Database.Database) => T): T {
    if (this.origin.databaseFile === undefined) throw new Error('this peer has no database at hand')
    const db = new Database(this.origin.databaseFile)
    try {
      db.pragma('busy_timeout = 5000')
      db.pragma('foreign_keys = ON')
      return work(db)
    } finally {
      db.close()
    }
  }
}
