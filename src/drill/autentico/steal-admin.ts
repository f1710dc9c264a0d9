import Database from 'better-sqlite3'
import type { Browser, Step, Tokens } from './browser.ts'
import { disguise, malloryAt } from './disguise.ts'
import { backdateAudit, intruderWith, rogueProvider } from './intruder.ts'
import { enter, enterByProvider, useAdminToken, useGrant, useToken } from './let-in.ts'
import type { LocalAutentico } from './local-autentico.ts'
import { browserCookie } from './sign-in.ts'
import { type Thief, thiefWith, type WayIn } from './thief.ts'
import { adminClientId } from './world.ts'

type Server = Pick<LocalAutentico, 'url' | 'publicUrl' | 'accounts'>

/** What mallory left behind as an administrator, to come back by. */
export type Planted = {
  readonly clientId: string
  readonly providerId: string
  /** An ordinary account that was made an administrator. */
  readonly adminId: string
  readonly adminName: string
  /** A setting that was opened. */
  readonly setting: string
}

/** Whom mallory makes an administrator, who is let in by the rogue client, and whom the rogue provider vouches for. */
const cronies = { promoted: 'bobby', phished: 'user-004', vouchedFor: 'user-005' } as const

/**
 * Mallory uses an administrator's token for a while, by real requests. What that left in the audit log is put into the night before, so
 * that a review has something to go back to.
 */
export async function plantDoors(
  autentico: Server & Pick<LocalAutentico, 'databaseFile'>,
  { admin, now = new Date() }: { readonly admin: string; readonly now?: Date },
): Promise<Planted> {
  const actor = accountOf(autentico, admin)
  const promoted = accountOf(autentico, cronies.promoted)
  const { access_token } = await signIn(malloryAt(autentico, 'admin'), { username: admin, password: actor.password })
  const intruder = intruderWith(autentico, access_token)
  const clientId = await intruder.addClient()
  const providerId = await intruder.addProvider()
  await intruder.promote(promoted.id)
  const setting = 'allow_self_signup'
  await intruder.openSettings({ [setting]: 'true' })
  const db = new Database(autentico.databaseFile, { timeout: 5_000 })
  try {
    const hour = 3_600_000
    backdateAudit(db, {
      actorId: actor.id,
      from: new Date(now.getTime() - 9 * hour),
      to: new Date(now.getTime() - 8 * hour),
      since: now,
    })
  } finally {
    db.close()
  }
  return { clientId, providerId, adminId: promoted.id, adminName: cronies.promoted, setting }
}

/**
 * Takes an administrator's tokens and cookie by a login at the admin interface; with `password`, that as well. The doors that were
 * planted are tried too.
 */
export async function stealAdmin(
  autentico: Server,
  { admin, planted, password }: { readonly admin: string; readonly planted: Planted; readonly password: boolean },
): Promise<Thief> {
  const account = { username: admin, password: accountOf(autentico, admin).password }
  const browser = malloryAt(autentico, 'admin')
  const tokens = await signIn(browser, account)
  const refresh = await signIn(malloryAt(autentico, 'admin'), account)
  const own: readonly WayIn[] = [
    { door: 'admin token', enter: async () => useAdminToken(autentico, tokens) },
    {
      door: 'single sign-on cookie',
      enter: async () => {
        // Only the cookie is stolen, so nothing else of that browser is used.
        const other = malloryAt(autentico, 'admin')
        other.cookies.set(browserCookie, browser.cookies.get(browserCookie) ?? '')
        return enter(autentico, other, await other.silently(), useAdminToken)
      },
    },
    { door: 'refresh token', once: true, enter: async () => refreshed(autentico, refresh) },
  ]
  const byPassword: WayIn = { door: 'password', enter: async () => enterAsAdmin(autentico, account) }
  return thiefWith([...own, ...(password ? [byPassword] : []), ...plantedWays(autentico, planted)])
}

function plantedWays(autentico: Server, { clientId, providerId, adminName }: Planted): readonly WayIn[] {
  const { url } = autentico
  return [
    {
      door: `administrator ${adminName}`,
      enter: async () =>
        enterAsAdmin(autentico, { username: adminName, password: accountOf(autentico, adminName).password }),
    },
    {
      door: 'client of mallory’s',
      enter: async () => {
        const username = cronies.phished
        const { password } = accountOf(autentico, username)
        const body = new URLSearchParams({ grant_type: 'password', client_id: clientId, username, password })
        return useGrant(autentico, await fetch(`${url}/oauth2/token`, { method: 'POST', headers: disguise(), body }))
      },
    },
    {
      door: 'provider of mallory’s',
      enter: async () =>
        enterByProvider(autentico, malloryAt(autentico, 'account'), {
          providerId,
          secret: rogueProvider.client_secret,
          sub: cronies.vouchedFor,
          email: `${cronies.vouchedFor}@acme.test`,
          at: new Date(),
        }),
    },
  ]
}

async function enterAsAdmin(
  autentico: Server,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<string | undefined> {
  const browser = malloryAt(autentico, 'admin')
  return enter(autentico, browser, await browser.login(username, password), useAdminToken)
}

async function refreshed({ url }: Server, { refresh_token }: Tokens): Promise<string | undefined> {
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token, client_id: adminClientId })
  return useGrant({ url }, await fetch(`${url}/oauth2/token`, { method: 'POST', headers: disguise(), body }), useToken)
}

async function signIn(
  browser: Browser,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<Tokens> {
  const step: Step = await browser.login(username, password)
  const tokens = step.kind === 'code' ? await browser.exchange(step.code) : JSON.stringify(step)
  if (typeof tokens === 'string') throw new Error(`${username} must be robbed while the login works: ${tokens}`)
  return tokens
}

function accountOf({ accounts }: Server, username: string): { readonly id: string; readonly password: string } {
  const account = accounts[username]
  if (account === undefined) throw new Error(`the local Autentico has no ${username}`)
  return account
}
