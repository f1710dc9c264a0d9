import { hashPassword, isPassword } from './passwords.ts'
import { readWords } from './settings.ts'
import { durationMs, sqlTime } from './time.ts'
import type { Call } from './wire.ts'
import type { World } from './world.ts'

export type ClientRow = {
  readonly client_id: string
  readonly client_secret: string | null
  readonly client_name: string
  readonly client_type: string
  readonly redirect_uris: string
  readonly post_logout_redirect_uris: string
  readonly grant_types: string
  readonly response_types: string
  readonly scopes: string
  readonly token_endpoint_auth_method: string
  readonly is_active: number
  readonly access_token_expiration: string | null
  readonly refresh_token_expiration: string | null
  readonly authorization_code_expiration: string | null
  readonly allowed_audiences: string | null
  readonly allow_self_signup: number | null
  readonly sso_session_idle_timeout: string | null
  readonly trust_device_enabled: number | null
  readonly trust_device_expiration: string | null
  readonly consent_required: number | null
}

/** A client, disabled or not. */
export function findClient(world: World, clientId: string): ClientRow | undefined {
  return world.db.prepare<[string], ClientRow>('SELECT * FROM clients WHERE client_id = ?').get(clientId)
}

export function findActiveClient(world: World, clientId: string): ClientRow | undefined {
  const client = findClient(world, clientId)
  return client?.is_active === 1 ? client : undefined
}

export type NewClient = {
  readonly clientId: string
  readonly name: string
  /** '' for a public client. */
  readonly secret: string
  readonly redirectUris: readonly string[]
  readonly postLogoutRedirectUris?: readonly string[]
  readonly grantTypes: readonly string[]
  readonly responseTypes?: readonly string[]
  readonly scopes: string
  readonly authMethod: string
  readonly overrides?: Readonly<Record<string, string | number | null>>
}

/** Throws the database's own error when the id is taken. */
export function createClient(world: World, client: NewClient): void {
  const at = sqlTime(world.now())
  const values: Record<string, string | number | null> = {
    id: world.ids.secret(),
    client_id: client.clientId,
    client_secret: client.secret === '' ? '' : hashPassword(client.secret),
    client_name: client.name,
    client_type: client.secret === '' ? 'public' : 'confidential',
    redirect_uris: JSON.stringify(client.redirectUris),
    post_logout_redirect_uris: JSON.stringify(client.postLogoutRedirectUris ?? []),
    grant_types: JSON.stringify(client.grantTypes),
    response_types: JSON.stringify(client.responseTypes ?? ['code']),
    scopes: client.scopes,
    token_endpoint_auth_method: client.authMethod,
    consent_required: null,
    created_at: at,
    updated_at: at,
    ...client.overrides,
  }
  const columns = Object.keys(values)
  world.db
    .prepare(`INSERT INTO clients (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
    .run(...Object.values(values))
}

/** The client id and secret a call presents: HTTP Basic wins over the form. */
export function clientCredentials(call: Call): {
  readonly id: string
  readonly secret: string
  readonly basic: boolean
} {
  const basic = /^basic (.+)$/i.exec(call.headers.authorization ?? '')?.[1]
  if (basic !== undefined) {
    const decoded = Buffer.from(basic, 'base64').toString('utf8')
    const colon = decoded.indexOf(':')
    if (colon >= 0) return { id: decoded.slice(0, colon), secret: decoded.slice(colon + 1), basic: true }
  }
  return { id: call.form.get('client_id') ?? '', secret: call.form.get('client_secret') ?? '', basic: false }
}

/** The authenticated client, undefined when the call names none, or what is wrong as text. */
export function authenticateClient(world: World, call: Call): ClientRow | undefined | string {
  const { id, secret, basic } = clientCredentials(call)
  if (id === '' && !basic) return undefined
  const client = findActiveClient(world, id)
  if (client === undefined) return basic ? 'invalid client credentials' : 'unknown client_id'
  if (client.client_type === 'public') return client
  if (secret === '') return basic ? 'client secret required for confidential clients' : 'client secret required'
  return isPassword(secret, client.client_secret) ? client : 'invalid client credentials'
}

export function allowsGrant(client: ClientRow, grant: string): boolean {
  return readWords(client.grant_types).includes(grant)
}

/** Whether every scope is one of the client's; a client without any allows all. */
export function allowsScope(client: ClientRow | undefined, scope: string): boolean {
  if (client === undefined || client.scopes === '') return true
  const allowed = client.scopes.split(' ')
  return scope.split(' ').every((word) => word === '' || allowed.includes(word))
}

/** Exact, or with one `*` standing for anything. */
export function allowsRedirect(client: ClientRow, uri: string): boolean {
  return readWords(client.redirect_uris).some((allowed) => {
    const star = allowed.indexOf('*')
    if (star < 0) return allowed === uri
    return uri.startsWith(allowed.slice(0, star)) && uri.endsWith(allowed.slice(star + 1))
  })
}

type Lifetime = 'access_token_expiration' | 'refresh_token_expiration' | 'authorization_code_expiration'

/** Milliseconds: the client's own, or the instance's. */
export function lifetime(world: World, client: ClientRow | undefined, name: Lifetime): number {
  return durationMs(client?.[name] ?? '') ?? world.settings.duration(name)
}
