import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { formFields, stepOf } from './browser.ts'
import { enter, enterByProvider, refusalOf, refusalText, useGrant, useToken } from './let-in.ts'
import { answer, code, newBrowser, postForm, rob, type Stolen, type Target, withToken } from './robbery.ts'
import { browserCookie } from './sign-in.ts'
import { type Thief, type Tried, triedOf } from './thief.ts'
import { assertPasskey, attestPasskey, createPasskey, relyingParty } from './webauthn.ts'
import { accountClientId } from './world.ts'

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

const repeatableDoors: readonly Door[] = ['access token', 'single sign-on cookie', 'passkey']

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

export type Attempt = Tried & { readonly door: Door; readonly number?: number }

/** Who robbed one account. Codes, links and the refresh token work once; try them again only after a new robbery. */
export type Mallory = Thief & {
  /** Every door, in an order in which none spoils another. */
  readonly attempts: () => Promise<readonly Attempt[]>
  /** Mallory hears of a new password, as from a mailbox that is read along. */
  readonly learns: (password: string) => void
  /** What mallory takes for the victim's password. */
  readonly password: () => string
}

/** Robs the victim of everything that opens a door, by real requests wherever there is a request for it. */
export async function steal(target: Target): Promise<Mallory> {
  const stolen = await rob(target)
  const offered = doors.filter((door) => door !== 'federated identity' || target.federation !== undefined)
  return {
    doors: offered,
    repeatable: repeatableDoors,
    async attempt(door) {
      const known = offered.find((one) => one === door)
      if (known === undefined) throw new Error(`there is no door ${door}`)
      return tryDoor(stolen, known)
    },
    async attempts() {
      const results: Attempt[] = []
      for (const door of offered) results.push(await tryDoor(stolen, door))
      return results
    },
    learns(password) {
      stolen.password = password
    },
    password: () => stolen.password,
  }
}

async function tryDoor(stolen: Stolen, door: Door): Promise<Attempt> {
  const refusal = await ways[door](stolen)
  const number = numbers[door]
  const numbered = number === undefined ? {} : { number }
  return { door, ...numbered, ...triedOf(refusal) }
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
  'trusted device': async ({ target, browser: trusted, password }) => {
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
    const refusal = await usePassword(stolen, password)
    if (refusal === undefined) stolen.password = password
    return refusal
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
  const proof = assertPasskey(passkey, relyingParty(target.publicUrl ?? target.url), request)
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
  const proof = attestPasskey(
    createPasskey().passkey,
    relyingParty(target.publicUrl ?? target.url),
    options.publicKey.challenge,
  )
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
  const { federation, now } = target
  if (federation === undefined) return 'no identity elsewhere'
  return enterByProvider(target, newBrowser(target), { ...federation, at: now?.() ?? new Date() })
}
