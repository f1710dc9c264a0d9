import type { AutenticoDatabase } from './database.ts'
import { AutenticoRejected, NotSent, UnexpectedAnswer } from './failures.ts'
import { parseTime } from './times.ts'
import type { Users } from './users.ts'

/** An administrator, with what there is to tell an expected one from another. Times in RFC 3339. */
export type Admin = {
  readonly id: string
  readonly username: string
  readonly email: string
  /** Of the account: a role given later to an old account does not show here. */
  readonly createdAt: string
  /** The last three are undefined without a database. */
  readonly changedAt: string | undefined
  readonly lastLogin: string | undefined
  readonly deactivatedAt: string | undefined
  /** The account the bot signs in with. */
  readonly isBot: boolean
}

export type Admins = {
  /**
   * Every administrator, by id. `complete` is false without a database: Autentico shows no deactivated account, and one that an
   * attacker has hidden so can be activated again.
   */
  list(): Promise<{ readonly admins: readonly Admin[]; readonly complete: boolean }>
  /**
   * Makes an administrator an ordinary user, which counts from the next call on, and reads it back. Its sessions go on. Safe to
   * repeat.
   *
   * @throws NotSent for the bot's own account; AutenticoRejected 404 for an unknown or deactivated one.
   */
  demote(userId: string): Promise<'demoted' | 'already'>
}

export type AdminsDeps = {
  readonly users: Users
  readonly database: AutenticoDatabase | undefined
  readonly botId: () => Promise<string>
}

export function adminsOf({ users, database, botId }: AdminsDeps): Admins {
  return {
    async list() {
      const [shown, stored, bot] = await Promise.all([
        users.list({ role: 'admin' }),
        database?.everybody.admins(),
        botId(),
      ])
      const rows = new Map(stored?.map((row) => [row.id, row]))
      const known = shown
        .filter(({ role }) => role === 'admin')
        .map(({ id, username, email, createdAt }) => ({ id, username, email, createdAt }))
      const ids = new Set(known.map(({ id }) => id))
      const hidden = [...rows.values()]
        .filter((row) => !ids.has(row.id) && row.deactivatedAt !== undefined)
        .map(({ id, username, email, createdAt }) => ({ id, username, email, createdAt: iso(createdAt) ?? '' }))
      const admins = [...known, ...hidden].map((one): Admin => {
        const row = rows.get(one.id)
        return {
          ...one,
          changedAt: iso(row?.changedAt),
          lastLogin: iso(row?.lastLogin),
          deactivatedAt: iso(row?.deactivatedAt),
          isBot: one.id === bot,
        }
      })
      return { admins: admins.toSorted((a, b) => (a.id < b.id ? -1 : 1)), complete: database !== undefined }
    },

    async demote(userId) {
      if ((await botId()) === userId) {
        throw new NotSent('That is the account the bot signs in with; without the role admin it could do nothing more.')
      }
      const before = await users.read(userId)
      if (before === undefined) {
        const why = 'Autentico shows no such account: it is deactivated or gone, and its role cannot be changed now.'
        throw new AutenticoRejected(why, { status: 404, code: 'not_found' })
      }
      if (before.role !== 'admin') return 'already'
      await users.setRole(userId, 'user')
      if ((await users.read(userId))?.role !== 'user') {
        throw new UnexpectedAnswer('Autentico answered that the role is taken away, and does not show it so.')
      }
      return 'demoted'
    },
  }
}

function iso(text: string | undefined): string | undefined {
  return text === undefined ? undefined : parseTime(text)?.toISOString()
}
