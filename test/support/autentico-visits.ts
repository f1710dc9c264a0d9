import Database from 'better-sqlite3'
import { z } from 'zod'
import { Browser, formFields } from '#/drill/autentico/browser.ts'
import { type Intruder, intrude } from '#/drill/autentico/intruder.ts'
import { scriptClientId } from '#/drill/autentico/seed.ts'
import type { Stage, StageOptions } from '#/drill/stage.ts'

/** What Autentico answered to a login; `token` is there when it let the person in. */
export type Login = { readonly status: number; readonly token?: string; readonly refreshToken?: string }

/** Logs in by a script, with the seeded password unless another is given. Leaves a session. */
export async function signIn({ autentico }: Stage, username: string, password?: string): Promise<Login> {
  return passwordGrant(autentico.url, {
    client_id: scriptClientId,
    username,
    password: password ?? autentico.accounts[username]?.password ?? '',
  })
}

/** What a script is answered that goes on with the refresh token of an earlier login. */
export async function refreshed({ autentico }: Stage, { refreshToken = '' }: Login): Promise<Login> {
  return grant(autentico.url, { grant_type: 'refresh_token', client_id: scriptClientId, refresh_token: refreshToken })
}

/** Whether an access token of an earlier login still opens what it is for. */
export async function opens({ autentico }: Stage, { token = '' }: Login): Promise<boolean> {
  const response = await fetch(`${autentico.url}/oauth2/userinfo`, {
    headers: { ...visit, authorization: `Bearer ${token}` },
  })
  return response.ok
}

/** Changes an account as an administrator at the console would, by the admin API. */
export async function changeUser(
  { autentico }: Stage,
  username: string,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  await callAdmin(autentico, { method: 'PUT', path: `/users/${idOf(autentico, username)}`, body: change })
}

/** Suspends an account by the admin API. */
export async function suspendUser({ autentico }: Stage, username: string): Promise<void> {
  await callAdmin(autentico, { method: 'POST', path: `/users/${idOf(autentico, username)}/deactivate` })
}

/** Changes a setting likewise. */
export async function changeSetting({ autentico }: Stage, key: string, value: string): Promise<void> {
  await callAdmin(autentico, { method: 'PUT', path: '/settings', body: { [key]: value } })
}

/** The role of an account as an administrator sees it. */
export async function roleOf({ autentico }: Stage, username: string): Promise<unknown> {
  const read = await callAdmin(autentico, { method: 'GET', path: `/users/${idOf(autentico, username)}` })
  return z.object({ data: z.object({ role: z.string() }) }).parse(read).data.role
}

/** An intruder at the admin API with the password of the administrator called `admin`. */
export async function intrudeAsAdmin({ autentico }: Stage): Promise<Intruder> {
  const { url, accounts, credentials } = autentico
  const { clientId, clientSecret } = credentials
  return intrude({ url, username: 'admin', password: accounts['admin']?.password ?? '', clientId, clientSecret })
}

/** A company whose settings, administrators and clients are its own and known, so that what an intruder changes stands out. */
export const knownCompany: Pick<StageOptions, 'autentico' | 'env'> = {
  autentico: {
    settings: {
      trust_device_enabled: 'false',
      magic_link_enabled: 'false',
      smtp_host: '',
      smtp_username: '',
      smtp_from: '',
    },
  },
  env: { KNOWN_ADMINS: 'admin', KNOWN_CLIENTS: 'portal,company-scripts,meeting-room-screen' },
}

/** The moment an hour ago, as people type it. */
export function anHourAgo(): string {
  return new Date(Date.now() - 3_600_000).toISOString().slice(0, 16).replace('T', ' ')
}

/** Everything that the seed has made just now is from months ago, as in a company that has been there before the incident. */
export function ageCompany({ autentico }: Stage): void {
  const db = new Database(autentico.databaseFile)
  try {
    for (const table of ['users', 'clients'])
      db.prepare(
        `UPDATE ${table} SET created_at = datetime('now', '-90 days'), updated_at = datetime('now', '-60 days')`,
      ).run()
    db.prepare(`UPDATE settings SET updated_at = datetime('now', '-60 days')`).run()
  } finally {
    db.close()
  }
}

function idOf({ accounts }: Stage['autentico'], username: string): string {
  const id = accounts[username]?.id
  if (id === undefined) throw new Error(`the seed has no account ${username}`)
  return id
}

async function callAdmin(
  { url, credentials }: Stage['autentico'],
  { method, path, body }: { readonly method: string; readonly path: string; readonly body?: object },
): Promise<unknown> {
  const { clientId, clientSecret, username, password } = credentials
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  const { token } = await passwordGrant(url, { username, password }, { authorization: `Basic ${basic}` })
  const response = await fetch(`${url}/admin/api${path}`, {
    method,
    headers: { ...visit, authorization: `Bearer ${token ?? ''}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer = await response.text()
  if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${answer}`)
  return answer === '' ? undefined : JSON.parse(answer)
}

async function passwordGrant(
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Login> {
  return grant(url, { grant_type: 'password', scope: 'openid', ...fields }, headers)
}

async function grant(
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Login> {
  const response = await fetch(`${url}/oauth2/token`, {
    method: 'POST',
    headers: { ...visit, ...headers },
    body: new URLSearchParams(fields),
  })
  const { access_token: token, refresh_token: refreshToken } = granted.parse(await response.json())
  return {
    status: response.status,
    ...(token === undefined ? {} : { token }),
    ...(refreshToken === undefined ? {} : { refreshToken }),
  }
}

/** A connection of its own: one that was kept may be that of a server which was restarted meanwhile. */
const visit = { connection: 'close' } as const

const granted = z.object({ access_token: z.string().optional(), refresh_token: z.string().optional() })

/** Somebody opens the link of a device code in a browser, signs in there if they have to, and presses a button. Answers with the page. */
export async function visitDevicePage(
  { autentico }: Stage,
  {
    link,
    username,
    press = 'authorize',
  }: { readonly link: string; readonly username: string; readonly press?: 'authorize' | 'deny' },
  browser: Browser = browserAt(autentico.url),
): Promise<string> {
  const opened = await followed(browser, new URL(link).pathname)
  const password = autentico.accounts[username]?.password ?? ''
  const page = opened.includes('name="password"')
    ? await followed(
        browser,
        (await browser.post('/oauth2/login', { ...formFields(opened), username, password })).location,
      )
    : opened
  return (await browser.post('/account/device', { ...formFields(page), decision: press })).text
}

/** A browser of its own, without any cookie. */
export function browserAt(url: string): Browser {
  return new Browser({ url, clientId: '', redirectUri: '' })
}

async function followed(browser: Browser, path: string): Promise<string> {
  const page = await browser.get(path)
  return page.location === '' ? page.text : followed(browser, page.location)
}
