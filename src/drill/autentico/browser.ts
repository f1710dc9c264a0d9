import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'

export type Page = {
  readonly status: number
  readonly location: string
  readonly text: string
  readonly contentType: string
}

export type Tokens = { readonly access_token: string; readonly refresh_token: string }

/** How a step of a login ended. */
export type Step =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'challenge'; readonly id: string }
  | { readonly kind: 'refused'; readonly detail: string }

export type BrowserOptions = {
  readonly url: string
  readonly clientId: string
  readonly redirectUri: string
  readonly userAgent?: string
  /** What it claims as its address, in X-Forwarded-For. */
  readonly address?: string | (() => string)
}

type Sent = { readonly method?: string; readonly body?: URLSearchParams | string; readonly contentType?: string }

const tokens = z.object({ access_token: z.string(), refresh_token: z.string() })

/**
 * A browser without a screen: cookies, forms with their CSRF tokens, and redirects that are looked at, not followed. It
 * works against the local Autentico and against the original.
 */
export class Browser {
  readonly cookies = new Map<string, string>()
  readonly #options: BrowserOptions
  readonly #verifier = randomBytes(48).toString('base64url')

  constructor(options: BrowserOptions) {
    this.#options = options
  }

  async get(path: string): Promise<Page> {
    return this.#request(path, {})
  }

  async post(path: string, fields: Readonly<Record<string, string>>): Promise<Page> {
    return this.#request(path, { method: 'POST', body: new URLSearchParams(fields) })
  }

  async postJson(path: string, body: unknown): Promise<Page> {
    return this.#request(path, { method: 'POST', contentType: 'application/json', body: JSON.stringify(body) })
  }

  /** The query of a login at this browser's relying party. */
  authorizeQuery(prompt = ''): string {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: this.#options.clientId,
      redirect_uri: this.#options.redirectUri,
      scope: 'openid profile email',
      state: 'drill',
      code_challenge: createHash('sha256').update(this.#verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })
    if (prompt !== '') query.set('prompt', prompt)
    return query.toString()
  }

  /** The fields of the login page, among them the signature that links and passkeys need too. */
  async loginFields(): Promise<Readonly<Record<string, string>>> {
    return formFields((await this.get(`/oauth2/authorize?${this.authorizeQuery('login')}`)).text)
  }

  /** A code for the cookie this browser has, without any form. */
  async silently(): Promise<Step> {
    return stepOf(await this.get(`/oauth2/authorize?${this.authorizeQuery()}`))
  }

  async login(username: string, password: string): Promise<Step> {
    const fields = await this.loginFields()
    return stepOf(await this.post('/oauth2/login', { ...fields, username, password }))
  }

  /** The fields of a second-factor page; without a secret when the user is enrolled. */
  async challengeFields(challengeId: string): Promise<Readonly<Record<string, string>>> {
    return formFields((await this.get(`/oauth2/mfa?challenge_id=${challengeId}`)).text)
  }

  async answerChallenge(challengeId: string, fields: Readonly<Record<string, string>>): Promise<Step> {
    const page = await this.challengeFields(challengeId)
    return stepOf(await this.post('/oauth2/mfa', { ...page, challenge_id: challengeId, ...fields }))
  }

  /** Exchanges a code that this browser was given; the refusal as text when that fails. */
  async exchange(code: string): Promise<Tokens | string> {
    const page = await this.post('/oauth2/token', {
      grant_type: 'authorization_code',
      code,
      client_id: this.#options.clientId,
      redirect_uri: this.#options.redirectUri,
      code_verifier: this.#verifier,
    })
    const parsed = page.status === 200 ? tokens.safeParse(JSON.parse(page.text)) : undefined
    return parsed?.data ?? `${page.status} ${page.text.trim()}`
  }

  async #request(path: string, init: Sent): Promise<Page> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const { address } = this.#options
    const response = await fetch(new URL(path, this.#options.url), {
      method: init.method ?? 'GET',
      ...(init.body === undefined ? {} : { body: init.body }),
      redirect: 'manual',
      headers: {
        Origin: this.#options.url,
        'User-Agent': this.#options.userAgent ?? 'Mozilla/5.0 (drill)',
        ...(address === undefined ? {} : { 'X-Forwarded-For': typeof address === 'string' ? address : address() }),
        ...(cookie === '' ? {} : { Cookie: cookie }),
        ...(init.contentType === undefined ? {} : { 'Content-Type': init.contentType }),
      },
    })
    for (const header of response.headers.getSetCookie()) this.#keep(header)
    return {
      status: response.status,
      location: response.headers.get('location') ?? '',
      text: await response.text(),
      contentType: response.headers.get('content-type') ?? '',
    }
  }

  #keep(header: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? []
    if (value === '') this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}

/** What a page or redirect says about the login. */
export function stepOf(page: Pick<Page, 'status' | 'location' | 'text'>): Step {
  const query = new URL(page.location, 'http://nowhere.test').searchParams
  const code = query.get('code')
  if (code !== null) return { kind: 'code', code }
  const challenge = query.get('challenge_id')
  if (challenge !== null) return { kind: 'challenge', id: challenge }
  const alert = /role="alert"[^>]*>([^<]*)</.exec(page.text)?.[1]
  return { kind: 'refused', detail: query.get('error') ?? alert ?? `${page.status} without a code` }
}

/** Names and values of the hidden fields of a page. */
export function formFields(html: string): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {}
  for (const [tag] of html.matchAll(/<input[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(tag)?.[1]
    const value = /value="([^"]*)"/.exec(tag)?.[1]
    if (name !== undefined && value !== undefined) fields[name] = decodeEntities(value)
  }
  return fields
}

function decodeEntities(text: string): string {
  return text
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}
