import { z } from 'zod'
import { noBody } from './answers.ts'
import type { AdminClient } from './client.ts'
import { AutenticoRejected, NotSent, OutcomeUnknown, UnexpectedAnswer } from './failures.ts'
import { type ListSpec, readAll, readPage } from './paging.ts'
import { path } from './paths.ts'

/** An account that is not deactivated; Autentico shows no other. */
export type Account = {
  readonly id: string
  readonly username: string
  /** Empty where the account has none. */
  readonly email: string
  readonly role: string
  readonly createdAt: string
  readonly failedLoginAttempts: number
  /** Stays after the lock has passed. */
  readonly lockedUntil: string | undefined
  readonly emailVerified: boolean
  readonly totpVerified: boolean
  /** Given in lists only. */
  readonly groups: readonly string[]
}

export type Found =
  | { readonly kind: 'found'; readonly account: Account }
  /** Nobody exactly so named, or deactivated. `nearest` are for a person to choose from, never to act upon. */
  | { readonly kind: 'none'; readonly nearest: readonly Account[] }
  /** One account's username is another's e-mail address or id: only the id can say which is meant. */
  | { readonly kind: 'ambiguous'; readonly candidates: readonly Account[] }

/**
 * How a deactivation ended. `completed`: Autentico had stopped half-way, and the sessions were revoked by a second call.
 * `already-or-unknown`: no such account, or deactivated before; its sessions were revoked once more, and whoever asks
 * must know from an earlier read that the id exists.
 */
export type Deactivated = 'deactivated' | 'completed' | 'already-or-unknown'

export type Users = {
  /** At most `limit` (1 to 100) accounts that contain the text in a name, the e-mail address or the id, by username. */
  search(text: string, limit: number): Promise<readonly Account[]>
  /** The one account whose username (case-sensitive), e-mail address (not) or id is exactly this. */
  find(exact: string): Promise<Found>
  /** The account, or undefined if it is unknown or deactivated: Autentico does not tell the two apart. */
  read(userId: string): Promise<Account | undefined>
  /** The row as the API gives it, anything secret left out. For evidence. */
  row(userId: string): Promise<{ readonly [key: string]: unknown } | undefined>
  /** Everybody not deactivated; with `role`, only those with it. */
  list(filter?: { readonly role?: 'admin' | 'user' }): Promise<readonly Account[]>

  /**
   * Sets a password of 6 to 72 bytes. It ends no session and no pending link: revoke afterwards.
   *
   * @throws NotSent for another length; AutenticoRejected 404 for an unknown or deactivated account.
   */
  setPassword(userId: string, password: string): Promise<void>
  /** Counts from the account's next call on, whatever its tokens say. */
  setRole(userId: string, role: 'admin' | 'user'): Promise<void>
  /**
   * Unsets `totp_verified` and no more: the secret stays in the database, and a challenge already pending could enrol
   * another authenticator. Clear pending challenges first.
   */
  clearMfa(userId: string): Promise<void>
  /**
   * Revokes every token, session and SSO login of the account. Autentico answers 204 for an unknown id as well: read the
   * account first.
   */
  revokeSessions(userId: string): Promise<void>
  /** Safe to repeat. The password cannot be changed afterwards. */
  deactivate(userId: string): Promise<Deactivated>
  /** Safe to repeat. Whatever was not removed (passkeys, devices, unexpired links) works again from then on. */
  reactivate(userId: string): Promise<'reactivated' | 'already'>
  /** Ends a lock-out. Safe to repeat; undefined if the account is deactivated, where it takes effect all the same. */
  unlock(userId: string): Promise<Account | undefined>
}

const user = z
  .object({
    id: z.string().min(1),
    username: z.string(),
    email: z.string(),
    role: z.string(),
    created_at: z.string(),
    failed_login_attempts: z.number(),
    locked_until: z.string().optional(),
    is_email_verified: z.boolean(),
    totp_verified: z.boolean(),
    groups: z.array(z.string()).optional(),
  })
  .transform(
    (row): Account => ({
      id: row.id,
      username: row.username,
      email: row.email,
      role: row.role,
      createdAt: row.created_at,
      failedLoginAttempts: row.failed_login_attempts,
      lockedUntil: row.locked_until,
      emailVerified: row.is_email_verified,
      totpVerified: row.totp_verified,
      groups: row.groups ?? [],
    }),
  )

const oneUser = z.object({ data: user })
const rawUser = z.object({ data: z.looseObject({ id: z.string() }) })

// The id is unique and grows with time, so that no row slips between two pages.
export const everybody: ListSpec<Account> = { list: path`/admin/api/users`, query: { sort: 'id' }, item: user }

