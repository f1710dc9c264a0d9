import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseEnvFile } from './env-file.ts'
import type { RateLimits } from './rate-limit.ts'

/** What is read once, at start: changing the file does nothing until the next start. */
export type Environment = {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly keyId: string
  /** Signs refresh tokens; whoever has it can mint them. */
  readonly refreshSecret: string
  /** Signs authorization parameters, so that links in e-mails carry them unaltered. */
  readonly csrfSecret: string
  /** Where people reach it, when that is not where it listens: behind a proxy. Without a trailing slash. */
  readonly appUrl: string | undefined
  readonly rateLimits: RateLimits
  /** For the log: the configured key could not be used, or there is none, and one that is gone after a restart took its place. */
  readonly warnings: readonly string[]
}

/** Variables of the process itself. One that is set wins over the file, even when it is empty. */
export type ProcessVariables = Readonly<Record<string, string | undefined>>

const secrets = [
  'AUTENTICO_ACCESS_TOKEN_SECRET',
  'AUTENTICO_REFRESH_TOKEN_SECRET',
  'AUTENTICO_CSRF_SECRET_KEY',
] as const

/** Reads the environment file and what wins over it. Throws when a secret is missing; a missing or wrong key is only warned of. */
export function readEnvironment(file: string, variables: ProcessVariables): Environment {
  const values = existsSync(file) ? parseEnvFile(readFileSync(file, 'utf8')) : new Map<string, string>()
  const value = (name: string): string | undefined => variables[name] ?? values.get(name)
  const missing = secrets.filter((name) => (value(name) ?? '') === '')
  if (missing.length > 0)
    throw new Error(`${missing.join(', ')} must be set in ${file}: the server does not start without`)

  const given = value('AUTENTICO_PRIVATE_KEY') ?? ''
  const configured = decodeKey(given)
  const privateKey = configured ?? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  return {
    privateKey,
    publicKey: createPublicKey(privateKey),
    keyId: value('AUTENTICO_JWK_CERT_KEY_ID') ?? 'autentico-key-1',
    refreshSecret: value('AUTENTICO_REFRESH_TOKEN_SECRET') ?? '',
    csrfSecret: value('AUTENTICO_CSRF_SECRET_KEY') ?? '',
    appUrl: value('AUTENTICO_APP_URL')?.replace(/\/$/, ''),
    rateLimits: {
      perSecond: number(value('AUTENTICO_RATE_LIMIT_RPS'), 5),
      burst: number(value('AUTENTICO_RATE_LIMIT_BURST'), 10),
      perMinute: number(value('AUTENTICO_RATE_LIMIT_RPM'), 20),
      minuteBurst: number(value('AUTENTICO_RATE_LIMIT_RPM_BURST'), 20),
    },
    warnings: configured === undefined ? keyWarnings(given) : [],
  }
}

/** Writes an environment file with fresh keys and mode 0600, unless there is one. */
export function ensureEnvironmentFile(file: string, options: { readonly rateLimit: boolean }): void {
  if (!existsSync(file)) writeFileSync(file, freshEnvironment(options), { mode: 0o600 })
}

function freshEnvironment({ rateLimit }: { readonly rateLimit: boolean }): string {
  const pem = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey
  return [
    '# A local Autentico for drills. Read at start only.',
    ...secrets.map((name) => `${name}=${randomBytes(32).toString('hex')}`),
    `AUTENTICO_PRIVATE_KEY=${Buffer.from(pem).toString('base64')}`,
    'AUTENTICO_JWK_CERT_KEY_ID=autentico-key-1',
    `AUTENTICO_RATE_LIMIT_RPS=${rateLimit ? 5 : 0}`,
    'AUTENTICO_RATE_LIMIT_BURST=10',
    'AUTENTICO_RATE_LIMIT_RPM=20',
    'AUTENTICO_RATE_LIMIT_RPM_BURST=20',
    '',
  ].join('\n')
}

/** Only base64 of a PKCS#1 PEM is taken. Anything else, PKCS#8 included, becomes a throw-away key. */
function decodeKey(value: string): KeyObject | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value) || value.length % 4 !== 0) return undefined
  const pem = Buffer.from(value, 'base64').toString('utf8')
  if (/-----BEGIN ([^-]+)-----/.exec(pem)?.[1] !== 'RSA PRIVATE KEY') return undefined
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}

function keyWarnings(given: string): readonly string[] {
  const ephemeral =
    'AUTENTICO_PRIVATE_KEY is not set: a throw-away key is used, and access tokens end with this process'
  const undecoded = 'AUTENTICO_PRIVATE_KEY is set but could not be decoded'
  return given === '' ? [ephemeral] : [undecoded, ephemeral]
}

/** What is no number counts as absent. */
function number(value: string | undefined, fallback: number): number {
  return value !== undefined && /^[+-]?\d+(?:\.\d+)?$/.test(value) ? Number(value) : fallback
}
