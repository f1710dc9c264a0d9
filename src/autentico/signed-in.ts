import { z } from 'zod'
import type { AdminClient } from './client.ts'
import type { AutenticoDatabase } from './database.ts'
import { readPage } from './paging.ts'
import { path } from './paths.ts'
import { isBefore } from './times.ts'

/** What still opens Autentico, by kind. */
export type SignedIn = { readonly sessions: number; readonly ssoSessions: number; readonly tokens: number }

/**
 * How much of what was issued before a moment still lives, for everybody but `except`. Tokens of clients themselves, which belong to
 * nobody, are not counted. From the database where there is one; else every list is read to its end, a page at a time but for the
 * sessions, which Autentico gives all at once.
 */
export async function signedInBefore(
  {
    client,
    database,
    except,
  }: { readonly client: AdminClient; readonly database: AutenticoDatabase | undefined; readonly except: string },
  at: Date,
): Promise<SignedIn> {
  if (database !== undefined) return database.everybody.signedInBefore(at, except)
  const answer = z.object({ data: z.array(session) })
  const { data } = await client.call({ method: 'GET', to: path`/admin/api/sessions`, expect: 200, answer })
  const isOld = (text: string): boolean => isBefore(text, at)
  return {
    sessions: data.filter((one) => one.user_id !== except && one.deactivated_at === null && isOld(one.created_at))
      .length,
    ssoSessions: await counted(client, sso, (one) => one.user_id !== except && isOld(one.created_at)),
    tokens: await counted(
      client,
      tokens,
      (one) => one.user_id !== null && one.user_id !== except && one.revoked_at === null && isOld(one.issued_at),
    ),
  }
}

const session = z.object({ user_id: z.string(), created_at: z.string(), deactivated_at: z.string().nullable() })

const sso = {
  list: path`/admin/api/idp-sessions`,
  query: { sort: 'created_at', order: 'asc' },
  item: z.object({ user_id: z.string(), created_at: z.string() }),
}

const tokens = {
  list: path`/admin/api/tokens`,
  query: { sort: 'issued_at', order: 'asc' },
  item: z.object({ user_id: z.string().nullable(), issued_at: z.string(), revoked_at: z.string().nullable() }),
}

const pageSize = 100

async function counted<T>(
  client: AdminClient,
  list: {
    readonly list: ReturnType<typeof path>
    readonly query: Readonly<Record<string, string>>
    readonly item: z.ZodType<T>
  },
  counts: (one: T) => boolean,
): Promise<number> {
  let found = 0
  for (let offset = 0; ; offset += pageSize) {
    const { items } = await readPage(client, list, { limit: pageSize, offset })
    found += items.filter(counts).length
    if (items.length < pageSize) return found
  }
}
