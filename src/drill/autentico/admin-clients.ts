import { z } from 'zod'
import { audit } from './audit-log.ts'
import { adminOnly, type Caller } from './bearer.ts'
import { flagField, readBody, textField, textListField } from './body.ts'
import { type ClientRow, createClient, findClient } from './clients.ts'
import { type ListRules, readListQuery } from './list-query.ts'
import type { Route } from './router.ts'
import { readWords } from './settings.ts'
import { programTime, sqlTime } from './time.ts'
import { isDuplicate } from './users.ts'
import { isWebUrl } from './validation.ts'
import { type Call, list, nothing, type Reply, raw, refuse, refuseFilter } from './wire.ts'
import type { World } from './world.ts'

/** Client management, at the admin API and at the registration endpoint. */
export function adminClientRoutes(world: World, oauthPath: string): readonly Route[] {
  const admin = (handler: (world: World, call: Call, caller: Caller) => Reply) =>
    adminOnly(world, (call, caller) => handler(world, call, caller))
  return [
    ['GET', '/admin/api/clients', admin(listClients)],
    ...['/admin/api/clients', `${oauthPath}/register`].flatMap((path): Route[] => [
      ['POST', path, admin(register)],
      ['GET', `${path}/{client_id}`, admin(show)],
      ['PUT', `${path}/{client_id}`, admin(update)],
      ['DELETE', `${path}/{client_id}`, admin(disable)],
    ]),
  ]
}

const rules: ListRules = {
  sort: ['created_at', 'client_name', 'client_id', 'client_type'],
  search: ['client_name', 'client_id'],
  filters: ['client_type', 'is_active'],
  order: 'desc',
  dates: new Map(),
  table: '',
}

function listClients(world: World, call: Call): Reply {
  const query = readListQuery(call, rules)
  if (typeof query === 'string') return refuseFilter(query)
  const from = `FROM clients WHERE 1=1${query.where}`
  const { total } = world.db
    .prepare<string[], { total: number }>(`SELECT COUNT(*) AS total ${from}`)
    .get(...query.args) ?? {
    total: 0,
  }
  const rows = world.db.prepare<string[], ClientRow>(`SELECT * ${from}${query.tail}`).all(...query.args)
  return list(rows.map(clientJson), total)
}

const overrideTexts = [
  'access_token_expiration',
  'refresh_token_expiration',
  'authorization_code_expiration',
  'sso_session_idle_timeout',
  'trust_device_expiration',
] as const
const overrideFlags = ['allow_self_signup', 'trust_device_enabled'] as const

/** A client as the API shows one: unset overrides are left out, and there is no date of any kind. */
function clientJson(client: ClientRow): unknown {
  const texts = overrideTexts.map((name) => [name, client[name]] as const)
  const flags = [...overrideFlags, 'consent_required' as const].map((name) => {
    const value = client[name]
    return [name, value === null ? null : value === 1] as const
  })
  const audiences = readWords(client.allowed_audiences)
  return {
    client_id: client.client_id,
    client_name: client.client_name,
    client_type: client.client_type,
    redirect_uris: readWords(client.redirect_uris),
    post_logout_redirect_uris: readWords(client.post_logout_redirect_uris),
    grant_types: readWords(client.grant_types),
    response_types: readWords(client.response_types),
    scopes: client.scopes,
    token_endpoint_auth_method: client.token_endpoint_auth_method,
    is_active: client.is_active === 1,
    ...(audiences.length === 0 ? {} : { allowed_audiences: audiences }),
    ...Object.fromEntries([...texts, ...flags].filter(([, value]) => value !== null)),
  }
}

