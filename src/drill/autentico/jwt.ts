import { createHmac, sign, timingSafeEqual, verify } from 'node:crypto'
import type { Environment } from './environment.ts'

export type Claims = { readonly [name: string]: unknown }

/** An access or ID token: RS256 under the current key. Names are written in sorted order, as the original does. */
export function signRs256(claims: Claims, environment: Environment): string {
  const body = `${part({ alg: 'RS256', kid: environment.keyId, typ: 'JWT' })}.${part(claims)}`
  return `${body}.${sign('sha256', Buffer.from(body), environment.privateKey).toString('base64url')}`
}

/** A refresh token: HS256 under the refresh secret. */
export function signHs256(claims: Claims, secret: string): string {
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
}

/** The claims of a token that the current key signed and that has not expired; undefined otherwise. */
export function verifyRs256(token: string, environment: Environment, now: Date): Claims | undefined {
  const parts = split(token, 'RS256')
  if (parts === undefined) return undefined
  const signature = Buffer.from(parts.signature, 'base64url')
  if (!verify('sha256', Buffer.from(parts.signed), environment.publicKey, signature)) return undefined
  return unlessExpired(parts.claims, now)
}

export function verifyHs256(token: string, secret: string, now: Date): Claims | undefined {
  const parts = split(token, 'HS256')
  if (parts === undefined) return undefined
  const wanted = createHmac('sha256', secret).update(parts.signed).digest()
  const given = Buffer.from(parts.signature, 'base64url')
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined
  return unlessExpired(parts.claims, now)
}

/** The claims as they stand, unverified. */
export function readClaims(token: string): Claims | undefined {
  return parse(token.split('.')[1] ?? '')
}

/** A claim that is a string, or ''. */
export function claim(claims: Claims | undefined, name: string): string {
  const value = claims?.[name]
  return typeof value === 'string' ? value : ''
}

function part(value: Claims): string {
  const sorted = Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return Buffer.from(JSON.stringify(sorted)).toString('base64url')
}

function split(token: string, algorithm: string): { signed: string; signature: string; claims: Claims } | undefined {
  const [header = '', payload = '', signature, ...rest] = token.split('.')
  if (signature === undefined || rest.length > 0) return undefined
  const claims = parse(payload)
  if (claims === undefined || parse(header)?.['alg'] !== algorithm) return undefined
  return { signed: `${header}.${payload}`, signature, claims }
}

function parse(encoded: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function unlessExpired(claims: Claims, now: Date): Claims | undefined {
  const expiry = claims['exp']
  return typeof expiry === 'number' && expiry >= Math.floor(now.getTime() / 1000) ? claims : undefined
}
