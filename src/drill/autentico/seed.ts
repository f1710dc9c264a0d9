import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { cast } from '../cast.ts'
import { createClient, findClient } from './clients.ts'
import { type Loot, seedVictim } from './seed-victim.ts'
import { createUser } from './users.ts'
import { accountClientId, adminClientId, type World } from './world.ts'

/** What the bot signs in with. */
export type BotCredentials = {
  readonly clientId: string
  readonly clientSecret: string
  readonly username: string
  readonly password: string
}

export type Account = { readonly id: string; readonly password: string }
export type Accounts = { readonly [username: string]: Account }
export type Seeded = {
  readonly credentials: BotCredentials
  readonly accounts: Accounts
  /** What mallory has of alice's; absent in an empty seed. */
  readonly loot?: Loot
}

const seeded = z.object({
  credentials: z.object({
    clientId: z.string(),
    clientSecret: z.string(),
    username: z.string(),
    password: z.string(),
  }),
  accounts: z.record(z.string(), z.object({ id: z.string(), password: z.string() })),
  loot: z
    .object({
      totpSecret: z.string(),
      passkey: z.object({ id: z.string(), privateKeyPem: z.string() }),
      federation: z.object({ providerId: z.string(), secret: z.string(), sub: z.string(), email: z.string() }),
    })
    .exactOptional(),
})

/** What an earlier start made in this folder; undefined when there was none. */
export function readSeed(dir: string): Seeded | undefined {
  const file = join(dir, 'seed.json')
  return existsSync(file) ? seeded.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined
}

/** The two clients that every Autentico has. Those that are there, disabled or not, are left alone. */
export function seedClients(world: World): void {
  const common = {
    secret: '',
    grantTypes: ['authorization_code', 'refresh_token'],
    scopes: 'openid profile email offline_access',
    authMethod: 'none',
  }
  if (findClient(world, adminClientId) === undefined) {
    createClient(world, {
      ...common,
      clientId: adminClientId,
      name: 'Autentico Admin UI',
      redirectUris: [`${world.url}/admin/callback`],
    })
  }
  if (findClient(world, accountClientId) === undefined) {
    createClient(world, {
      ...common,
      clientId: accountClientId,
      name: 'Autentico Account UI',
      redirectUris: [`${world.url}/account/callback`],
      postLogoutRedirectUris: [`${world.url}/account/`],
      overrides: { sso_session_idle_timeout: '24h' },
    })
  }
}

/** Clients of the drill's company: one for browsers, one for quick token sessions, one for screens without a keyboard. */
export const portalClientId = 'portal'
export const scriptClientId = 'company-scripts'
export const deviceClientId = 'meeting-room-screen'

/**
 * Fills an empty database and remembers, in a file beside it, what a later start cannot read back. Always there: the bot
 * with its confidential client, and one more admin. The company adds the cast, two names of which one contains the other,
 * and a crowd.
 */
export function seedCompany(
  world: World,
  options: { readonly dir: string; readonly company: boolean; readonly crowd?: number | undefined },
): Seeded {
  const credentials = seedBot(world)
  const accounts: Record<string, Account> = {}
  const add = (username: string, email: string, role = 'user'): void => {
    const password = `${username}-${world.ids.secret().slice(0, 16)}`
    const { id } = createUser(world, { username, password, email })
    world.db.prepare('UPDATE users SET role = ?, is_email_verified = 1 WHERE id = ?').run(role, id)
    accounts[username] = { id, password }
  }
  add('admin', 'admin@acme.test', 'admin')
  if (options.company) seedCompanyClients(world)
  if (options.company) {
    for (const person of [cast.alice, cast.ana, cast.bao]) add(person.handle, person.email)
    add(cast.chi.handle, cast.chi.email, 'admin')
    // The one name is a part of the other, and a search for it finds both.
    for (const name of ['bobb', 'bobby']) add(name, `${name}@acme.test`)
    for (let n = 1; n <= (options.crowd ?? usualCrowd); n += 1) add(userName(n), `${userName(n)}@acme.test`)
  }
  const alice = accounts[cast.alice.handle]
  const loot =
    alice === undefined
      ? undefined
      : seedVictim(world, { victimId: alice.id, accounts, portalClientId, scriptClientId })
  const result: Seeded = { credentials, accounts, ...(loot === undefined ? {} : { loot }) }
  writeFileSync(join(options.dir, 'seed.json'), JSON.stringify(result), { mode: 0o600 })
  return result
}

const usualCrowd = 30

function userName(n: number): string {
  return `user-${String(n).padStart(3, '0')}`
}

function seedBot(world: World): BotCredentials {
  const credentials = {
    clientId: 'incident-bot',
    clientSecret: world.ids.secret(),
    username: 'incident-bot',
    password: world.ids.secret(),
  }
  const bot = createUser(world, {
    username: credentials.username,
    password: credentials.password,
    email: 'incident-bot@acme.test',
  })
  world.db.prepare(`UPDATE users SET role = 'admin' WHERE id = ?`).run(bot.id)
  createClient(world, {
    clientId: credentials.clientId,
    name: 'Incident bot',
    secret: credentials.clientSecret,
    redirectUris: ['http://localhost:3000/unused'],
    grantTypes: ['password', 'refresh_token'],
    scopes: 'openid profile email',
    authMethod: 'client_secret_basic',
    overrides: { allowed_audiences: JSON.stringify([adminClientId]) },
  })
  return credentials
}

function seedCompanyClients(world: World): void {
  const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
  const scopes = 'openid profile email offline_access'
  const common = { secret: '', scopes, authMethod: 'none', redirectUris: ['http://localhost:3000/callback'] }
  const withRefresh = (grant: string): readonly string[] => [grant, 'refresh_token']
  createClient(world, {
    ...common,
    clientId: portalClientId,
    name: 'Employee portal',
    grantTypes: withRefresh('authorization_code'),
  })
  createClient(world, {
    ...common,
    clientId: scriptClientId,
    name: 'Company scripts',
    grantTypes: withRefresh('password'),
  })
  createClient(world, {
    ...common,
    clientId: deviceClientId,
    name: 'Meeting room screen',
    grantTypes: withRefresh(deviceGrant),
  })
}
