import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { type Browser, formFields, type Step, stepOf, type Tokens } from './browser.ts'
import { providerStatement } from './door-federation.ts'
import { answer, code, newBrowser, postForm, rob, type Stolen, type Target, withToken } from './robbery.ts'
import { browserCookie } from './sign-in.ts'
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

/** Doors that can be tried again and again: they use nothing up. */
export const repeatableDoors: readonly Door[] = ['access token', 'single sign-on cookie', 'passkey']

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
  /** What mallory takes for the victim's password. */
  readonly password: () => string
}

/** Robs the victim of everything that opens a door, by real requests wherever there is a request for it. */
export async function steal(target: Target): Promise<Mallory> {
  const stolen = await rob(target)
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
    password: () => stolen.password,
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
