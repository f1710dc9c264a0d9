import { z } from 'zod'
import type { AdminClient } from './client.ts'
import { readAll } from './paging.ts'
import { path } from './paths.ts'
import { daysAfter, parseTime, utcDay } from './times.ts'

/** A token pair as the admin API shows it: never the strings, the client or the refresh expiry. */
export type IssuedToken = {
  readonly id: string
  /** Absent for a client's own token. */
  readonly userId: string | undefined
  readonly scope: string
  readonly grantType: string
  readonly issuedAt: string
  readonly accessTokenExpiresAt: string
  readonly revokedAt: string | undefined
}

export type Tokens = {
  /**
   * Every token pair of the account, oldest first. There is no filter by id, so the list is cut down by the username,
   * where known, and then compared exactly; without a username the whole list is read.
   */
  ofUser(account: { readonly id: string; readonly username?: string | undefined }): Promise<readonly IssuedToken[]>
  /** Everybody's that were issued on this day or before, revoked ones too. */
  allUntil(day: Date): Promise<readonly IssuedToken[]>
}

const token = z
  .object({
    id: z.string().min(1),
    user_id: z.string().nullable(),
    scope: z.string(),
    grant_type: z.string(),
    issued_at: z.string(),
    access_token_expires_at: z.string(),
    revoked_at: z.string().nullable(),
  })
  .transform(
    (row): IssuedToken => ({
      id: row.id,
      userId: row.user_id ?? undefined,
      scope: row.scope,
      grantType: row.grant_type,
      issuedAt: row.issued_at,
      accessTokenExpiresAt: row.access_token_expires_at,
      revokedAt: row.revoked_at ?? undefined,
    }),
  )

export function tokensOf(client: AdminClient): Tokens {
  return {
    // Only whole days filter correctly, and the last one belongs to the result only if the day after it is asked for.
    allUntil: async (day) =>
      readAll(client, {
        list: path`/admin/api/tokens`,
        query: { sort: 'issued_at', order: 'asc', issued_at_to: utcDay(daysAfter(day, 1)) },
        item: token,
      }),

    async ofUser({ id, username }) {
      const search = username === undefined || username === '' ? undefined : username
      const all = await readAll(client, {
        list: path`/admin/api/tokens`,
        query: { sort: 'issued_at', order: 'asc', search },
        item: token,
      })
      return all.filter((one) => one.userId === id)
    },
  }
}

/**
 * When the last access token of these will have expired for a service that checks nothing but signature and expiry:
 * revoked ones count, because revoking does not reach such a service.
 *
 * @returns undefined if none is unexpired at `now`.
 */
export function latestExpiry(tokens: readonly IssuedToken[], now: Date): Date | undefined {
  const times = tokens
    .map((one) => parseTime(one.accessTokenExpiresAt)?.getTime() ?? 0)
    .filter((time) => time > now.getTime())
  return times.length === 0 ? undefined : new Date(Math.max(...times))
}