const overrideFields = {
  access_token_expiration: z.string().nullish(),
  refresh_token_expiration: z.string().nullish(),
  authorization_code_expiration: z.string().nullish(),
  sso_session_idle_timeout: z.string().nullish(),
  trust_device_expiration: z.string().nullish(),
  allow_self_signup: flagField,
  trust_device_enabled: flagField,
  consent_required: flagField,
}
const changeFields = {
  client_name: textField,
  redirect_uris: textListField,
  post_logout_redirect_uris: textListField,
  grant_types: textListField,
  response_types: textListField,
  scopes: textField,
  token_endpoint_auth_method: textField,
  allowed_audiences: textListField,
  ...overrideFields,
}
const newClient = z.object({ ...changeFields, client_id: textField, client_secret: textField, client_type: textField })
const changedClient = z.object({ ...changeFields, is_active: flagField })

const grantTypes = new Set([
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'password',
  'urn:ietf:params:oauth:grant-type:device_code',
])
const responseTypes = new Set(['code', 'token', 'id_token'])
const authMethods = new Set(['', 'client_secret_basic', 'client_secret_post', 'none'])

function register(world: World, call: Call, caller: Caller): Reply {
  const body = readBody(call.body, newClient)
  if (body === undefined) return refuse(400, 'invalid_request', 'Invalid JSON payload')
  const missing = [
    ...(body.client_name === '' ? ['client_name: cannot be blank'] : []),
    ...((body.redirect_uris ?? []).length === 0 ? ['redirect_uris: cannot be blank'] : []),
    ...(['', 'confidential', 'public'].includes(body.client_type) ? [] : ['client_type: must be a valid value']),
  ]
  const problem = missing.length > 0 ? `${missing.join('; ')}.` : metadataComplaint(body)
  if (problem !== undefined) return refuse(400, 'invalid_client_metadata', problem)
  if (!(body.redirect_uris ?? []).every(isWebUrl)) return invalidRedirect()

  const clientId = body.client_id === '' ? world.ids.secret() : body.client_id
  const isPublic = body.client_type === 'public'
  const secret = isPublic ? '' : body.client_secret || world.ids.secret()
  try {
    createClient(world, {
      clientId,
      name: body.client_name,
      secret,
      redirectUris: body.redirect_uris ?? [],
      postLogoutRedirectUris: body.post_logout_redirect_uris ?? [],
      grantTypes: body.grant_types ?? ['authorization_code'],
      responseTypes: body.response_types ?? ['code'],
      scopes: body.scopes || 'openid profile email',
      authMethod: body.token_endpoint_auth_method || (isPublic ? 'none' : 'client_secret_basic'),
      overrides: {
        ...overrides(body),
        allowed_audiences: words(body.allowed_audiences),
        consent_required: bit(body.consent_required),
      },
    })
  } catch (error) {
    if (!isDuplicate(error)) throw error
    return refuse(409, 'conflict', 'A client with that ID already exists')
  }
  audit(world, call, { event: 'client_created', actor: caller.user, target: ['client', clientId] })
  return created(world, clientId, secret)
}

function created(world: World, clientId: string, secret: string): Reply {
  const client = findClient(world, clientId)
  if (client === undefined) throw new Error(`client ${clientId} is gone right after it was created`)
  return raw(201, {
    client_id: clientId,
    ...(secret === '' ? {} : { client_secret: secret }),
    client_secret_expires_at: 0,
    client_id_issued_at: Math.floor(world.now().getTime() / 1000),
    client_name: client.client_name,
    client_type: client.client_type,
    redirect_uris: readWords(client.redirect_uris),
    post_logout_redirect_uris: readWords(client.post_logout_redirect_uris),
    grant_types: readWords(client.grant_types),
    response_types: readWords(client.response_types),
    scopes: client.scopes,
    token_endpoint_auth_method: client.token_endpoint_auth_method,
  })
}

type Metadata = Pick<
  z.infer<typeof changedClient>,
  'client_name' | 'redirect_uris' | 'grant_types' | 'response_types' | 'token_endpoint_auth_method'
>

