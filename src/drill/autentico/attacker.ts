import { createPrivateKey, randomBytes } from 'node:crypto'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { Browser, formFields, type Step, stepOf, type Tokens } from './browser.ts'
import { providerStatement } from './door-federation.ts'
import { linkHash } from './door-links.ts'
import type { Loot } from './seed-victim.ts'
import { browserCookie } from './sign-in.ts'
import { totpCode } from './totp.ts'
import { assertPasskey, attestPasskey, createPasskey, type Passkey, relyingParty } from './webauthn.ts'
import { accountClientId } from './world.ts'

/** Whom mallory robs, and what mallory knows of them beforehand. */
export type Target = {
  readonly url: string
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

export const doors = [
  'access token',
  're-armed TOTP',
  'another passkey',
  'single sign-on cookie',
  'password',
  'passkey',
  'trusted device',
  'authorization code',
  'device code',
  'pending second factor',
  'magic link',
  'e-mail verification link',
  'federated identity',
  'refresh token',
  'password-reset link',
] as const

export type Door = (typeof doors)[number]

/** Places in the list of doors that stay open after revocation, in Autentico's contract. */
const numbers: { readonly [door in Door]?: number } = {
  passkey: 16,
  'trusted device': 17,
  'authorization code': 18,
  'device code': 19,
  'pending second factor': 20,
  'magic link': 21,
  'password-reset link': 22,
  'e-mail verification link': 23,
  'federated identity': 24,
}

export type Attempt = {
  readonly door: Door
  readonly number?: number
  /** `in` means that a token worked or a new credential was accepted, not that a page looked friendly. */
  readonly got: 'in' | 'out'
  readonly detail: string
}

export type Mallory = {
  readonly doors: readonly Door[]
  /** One door. Codes, links and the refresh token work once; try them again only after a new robbery. */
  readonly attempt: (door: Door) => Promise<Attempt>
  /** Every door, in an order in which none spoils another. */
  readonly attempts: () => Promise<readonly Attempt[]>
  /** Mallory hears of a new password, as from a mailbox that is read along. */
  readonly learns: (password: string) => void
}

type Stolen = {
  readonly target: Target
  readonly passkey: Passkey
  readonly tokens: Tokens
  readonly refresh: Tokens
  readonly browser: Browser
  readonly trusted: Browser
  readonly code: string
  readonly deviceCode: string
  readonly pending: {
    readonly browser: Browser
    readonly id: string
    readonly fields: Readonly<Record<string, string>>
  }
  readonly links: Readonly<Record<'magic' | 'reset' | 'verify', { readonly token: string; readonly browser: Browser }>>
  readonly signature: Readonly<Record<string, string>>
  password: string
}

/** Robs the victim of everything that opens a door, by real requests wherever there is a request for it. */
export async function steal(target: Target): Promise<Mallory> {
  const browser = newBrowser(target)
  const tokens = await signInWithBoth(target, browser)
  const refresh = await signInWithBoth(target, newBrowser(target))
  const codeStep = await browser.silently()
  if (codeStep.kind !== 'code') throw new Error('the victim must be robbed while the login works: no code came')
  const stolen: Stolen = {
    target,
    passkey: takePasskey(target),
    tokens,
    refresh,
    browser,
    trusted: browser,
    code: codeStep.code,
    deviceCode: await takeDeviceCode(target, tokens),
    pending: await takeChallenge(target),
    links: takeLinks(target),
    signature: {},
    password: target.account.password,
  }
  const offered = doors.filter((door) => door !== 'federated identity' || target.federation !== undefined)
  const attempt = async (door: Door): Promise<Attempt> => tryDoor(stolen, door)
  return {
    doors: offered,
    attempt,
    async attempts() {
      const results: Attempt[] = []
      for (const door of offered) results.push(await attempt(door))
      return results
    },
    learns(password) {
      stolen.password = password
    },
  }
}

function newBrowser({ url }: Target): Browser {
  return new Browser({ url, clientId: accountClientId, redirectUri: `${url}/account/callback`, userAgent: 'mallory' })
}

async function signInWithBoth(target: Target, browser: Browser): Promise<Tokens> {
  const { username, password } = target.account
  const first = await browser.login(username, password)
  const step = first.kind === 'challenge' ? await answer(target, browser, first.id) : first
  const tokens = step.kind === 'code' ? await browser.exchange(step.code) : JSON.stringify(step)
  if (typeof tokens === 'string') throw new Error(`the victim must be robbed while the login works: ${tokens}`)
  return tokens
}

async function answer(target: Target, browser: Browser, challengeId: string): Promise<Step> {
  return browser.answerChallenge(challengeId, { code: code(target), trust_device: 'on' })
}

function code({ totpSecret, now }: Target): string {
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

async function tryDoor(stolen: Stolen, door: Door): Promise<Attempt> {
  const refusal = await ways[door](stolen)
  const number = numbers[door]
  const numbered = number === undefined ? {} : { number }
  return { door, ...numbered, got: refusal === undefined ? 'in' : 'out', detail: refusal ?? 'in' }
}

/** A way in; resolves to why it was refused, or to undefined when it worked. */
type Way = (stolen: Stolen) => Promise<string | undefined>

const ways: { readonly [door in Door]: Way } = {
  'access token': async ({ target, tokens }) => useToken(target, tokens),
  're-armed TOTP': async ({ target, tokens }) => {
    return refusalOf(withToken(target, tokens, '/account/api/mfa/totp/verify', { code: code(target) }))
  },
  'another passkey': registerPasskey,
  'single sign-on cookie': async ({ target, browser }) => {
    // Only the cookie is stolen, so nothing else of that browser is used.
    const other = newBrowser(target)
    other.cookies.set(browserCookie, browser.cookies.get(browserCookie) ?? '')
    return enter(target, other, await other.silently())
  },
  password: async (stolen) => usePassword(stolen, stolen.password),
  passkey: usePasskey,
  'trusted device': async ({ target, trusted, password }) => {
    const browser = newBrowser(target)
    for (const [name, value] of trusted.cookies) if (name !== browserCookie) browser.cookies.set(name, value)
    const step = await browser.login(target.account.username, password)
    if (step.kind === 'challenge') return 'a second factor was asked for'
    return enter(target, browser, step)
  },
  'authorization code': async ({ target, browser, code: stolenCode }) => {
    return enter(target, browser, { kind: 'code', code: stolenCode })
  },
  'device code': async ({ target, deviceCode }) => {
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
    const fields = { grant_type, device_code: deviceCode, client_id: target.deviceClientId }
    return useGrant(target, await postForm(target, '/oauth2/token', fields))
  },
  // The secret in the form counts only if TOTP has been reset meanwhile: then it is enrolled as the victim's.
  'pending second factor': async ({ target, pending }) => {
    const fields = { ...pending.fields, challenge_id: pending.id, totp_secret: target.totpSecret, code: code(target) }
    return enter(target, pending.browser, stepOf(await pending.browser.post('/oauth2/mfa', fields)))
  },
  'magic link': async ({ target, links }) => useLink(target, links.magic, '/oauth2/magic-link/verify'),
  'e-mail verification link': async ({ target, links }) => useLink(target, links.verify, '/oauth2/verify-email'),
  'federated identity': useFederation,
  'refresh token': async ({ target, refresh }) => {
    const fields = { grant_type: 'refresh_token', refresh_token: refresh.refresh_token, client_id: accountClientId }
    return useGrant(target, await postForm(target, '/oauth2/token', fields))
  },
  'password-reset link': async (stolen) => {
    const { token, browser } = stolen.links.reset
    const password = `mallory-${randomBytes(9).toString('hex')}`
    const page = formFields((await browser.get(`/oauth2/reset-password?token=${token}`)).text)
    await browser.post('/oauth2/reset-password', { ...page, token, password, confirm_password: password })
    return usePassword(stolen, password)
  },
}

async function usePassword({ target }: Stolen, password: string): Promise<string | undefined> {
  const { username } = target.account
  const fields = {
    grant_type: 'password',
    client_id: target.scriptClientId,
    username,
    password,
    totp_code: code(target),
  }
  return useGrant(target, await postForm(target, '/oauth2/token', fields))
}

const begun = z.object({
  challenge_id: z.string(),
  options: z.object({ publicKey: z.object({ challenge: z.string() }) }),
})

async function usePasskey({ target, passkey }: Stolen): Promise<string | undefined> {
  const browser = newBrowser(target)
  const { 'gorilla.csrf.Token': _, ...fields } = await browser.loginFields()
  const query = new URLSearchParams({ ...fields, username: target.account.username })
  const page = await browser.get(`/oauth2/passkey/login/begin?${query.toString()}`)
  if (page.status !== 200) return `${page.status} ${page.text.trim()}`
  const { challenge_id, options } = begun.parse(JSON.parse(page.text))
  const request = { challenge: options.publicKey.challenge, userId: target.account.id }
  const proof = assertPasskey(passkey, relyingParty(target.url), request)
  const finished = await browser.postJson(`/oauth2/passkey/login/finish?challenge_id=${challenge_id}`, proof)
  if (finished.status !== 200) return `${finished.status} ${finished.text.trim()}`
  const { redirect } = z.object({ redirect: z.string() }).parse(JSON.parse(finished.text))
  return enter(target, browser, stepOf({ status: 200, location: redirect, text: '' }))
}

const begunAtAccount = z.object({ data: begun })

async function registerPasskey({ target, tokens, password }: Stolen): Promise<string | undefined> {
  const door = '/account/api/passkeys/register'
  const started = await withToken(target, tokens, `${door}/begin`, { current_password: password })
  if (!started.ok) return refusalText(started)
  const { challenge_id, options } = begunAtAccount.parse(await started.json()).data
  const proof = attestPasskey(createPasskey().passkey, relyingParty(target.url), options.publicKey.challenge)
  return refusalOf(withToken(target, tokens, `${door}/finish?challenge_id=${challenge_id}`, proof))
}

async function useLink(
  target: Target,
  { token, browser }: Stolen['links']['magic'],
  path: string,
): Promise<string | undefined> {
  const { 'gorilla.csrf.Token': _, ...fields } = await browser.loginFields()
  const step = stepOf(await browser.get(`${path}?${new URLSearchParams({ ...fields, token }).toString()}`))
  return enter(target, browser, step.kind === 'challenge' ? await answer(target, browser, step.id) : step)
}

async function useFederation({ target }: Stolen): Promise<string | undefined> {
  if (target.federation === undefined) return 'no identity elsewhere'
  const { providerId, secret, sub, email } = target.federation
  const browser = newBrowser(target)
  const begin = await browser.get(`/oauth2/federation/${providerId}?${browser.authorizeQuery()}`)
  if (begin.status !== 302) return `${begin.status} ${begin.text.trim()}`
  const state = new URL(begin.location).searchParams.get('state') ?? ''
  const statement = providerStatement(secret, { sub, email }, target.now?.() ?? new Date())
  const query = new URLSearchParams({ state, code: statement })
  const page = await browser.get(`/oauth2/federation/${providerId}/callback?${query.toString()}`)
  return enter(target, browser, stepOf(page))
}

/** The rest of every browser door: exchange the code, and see whether the token works. */
async function enter(target: Target, browser: Browser, step: Step): Promise<string | undefined> {
  if (step.kind === 'refused') return step.detail
  if (step.kind === 'challenge') return 'a second factor was asked for'
  const tokens = await browser.exchange(step.code)
  return typeof tokens === 'string' ? tokens : useToken(target, tokens)
}

async function useGrant(target: Target, response: Response): Promise<string | undefined> {
  if (!response.ok) return refusalText(response)
  const { access_token } = z.object({ access_token: z.string() }).parse(await response.json())
  return useToken(target, { access_token })
}

async function useToken(target: Target, { access_token }: Pick<Tokens, 'access_token'>): Promise<string | undefined> {
  const headers = { Authorization: `Bearer ${access_token}` }
  return refusalOf(fetch(`${target.url}/oauth2/userinfo`, { headers }))
}

async function withToken(target: Target, { access_token }: Tokens, path: string, body: unknown): Promise<Response> {
  const headers = { Authorization: `Bearer ${access_token}`, 'Content-Type': 'application/json' }
  return fetch(target.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function postForm(target: Target, path: string, fields: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(target.url + path, { method: 'POST', body: new URLSearchParams(fields) })
}

async function refusalOf(answering: Promise<Response>): Promise<string | undefined> {
  const response = await answering
  if (response.ok) {
    await response.arrayBuffer()
    return undefined
  }
  return refusalText(response)
}

async function refusalText(response: Response): Promise<string> {
  return `${response.status} ${(await response.text()).trim()}`
}
