import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { readBody } from './body.ts'
import { programTime, readTime, sqlTime } from './time.ts'
import type { World } from './world.ts'

export type PasskeyRow = {
  readonly id: string
  readonly user_id: string
  readonly name: string
  readonly credential: string
  readonly created_at: string
  readonly last_used_at: string | null
}

export function passkeysOf(world: World, userId: string): readonly PasskeyRow[] {
  return world.db
    .prepare<[string], PasskeyRow>('SELECT * FROM passkey_credentials WHERE user_id = ? ORDER BY created_at')
    .all(userId)
}

export type NewPasskey = {
  readonly id: string
  readonly userId: string
  readonly credential: string
  readonly name?: string
}

export function storePasskey(world: World, passkey: NewPasskey): void {
  const name = passkey.name ?? `Passkey ${randomBytes(2).toString('hex')}`
  world.db
    .prepare('INSERT INTO passkey_credentials (id, user_id, name, credential, created_at) VALUES (?, ?, ?, ?, ?)')
    .run(passkey.id, passkey.userId, name, passkey.credential, sqlTime(world.now()))
}

export type ChallengeKind = 'authentication' | 'discoverable-authentication' | 'account-registration'

const challengeMinutes = 5

/** Remembers a challenge; returns its id and the text to be signed. */
export function createChallenge(
  world: World,
  wanted: { readonly userId: string | null; readonly kind: ChallengeKind; readonly loginState: string },
): { readonly id: string; readonly challenge: string } {
  const id = world.ids.secret()
  const challenge = randomBytes(32).toString('base64url')
  const expiry = programTime(new Date(world.now().getTime() + challengeMinutes * 60_000))
  world.db
    .prepare(
      `INSERT INTO passkey_challenges (id, user_id, challenge_data, type, login_state, created_at, expires_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(id, wanted.userId, JSON.stringify({ challenge }), wanted.kind, wanted.loginState, sqlTime(world.now()), expiry)
  return { id, challenge }
}

type ChallengeRow = {
  readonly id: string
  readonly user_id: string | null
  readonly challenge_data: string
  readonly type: string
  readonly login_state: string
  readonly expires_at: string
  readonly used: number
}

export type OpenChallenge = {
  readonly id: string
  readonly userId: string
  readonly challenge: string
  readonly loginState: string
}

/** A challenge of this kind that is still open, or why there is none. */
export function openChallenge(world: World, id: string, kind: ChallengeKind): OpenChallenge | 'invalid' | 'expired' {
  const row = world.db.prepare<[string], ChallengeRow>('SELECT * FROM passkey_challenges WHERE id = ?').get(id)
  if (row === undefined || row.type !== kind) return 'invalid'
  if (row.used === 1 || (readTime(row.expires_at) ?? new Date(0)) < world.now()) return 'expired'
  const { challenge } = readBody(row.challenge_data, z.object({ challenge: z.string() })) ?? { challenge: '' }
  return { id, userId: row.user_id ?? '', challenge, loginState: row.login_state }
}

export function closeChallenge(world: World, id: string): void {
  world.db.prepare('UPDATE passkey_challenges SET used = 1 WHERE id = ?').run(id)
}
