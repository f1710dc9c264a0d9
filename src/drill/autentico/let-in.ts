import { z } from 'zod'
import { type Browser, type Step, stepOf, type Tokens } from './browser.ts'
import { disguise } from './disguise.ts'
import { providerStatement } from './door-federation.ts'

/** Where somebody tries a token. Each function resolves to why it was refused, or to undefined when it let somebody in. */
type Server = { readonly url: string }

/** The rest of every login in a browser: exchange the code, and see whether the token works. */
export async function enter(server: Server, browser: Browser, step: Step, use = useToken): Promise<string | undefined> {
  if (step.kind === 'refused') return step.detail
  if (step.kind === 'challenge') return 'a second factor was asked for'
  const tokens = await browser.exchange(step.code)
  return typeof tokens === 'string' ? tokens : use(server, tokens)
}

/** An identity at another provider, and the secret that this provider signs with. */
export type Elsewhere = {
  readonly providerId: string
  readonly secret: string
  readonly sub: string
  readonly email: string
  readonly at: Date
}

/** Signs in by another provider, which vouches for whatever its secret signs. */
export async function enterByProvider(
  server: Server,
  browser: Browser,
  { providerId, secret, sub, email, at }: Elsewhere,
): Promise<string | undefined> {
  const begin = await browser.get(`/oauth2/federation/${providerId}?${browser.authorizeQuery()}`)
  if (begin.status !== 302) return `${begin.status} ${begin.text.trim()}`
  const state = new URL(begin.location).searchParams.get('state') ?? ''
  const query = new URLSearchParams({ state, code: providerStatement(secret, { sub, email }, at) })
  const page = await browser.get(`/oauth2/federation/${providerId}/callback?${query.toString()}`)
  return enter(server, browser, stepOf(page))
}

/** What the token endpoint answered, and whether the token in it works. */
export async function useGrant(server: Server, response: Response, use = useToken): Promise<string | undefined> {
  if (!response.ok) return refusalText(response)
  return use(server, z.object({ access_token: z.string() }).parse(await response.json()))
}

/** Whether a token still says who somebody is. */
export async function useToken(
  { url }: Server,
  { access_token }: Pick<Tokens, 'access_token'>,
): Promise<string | undefined> {
  return refusalOf(
    fetch(`${url}/oauth2/userinfo`, { headers: { ...disguise(), Authorization: `Bearer ${access_token}` } }),
  )
}

/** Whether a token opens the admin API. */
export async function useAdminToken(
  { url }: Server,
  { access_token }: Pick<Tokens, 'access_token'>,
): Promise<string | undefined> {
  const headers = { ...disguise(), Authorization: `Bearer ${access_token}` }
  return refusalOf(fetch(`${url}/admin/api/users?limit=1`, { headers }))
}

export async function refusalOf(answering: Promise<Response>): Promise<string | undefined> {
  const response = await answering
  if (response.ok) {
    await response.arrayBuffer()
    return undefined
  }
  return refusalText(response)
}

export async function refusalText(response: Response): Promise<string> {
  return `${response.status} ${(await response.text()).trim()}`
}
