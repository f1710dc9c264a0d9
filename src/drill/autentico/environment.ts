import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** What is read once, at start: changing the file does nothing until the next start. */
export type Environment = {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly keyId: string
  /** Signs refresh tokens; whoever has it can mint them. */
  readonly refreshSecret: string
  /** Signs authorization parameters, so that links in e-mails carry them unaltered. */
  readonly csrfSecret: string
  /** True when the configured key could not be used and was replaced by one that is gone after a restart. */
  readonly keyIsThrowAway: boolean
}

/** Reads the environment file, which is created with fresh keys and mode 0600 when it does not exist. */
export function readEnvironment(file: string): Environment {
  if (!existsSync(file)) writeFileSync(file, freshEnvironment(), { mode: 0o600 })
  const values = parseEnvironment(readFileSync(file, 'utf8'))
  const configured = decodeKey(values.get('AUTENTICO_PRIVATE_KEY') ?? '')
  const privateKey = configured ?? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  for (const name of ['AUTENTICO_ACCESS_TOKEN_SECRET', 'AUTENTICO_REFRESH_TOKEN_SECRET', 'AUTENTICO_CSRF_SECRET_KEY']) {
    if ((values.get(name) ?? '') === '')
      throw new Error(`${name} must be set in ${file}: the server does not start without it`)
  }
  return {
    privateKey,
    publicKey: createPublicKey(privateKey),
    keyId: values.get('AUTENTICO_JWK_CERT_KEY_ID') ?? 'autentico-key-1',
    refreshSecret: values.get('AUTENTICO_REFRESH_TOKEN_SECRET') ?? '',
    csrfSecret: values.get('AUTENTICO_CSRF_SECRET_KEY') ?? '',
    keyIsThrowAway: configured === undefined,
  }
}

function freshEnvironment(): string {
  const pem = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey
  return [
    '# A local Autentico for drills. Read at start only.',
    `AUTENTICO_ACCESS_TOKEN_SECRET=${randomBytes(32).toString('hex')}`,
    `AUTENTICO_REFRESH_TOKEN_SECRET=${randomBytes(32).toString('hex')}`,
    `AUTENTICO_CSRF_SECRET_KEY=${randomBytes(32).toString('hex')}`,
    `AUTENTICO_PRIVATE_KEY=${Buffer.from(pem).toString('base64')}`,
    'AUTENTICO_JWK_CERT_KEY_ID=autentico-key-1',
    '',
  ].join('\n')
}

/** `NAME=value` lines; a `#` at the start of a line makes it a comment, quotes around a value are dropped. */
function parseEnvironment(content: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const line of content.split('\n')) {
    const parts = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line)
    if (parts?.[1] !== undefined) values.set(parts[1], (parts[2] ?? '').replace(/^(["'])(.*)\1$/, '$2'))
  }
  return values
}

/** Only base64 of a PKCS#1 PEM is taken. Anything else, PKCS#8 included, silently becomes a throw-away key. */
function decodeKey(value: string): KeyObject | undefined {
  const pem = Buffer.from(value, 'base64').toString('utf8')
  if (!pem.includes('-----BEGIN RSA PRIVATE KEY-----')) return undefined
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}
