import { createPrivateKey, randomBytes } from 'node:crypto'
import Database from 'better-sqlite3'
import { z } from 'zod'
import type { Browser, Step, Tokens } from './browser.ts'
import { disguise, malloryAt } from './disguise.ts'
import { linkHash } from './door-links.ts'
import type { Loot } from './seed-victim.ts'
import { totpCode } from './totp.ts'
import { createPasskey, type Passkey } from './webauthn.ts'

/** Whom mallory robs, and what mallory knows of them beforehand. */
export type Target = {
  readonly url: string
  /** The address that people know, where that is another one. */
  readonly publicUrl?: string
  /** For what mallory gets from the victim's mailbox and not from a request: the rows behind links. */
  readonly databaseFile: string
  readonly account: { readonly id: string; readonly username: string; readonly password: string }
  readonly totpSecret: string
  /** A passkey of mallory's that is already in the account; without one, mallory puts one there. */
  readonly passkey?: Loot['passkey']
  /** Without one, that door is not tried. */
  readonly federation?: Loot['federation']
  readonly scriptClientId: string
  readonly deviceClientId: string
  readonly now?: () => Date
}

/** What mallory carries away. */
export type Stolen = {
  readonly target: Target
  readonly passkey: Passkey
  readonly tokens: Tokens
  readonly refresh: Tokens
  readonly browser: Browser
  readonly code: string
  readonly deviceCode: string
  readonly pending: {
    readonly browser: Browser
    readonly id: string
    readonly fields: Readonly<Record<string, string>>
  }
  readonly links: Readonly<Record<'magic' | 'reset' | 'verify', { readonly token: string; readonly browser: Browser }>>
  /** What mallory takes for the victim's password; it may change. */
  password: string
}

/** Takes everything that opens a door, by real requests wherever there is a request for it. */
export async function rob(target: Target): Promise<Stolen> {
  const browser = newBrowser(target)
  const tokens = await signInWithBoth(target, browser)
  const refresh = await signInWithBoth(target, newBrowser(target))
  const step = await browser.silently()
  if (step.kind !== 'code') throw new Error('the victim must be robbed while the login works: no code came')
  return {
    target,
    passkey: takePasskey(target),
    tokens,
    refresh,
    browser,
    code: step.code,
    deviceCode: await takeDeviceCode(target, tokens),
    pending: await takeChallenge(target),
    links: takeLinks(target),
    password: target.account.password,
  }
}

/** A browser of mallory's, at the self-service interface. */
export function newBrowser({ url, publicUrl = url }: Pick<Target, 'url' | 'publicUrl'>): Browser {
  return malloryAt({ url, publicUrl }, 'account')
}

async function signInWithBoth(target: Target, browser: Browser): Promise<Tokens> {
  const { username, password } = target.account
  const first = await browser.login(username, password)
  const step = first.kind === 'challenge' ? await answer(target, browser, first.id) : first
  const tokens = step.kind === 'code' ? await browser.exchange(step.code) : JSON.stringify(step)
  if (typeof tokens === 'string') throw new Error(`the victim must be robbed while the login works: ${tokens}`)
  return tokens
}

/** Answers a second factor with the stolen secret, and asks not to be asked again. */
export async function answer(target: Target, browser: Browser, challengeId: string): Promise<Step> {
  return browser.answerChallenge(challengeId, { code: code(target), trust_device: 'on' })
}

/** The present code of the stolen secret. */
export function code({ totpSecret, now }: Target): string {
  return totpCode(totpSecret, now?.() ?? new Date())
}

function takePasskey(target: Target): Passkey {
  if (target.passkey !== undefined) {
    return { id: target.passkey.id, privateKey: createPrivateKey(target.passkey.privateKeyPem) }
  }
  const { passkey, credential } = createPasskey()
  withDatabase(target, (db) => {
    db.prepare(
      `INSERT INTO passkey_credentials (id, user_id, name, credential, created_at) VALUES (?, ?, '', ?, CURRENT_TIMESTAMP)`,
    ).run(passkey.id, target.account.id, credential)
  })
  return passkey
}

const deviceAnswer = z.object({ device_code: z.string(), user_code: z.string() })

/** A device login that mallory began and the victim's session has already agreed to. */
async function takeDeviceCode(target: Target, tokens: Tokens): Promise<string> {
  const started = await postForm(target, '/oauth2/device_authorization', { client_id: target.deviceClientId })
  const { device_code, user_code } = deviceAnswer.parse(await started.json())
  const agreed = await withToken(target, tokens, '/account/api/device/authorize', { user_code })
  if (!agreed.ok) throw new Error(`the device code was not accepted: ${agreed.status}`)
  return device_code
}

async function takeChallenge(target: Target): Promise<Stolen['pending']> {
  const browser = newBrowser(target)
  const step = await browser.login(target.account.username, target.account.password)
  if (step.kind !== 'challenge') throw new Error('the victim must have TOTP: no second factor was asked for')
  return { browser, id: step.id, fields: await browser.challengeFields(step.id) }
}

function takeLinks(target: Target): Stolen['links'] {
  const link = () => ({ token: randomBytes(32).toString('base64url'), browser: newBrowser(target) })
  const links = { magic: link(), reset: link(), verify: link() }
  withDatabase(target, (db) => {
    const { id } = target.account
    const hour = "datetime('now', '+1 hour')"
    db.prepare(`INSERT INTO magic_link_tokens (id, user_id, token_hash, expires_at) VALUES (?, ?, ?, ${hour})`).run(
      randomBytes(10).toString('hex'),
      id,
      linkHash(links.magic.token),
    )
    db.prepare(`INSERT INTO password_reset_tokens (id, user_id, token_hash, expires_at) VALUES (?, ?, ?, ${hour})`).run(
      randomBytes(10).toString('hex'),
      id,
      linkHash(links.reset.token),
    )
    db.prepare(
      `UPDATE users SET email_verification_token = ?, email_verification_expires_at = ${hour} WHERE id = ?`,
    ).run(linkHash(links.verify.token), id)
  })
  return links
}

function withDatabase({ databaseFile }: Target, edit: (db: Database.Database) => void): void {
  const db = new Database(databaseFile)
  try {
    db.pragma('busy_timeout = 5000')
    db.pragma('foreign_keys = ON')
    edit(db)
  } finally {
    db.close()
  }
}

/** Posts to the self-service API. */
export async function withToken(
  target: Target,
  { access_token }: Tokens,
  path: string,
  body: unknown,
): Promise<Response> {
  const headers = { ...disguise(), Authorization: `Bearer ${access_token}`, 'Content-Type': 'application/json' }
  return fetch(target.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
}

export async function postForm(
  target: Target,
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<Response> {
  return fetch(target.url + path, { method: 'POST', headers: disguise(), body: new URLSearchParams(fields) })
}
