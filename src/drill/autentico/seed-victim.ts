import { cast } from '../cast.ts'
import { audit } from './audit-log.ts'
import { findClient } from './clients.ts'
import { linkIdentity } from './door-federation.ts'
import { storePasskey } from './passkeys.ts'
import { startBrowserLogin } from './sign-in.ts'
import { programTime, sqlTime } from './time.ts'
import { issueTokens } from './tokens.ts'
import { createTotpSecret } from './totp.ts'
import { findUser } from './users.ts'
import { createPasskey } from './webauthn.ts'
import type { Call } from './wire.ts'
import type { World } from './world.ts'

/** What an attacker has of the victim's before the incident is noticed. */
export type Loot = {
  readonly totpSecret: string
  /** One of the passkeys in the victim's account is the attacker's. */
  readonly passkey: { readonly id: string; readonly privateKeyPem: string }
  /** A linked identity at another provider, and the secret that provider signs with. */
  readonly federation: {
    readonly providerId: string
    readonly secret: string
    readonly sub: string
    readonly email: string
  }
}

export type VictimSeed = {
  readonly victimId: string
  readonly accounts: { readonly [username: string]: { readonly id: string } }
  readonly portalClientId: string
  readonly scriptClientId: string
}

/** Gives alice the history and the belongings of someone who has worked there for a while. */
export function seedVictim(world: World, seed: VictimSeed): Loot {
  const { victimId } = seed
  const totpSecret = createTotpSecret()
  world.db
    .prepare('UPDATE users SET totp_secret = ?, totp_verified = 1, two_factor_enabled = 1 WHERE id = ?')
    .run(totpSecret, victimId)
  const passkey = seedPasskeys(world, victimId)
  seedDevices(world, victimId)
  seedSessions(world, seed)
  seedHistory(world, seed.accounts)
  return { totpSecret, passkey, federation: seedFederation(world, victimId) }
}

function seedPasskeys(world: World, userId: string): Loot['passkey'] {
  const own = createPasskey()
  storePasskey(world, { id: own.passkey.id, userId, credential: own.credential, name: 'Laptop' })
  const stolen = createPasskey()
  storePasskey(world, { id: stolen.passkey.id, userId, credential: stolen.credential })
  const privateKeyPem = stolen.passkey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { id: stolen.passkey.id, privateKeyPem }
}

function seedDevices(world: World, userId: string): void {
  const expiry = programTime(new Date(world.now().getTime() + 20 * dayMs))
  for (const name of [firefox.userAgent, phone.userAgent]) {
    world.db
      .prepare('INSERT INTO trusted_devices (id, user_id, device_name, expires_at) VALUES (?, ?, ?, ?)')
      .run(world.ids.secret(), userId, name, expiry)
  }
}

const dayMs = 86_400_000
const firefox = browser('Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', '198.51.100.23')
const phone = browser('Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) Safari/605.1', '198.51.100.77')
const script = browser('curl/8.17.0', '198.51.100.23')

/** Two browsers that are logged in at the portal, and a script. */
function seedSessions(world: World, { victimId, portalClientId, scriptClientId }: VictimSeed): void {
  const user = findUser(world, victimId)
  if (user === undefined) throw new Error('the victim must be there before its sessions')
  const scope = 'openid profile email offline_access'
  const client = findClient(world, portalClientId)
  for (const call of [firefox, phone]) {
    const login = startBrowserLogin(world, call, victimId)
    const granted = {
      user,
      scope,
      grant: 'authorization_code',
      clientId: portalClientId,
      client,
      browserLogin: login.id,
    }
    issueTokens(world, call, granted)
  }
  issueTokens(world, script, { user, scope, grant: 'password', clientId: scriptClientId })
}

function seedFederation(world: World, userId: string): Loot['federation'] {
  const federation = {
    providerId: 'workspace',
    secret: world.ids.secret(),
    sub: 'alice-at-workspace',
    email: cast.alice.email,
  }
  world.db
    .prepare(
      `INSERT INTO federation_providers (id, name, issuer, client_id, client_secret, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(
      federation.providerId,
      'Workspace',
      'https://workspace.acme.test',
      'autentico',
      federation.secret,
      sqlTime(world.now()),
    )
  linkIdentity(world, { userId, providerId: federation.providerId, subject: federation })
  return federation
}

/** Four weeks of logins: the same few people every day, and now and then a mistyped password. */
function seedHistory(world: World, accounts: VictimSeed['accounts']): void {
  const people = Object.entries(accounts).map(([username, { id }]) => ({ id, username }))
  for (let day = 27; day >= 0; day -= 1) {
    for (const [n, person] of people.entries()) {
      if ((n + day) % 5 !== 0) continue
      const at = new Date(world.now().getTime() - day * dayMs - (n % 8) * 3_600_000 - 60_000)
      const then: World = { ...world, now: () => at }
      const call = { ip: `198.51.100.${20 + n}` }
      if ((n + day) % 15 === 0) {
        const detail = { reason: 'Invalid username or password', username: person.username }
        audit(then, call, { event: 'login_failed', target: ['user', ''], detail })
      }
      audit(then, call, {
        event: 'login_success',
        actor: person,
        target: ['user', person.id],
        detail: { method: 'password' },
      })
    }
  }
}

/** A request as a browser of this kind from this address would make it. */
function browser(userAgent: string, ip: string): Call {
  const none = new URLSearchParams()
  return {
    method: 'GET',
    path: '/',
    query: none,
    form: none,
    body: '',
    headers: {},
    cookies: new Map(),
    ip,
    userAgent,
    param: () => '',
  }
}
