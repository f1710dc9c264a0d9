import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { AdminClient } from './client.ts'
import { readAll } from './paging.ts'
import { path, type Query } from './paths.ts'

/** One issued pair of access and refresh token. */
export type Session = {
  readonly id: string
  readonly userId: string
  readonly userAgent: string
  /** As Autentico recorded it; the client can forge it unless a proxy overwrites `X-Forwarded-For`. */
  readonly ipAddress: string
  readonly createdAt: string
  /** Expiry of the access token. The session can be refreshed after it. */
  readonly expiresAt: string
  readonly deactivatedAt: string | undefined
  /** Not deactivated. Autentico's own `expired` says nothing: such a session can still be refreshed. */
  readonly live: boolean
}

/** A browser's SSO login. Its id is the cookie itself, so only a digest of it leaves this file. */
export type IdpSession = {
  /** The first 16 hex digits of the id's SHA-256: enough to tell two apart, no use as a cookie. */
  readonly digest: string
  readonly userAgent: string
  readonly ipAddress: string
  readonly createdAt: string
  readonly lastActivityAt: string
  readonly activeApps: number
}

export type Sessions = {
  /** Every session of the account that Autentico still keeps, newest first; empty for an unknown id. */
  ofUser(userId: string): Promise<readonly Session[]>
  /** The account's SSO logins that are not deactivated; empty for an unknown id. */
  idpOfUser(userId: string): Promise<readonly IdpSession[]>
  /** Of everybody, what Autentico still keeps. It gives them all at once, and nothing of a list that is too long. */
  all(): Promise<readonly Session[]>
  /** Every SSO login that is not deactivated, and whose it is. */
  allIdp(): Promise<readonly (IdpSession & { readonly userId: string })[]>
}

const session = z
  .object({
    id: z.string().min(1),
    user_id: z.string(),
    user_agent: z.string(),
    ip_address: z.string(),
    created_at: z.string(),
    expires_at: z.string(),
    deactivated_at: z.string().nullable(),
  })
  .transform(
    (row): Session => ({
      id: row.id,
      userId: row.user_id,
      userAgent: row.user_agent,
      ipAddress: row.ip_address,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      deactivatedAt: row.deactivated_at ?? undefined,
      live: row.deactivated_at === null,
    }),
  )

const idpSession = z
  .object({
    id: z.string().min(1),
    user_id: z.string(),
    user_agent: z.string(),
    ip_address: z.string(),
    created_at: z.string(),
    last_activity_at: z.string(),
    active_apps_count: z.number(),
  })
  .transform((row) => ({
    userId: row.user_id,
    shown: {
      digest: cookieDigest(row.id),
      userAgent: row.user_agent,
      ipAddress: row.ip_address,
      createdAt: row.created_at,
      lastActivityAt: row.last_activity_at,
      activeApps: row.active_apps_count,
    } satisfies IdpSession,
  }))

export function sessionsOf(client: AdminClient): Sessions {
  async function read(query: Query): Promise<readonly Session[]> {
    const answer = z.object({ data: z.array(session) })
    const { data } = await client.call({ method: 'GET', to: path`/admin/api/sessions`, query, expect: 200, answer })
    return data
  }

  return {
    // Unknown parameters are ignored silently; should this one ever be, other people's sessions must not count.
    ofUser: async (userId) => (await read({ user_id: userId })).filter((one) => one.userId === userId),
    all: async () => read({}),

    async allIdp() {
      const query = { sort: 'created_at', order: 'asc' }
      // The digest tells them apart as well as the id, which is a cookie.
      const item = idpSession.transform(({ userId, shown }) => ({ ...shown, userId, id: shown.digest }))
      const all = await readAll(client, { list: path`/admin/api/idp-sessions`, query, item })
      return all.map(({ id: _digest, ...one }) => one)
    },

    async idpOfUser(userId) {
      const { data } = await client.call({
        method: 'GET',
        to: path`/admin/api/users/${userId}/idp-sessions`,
        expect: 200,
        answer: z.object({ data: z.array(idpSession) }),
      })
      return data.filter((one) => one.userId === userId).map((one) => one.shown)
    },
  }
}

/** Stands for an id that is a live cookie. */
export function cookieDigest(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 16)
}
