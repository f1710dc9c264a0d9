import { hashPassword, isPassword } from './passwords.ts'
import { jsonExact, programTime, readTime, sqlTime } from './time.ts'
import type { World } from './world.ts'

/** The profile columns that are plain text and '' when unset, in the order of the API. */
export const profileColumns = [
  'given_name',
  'family_name',
  'middle_name',
  'nickname',
  'website',
  'gender',
  'birthdate',
  'profile',
  'phone_number',
  'picture',
  'locale',
  'zoneinfo',
  'address_street',
  'address_locality',
  'address_region',
  'address_postal_code',
  'address_country',
] as const

export type UserRow = {
  readonly id: string
  readonly username: string
  readonly email: string | null
  readonly password: string | null
  readonly role: string
  readonly totp_secret: string
  readonly totp_verified: number
  readonly failed_login_attempts: number
  readonly locked_until: string | null
  readonly is_email_verified: number
  readonly deactivated_at: string | null
  readonly registered_at: string | null
  readonly created_at: string
  readonly updated_at: string
  readonly phone_number_verified: number
} & { readonly [column in (typeof profileColumns)[number]]: string }

type Column = 'id' | 'username' | 'email'

/** The user who is not deactivated; undefined for anyone else, which is also how the admin API sees deactivated users. */
export function findUser(world: World, value: string, column: Column = 'id'): UserRow | undefined {
  return world.db
    .prepare<[string], UserRow>(`SELECT * FROM users WHERE ${column} = ? AND deactivated_at IS NULL`)
    .get(value)
}

export function findAnyUser(world: World, id: string): UserRow | undefined {
  return world.db.prepare<[string], UserRow>('SELECT * FROM users WHERE id = ?').get(id)
}

/** A user as the admin API shows one. Empty optional fields are left out. */
export function userJson(user: UserRow, groups: readonly string[] = []): { readonly [key: string]: unknown } {
  const profile = profileColumns.flatMap((column) => {
    const shown = user[column] === '' ? [] : [[column, user[column]] as const]
    const isVerified = column === 'phone_number' && user.phone_number_verified === 1
    return isVerified ? [...shown, ['phone_number_verified', true] as const] : shown
  })
  return {
    id: user.id,
    username: user.username,
    email: user.email ?? '',
    created_at: jsonExact(user.created_at),
    role: user.role,
    failed_login_attempts: user.failed_login_attempts,
    ...(user.locked_until === null ? {} : { locked_until: jsonExact(user.locked_until) }),
    is_email_verified: user.is_email_verified === 1,
    totp_verified: user.totp_verified === 1,
    ...(groups.length === 0 ? {} : { groups }),
    ...Object.fromEntries<string | boolean>(profile),
  }
}

export type NewUser = { readonly username: string; readonly password: string; readonly email: string }

/** Throws the database's own error when the name or the address is taken. */
export function createUser(world: World, user: NewUser): UserRow {
  const id = world.ids.ordered()
  const at = sqlTime(world.now())
  world.db
    .prepare(
      `INSERT INTO users (id, username, password, email, registered_at, created_at, updated_at, password_last_changed)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(id, user.username, hashPassword(user.password), user.email === '' ? null : user.email, at, at, at, at)
  const created = findAnyUser(world, id)
  if (created === undefined) throw new Error(`user ${id} is gone right after it was created`)
  return created
}

/** True when the database refused a row because another one has the same name. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof Error && error.message.includes('UNIQUE constraint')
}

/**
 * Compares a password, counting failures. While the account is locked the password is not even compared; the counter
 * outlives the lock, so that the next wrong password locks again at once.
 */
export function checkPassword(world: World, user: UserRow, password: string): 'right' | 'wrong' | 'locked' {
  const attempts = world.settings.number('account_lockout_max_attempts')
  const now = world.now()
  const lockedUntil = user.locked_until === null ? undefined : readTime(user.locked_until)
  if (attempts > 0 && lockedUntil !== undefined && lockedUntil > now) return 'locked'

  if (!isPassword(password, user.password)) {
    if (attempts > 0) countFailure(world, user, attempts)
    return 'wrong'
  }
  if (attempts > 0 && user.failed_login_attempts > 0) {
    world.db.prepare('UPDATE users SET failed_login_attempts = 0, locked_until = NULL WHERE id = ?').run(user.id)
  }
  return 'right'
}

function countFailure(world: World, user: UserRow, attempts: number): void {
  const count = user.failed_login_attempts + 1
  if (count < attempts) {
    world.db.prepare('UPDATE users SET failed_login_attempts = ? WHERE id = ?').run(count, user.id)
    return
  }
  const until = new Date(world.now().getTime() + world.settings.duration('account_lockout_duration'))
  world.db
    .prepare('UPDATE users SET failed_login_attempts = ?, locked_until = ? WHERE id = ?')
    .run(count, programTime(until), user.id)
}

/** Password login, for the browser and for the password grant. Says no more than needed about the reason of a refusal. */
export function authenticate(world: World, username: string, password: string): UserRow | 'wrong' | 'locked' {
  const user = findUser(world, username, 'username')
  if (user === undefined || (user.password ?? '') === '') return 'wrong'
  const verdict = checkPassword(world, user, password)
  if (verdict !== 'right') return verdict
  world.db.prepare('UPDATE users SET last_login = ? WHERE id = ?').run(programTime(world.now()), user.id)
  return user
}

/** Ends every token, session and browser login of a user; those already ended keep their time. */
export function revokeAccess(world: World, userId: string, except = ''): void {
  const at = programTime(world.now())
  world.db.transaction(() => {
    world.db
      .prepare('UPDATE tokens SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL AND access_token != ?')
      .run(at, userId, except)
    world.db
      .prepare(
        'UPDATE sessions SET deactivated_at = ? WHERE user_id = ? AND deactivated_at IS NULL AND access_token != ?',
      )
      .run(at, userId, except)
    world.db
      .prepare(
        `UPDATE idp_sessions SET deactivated_at = ? WHERE user_id = ? AND deactivated_at IS NULL AND id NOT IN (
           SELECT idp_session_id FROM sessions
           WHERE user_id = ? AND deactivated_at IS NULL AND idp_session_id IS NOT NULL)`,
      )
      .run(at, userId, userId)
  })()
}