function metadataComplaint(body: Metadata): string | undefined {
  const problems: string[] = []
  if (body.client_name.length > 255) problems.push('client_name: the length must be between 1 and 255')
  if (/[<>]/.test(body.client_name)) problems.push('client_name: must not contain HTML characters (< or >)')
  for (const [index, grant] of (body.grant_types ?? []).entries()) {
    if (!grantTypes.has(grant)) problems.push(`grant_types: (${index}: must be a valid value.)`)
  }
  if ((body.redirect_uris ?? []).length > 10) problems.push('redirect_uris: the length must be between 1 and 10')
  for (const [index, type] of (body.response_types ?? []).entries()) {
    if (!responseTypes.has(type)) problems.push(`response_types: (${index}: must be a valid value.)`)
  }
  if (!authMethods.has(body.token_endpoint_auth_method))
    problems.push('token_endpoint_auth_method: must be a valid value')
  return problems.length === 0 ? undefined : `${problems.join('; ')}.`
}

function invalidRedirect(): Reply {
  return refuse(400, 'invalid_redirect_uri', 'Invalid redirect URI: must be a valid URL')
}

type Overrides = z.infer<z.ZodObject<typeof overrideFields>>

/** Absent means unset: this is how an update wipes what it is not given. */
function overrides(body: Overrides): Record<string, string | number | null> {
  const texts = overrideTexts.map((name) => [name, body[name] ?? null] as const)
  const flags = overrideFlags.map((name) => [name, bit(body[name])] as const)
  return Object.fromEntries<string | number | null>([...texts, ...flags])
}

function bit(value: boolean | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}

function words(value: readonly string[] | null | undefined): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value)
}

function show(world: World, call: Call): Reply {
  const client = findClient(world, call.param('client_id'))
  return client === undefined ? refuse(404, 'invalid_client', 'Client not found') : raw(200, clientJson(client))
}

function update(world: World, call: Call, caller: Caller): Reply {
  const body = readBody(call.body, changedClient)
  if (body === undefined) return refuse(400, 'invalid_request', 'Invalid JSON payload')
  const complaint = metadataComplaint(body)
  if (complaint !== undefined) return refuse(400, 'invalid_client_metadata', complaint)
  if (!(body.redirect_uris ?? []).every(isWebUrl)) return invalidRedirect()
  const client = findClient(world, call.param('client_id'))
  if (client === undefined) return refuse(404, 'invalid_client', 'Client not found')

  const values: Record<string, string | number | null> = {
    client_name: body.client_name || client.client_name,
    redirect_uris: words(body.redirect_uris) ?? client.redirect_uris,
    post_logout_redirect_uris: words(body.post_logout_redirect_uris) ?? client.post_logout_redirect_uris,
    grant_types: words(body.grant_types) ?? client.grant_types,
    response_types: words(body.response_types) ?? client.response_types,
    scopes: body.scopes || client.scopes,
    token_endpoint_auth_method: body.token_endpoint_auth_method || client.token_endpoint_auth_method,
    is_active: bit(body.is_active) ?? client.is_active,
    allowed_audiences: words(body.allowed_audiences) ?? client.allowed_audiences,
    consent_required: bit(body.consent_required) ?? client.consent_required,
    updated_at: sqlTime(world.now()),
    ...overrides(body),
  }
  const columns = Object.keys(values)
  world.db
    .prepare(`UPDATE clients SET ${columns.map((column) => `${column} = ?`).join(', ')} WHERE client_id = ?`)
    .run(...Object.values(values), client.client_id)
  audit(world, call, { event: 'client_updated', actor: caller.user, target: ['client', client.client_id] })
  return show(world, call)
}

/** Disables; the row stays, its id stays taken, and its tokens go on working. */
function disable(world: World, call: Call, caller: Caller): Reply {
  const clientId = call.param('client_id')
  const { changes } = world.db
    .prepare('UPDATE clients SET is_active = 0, updated_at = ? WHERE client_id = ?')
    .run(programTime(world.now()), clientId)
  if (changes === 0) return refuse(404, 'invalid_client', 'Client not found')
  world.db.prepare('DELETE FROM user_consents WHERE client_id = ?').run(clientId)
  audit(world, call, { event: 'client_deleted', actor: caller.user, target: ['client', clientId] })
  return nothing()
}