export function usersOf(client: AdminClient): Users {
  async function put(userId: string, body: { readonly [key: string]: unknown }): Promise<Account> {
    const to = path`/admin/api/users/${userId}`
    const { data } = await client.call({ method: 'PUT', to, body, expect: 200, answer: oneUser })
    return expectId(userId, data)
  }

  async function post(userId: string, verb: 'deactivate' | 'reactivate' | 'revoke-sessions'): Promise<void> {
    const base = path`/admin/api/users/${userId}`
    const to = { path: `${base.path}/${verb}`, label: `${base.label}/${verb}` }
    await client.call({ method: 'POST', to, expect: 204, answer: noBody })
  }

  async function readAs<T extends { readonly id: string }>(
    userId: string,
    answer: z.ZodType<{ data: T }>,
  ): Promise<T | undefined> {
    try {
      const { data } = await client.call({ method: 'GET', to: path`/admin/api/users/${userId}`, expect: 200, answer })
      return expectId(userId, data)
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  const read = async (userId: string): Promise<Account | undefined> => readAs(userId, oneUser)

  return {
    async search(text, limit) {
      const list = { ...everybody, query: { sort: 'username', search: text } }
      const { items } = await readPage(client, list, { limit: Math.min(Math.max(limit, 1), 100), offset: 0 })
      return items.slice(0, limit)
    },

    find: async (exact) => findExactly(client, exact),
    read,

    async row(userId) {
      const row = await readAs(userId, rawUser)
      if (row === undefined) return undefined
      return Object.fromEntries(Object.entries(row).filter(([key]) => !/secret|password|token|cookie/i.test(key)))
    },

    list: async ({ role } = {}) => readAll(client, { ...everybody, query: { ...everybody.query, role } }),

    async setPassword(userId, password) {
      const bytes = Buffer.byteLength(password)
      if (bytes < 6 || bytes > 72) throw new NotSent(`A password has 6 to 72 bytes here; this one has ${bytes}.`)
      await put(userId, { password })
    },

    async setRole(userId, role) {
      const account = await put(userId, { role })
      if (account.role !== role) throw new UnexpectedAnswer('Autentico accepted the other role and does not show it.')
    },

    async clearMfa(userId) {
      const { totpVerified } = await put(userId, { totp_verified: false })
      if (totpVerified) throw new UnexpectedAnswer('Autentico accepted the MFA reset and still shows TOTP as verified.')
    },

    revokeSessions: async (userId) => post(userId, 'revoke-sessions'),

    async deactivate(userId) {
      try {
        await post(userId, 'deactivate')
        return 'deactivated'
      } catch (error) {
        // Deactivation marks the account first and revokes afterwards. A 500 may lie between the two, and every later
        // attempt gets 404 without revoking, so the revocation is made good here.
        const halfDone = error instanceof OutcomeUnknown && error.status === 500
        if (!halfDone && !isNotFound(error)) throw error
        await post(userId, 'revoke-sessions')
        if (!halfDone) return 'already-or-unknown'
        if ((await read(userId)) !== undefined) throw error
        return 'completed'
      }
    },

    async reactivate(userId) {
      try {
        await post(userId, 'reactivate')
        return 'reactivated'
      } catch (error) {
        if (isNotFound(error) && (await read(userId)) !== undefined) return 'already'
        throw error
      }
    },

    async unlock(userId) {
      const { path: base, label } = path`/admin/api/users/${userId}`
      const to = { path: `${base}/unlock`, label: `${label}/unlock` }
      try {
        const { data } = await client.call({ method: 'POST', to, expect: 200, answer: oneUser })
        return expectId(userId, data)
      } catch (error) {
        // Autentico unlocks a deactivated account, then fails to show it.
        const unlockedUnseen = error instanceof OutcomeUnknown && error.status === 500
        if (unlockedUnseen && (await read(userId)) === undefined) return undefined
        throw error
      }
    },
  }
}

/** Searching is by substring with `%` and `_` as wildcards, so every page is read and compared here. */
async function findExactly(client: AdminClient, exact: string): Promise<Found> {
  // Autentico cuts a search at 200 bytes, and nobody has a longer name.
  if (exact.trim() === '' || Buffer.byteLength(exact) > 200) return { kind: 'none', nearest: [] }

  const near = await readAll(client, { ...everybody, query: { ...everybody.query, search: exact } })
  const email = exact.toLowerCase()
  const matches = near.filter(
    (one) => one.id === exact || one.username === exact || (one.email !== '' && one.email.toLowerCase() === email),
  )
  const [account, another] = matches
  if (account === undefined) {
    return { kind: 'none', nearest: near.length > 0 ? nearest(near, exact) : await misspelt(client, exact) }
  }
  return another === undefined ? { kind: 'found', account } : { kind: 'ambiguous', candidates: matches }
}

/** The five shortest usernames that hold the text, those that begin with it first. */
function nearest(accounts: readonly Account[], text: string): readonly Account[] {
  const distance = ({ username }: Account): number =>
    username.length + (username.toLowerCase().startsWith(text.toLowerCase()) ? 0 : 1_000)
  return accounts.toSorted((a, b) => distance(a) - distance(b) || (a.username < b.username ? -1 : 1)).slice(0, 5)
}

/**
 * Whose name was meant by one with a slip in it. A slip leaves one half of a name whole, so both halves are searched for;
 * a name of three letters has no half that says anything.
 */
async function misspelt(client: AdminClient, typed: string): Promise<readonly Account[]> {
  if (typed.length < 4) return []
  const middle = Math.floor(typed.length / 2)
  const pages = [typed.slice(0, middle), typed.slice(middle)].map(async (search) => {
    const list = { ...everybody, query: { sort: 'username', search } }
    return readPage(client, list, { limit: 100, offset: 0 })
  })
  const found = (await Promise.all(pages)).flatMap(({ items }) => items)
  const alike = new Map(found.filter(({ username }) => slip(username, typed) <= 2).map((one) => [one.id, one]))
  return [...alike.values()].toSorted((a, b) => slip(a.username, typed) - slip(b.username, typed)).slice(0, 5)
}

/** How many letters stand between where two names part and where they meet again: 1 for a wrong letter, 2 for two exchanged. */
function slip(one: string, other: string): number {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()]
  const shorter = Math.min(a.length, b.length)
  let front = 0
  while (front < shorter && a[front] === b[front]) front += 1
  let back = 0
  while (back < shorter - front && a.at(-1 - back) === b.at(-1 - back)) back += 1
  return Math.max(a.length, b.length) - front - back
}

function expectId<T extends { readonly id: string }>(userId: string, row: T): T {
  if (row.id !== userId) throw new UnexpectedAnswer('Autentico answered with another account than the one asked for.')
  return row
}

function isNotFound(error: unknown): boolean {
  return error instanceof AutenticoRejected && error.status === 404 && error.code === 'not_found'
}
