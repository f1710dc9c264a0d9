import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'

// Autentico stores bcrypt. Node has none, so this column holds scrypt in a form of its own; nothing outside the server
// may read it anyway. The cost is low because a drill guards no real password.
const cost = { N: 1024, r: 8, p: 1 }

/** Longest password that Autentico's hash takes, in bytes. */
export const maxPasswordBytes = 72

export function hashPassword(password: string): string {
  const salt = randomBytes(16)
  return `$drill-scrypt$${salt.toString('base64url')}$${derive(password, salt).toString('base64url')}`
}

/** False for a wrong password and for anything that is no hash. */
export function isPassword(password: string, hash: string | null): boolean {
  const [, kind, salt, wanted] = (hash ?? '').split('$')
  if (kind !== 'drill-scrypt' || salt === undefined || wanted === undefined) return false
  return timingSafeEqual(derive(password, Buffer.from(salt, 'base64url')), Buffer.from(wanted, 'base64url'))
}

function derive(password: string, salt: Buffer): Buffer {
  return scryptSync(password, salt, 32, cost)
}
