import type { AdminClient } from './client.ts'
import type { AutenticoDatabase } from './database.ts'
import { readPage } from './paging.ts'
import { type Account, everybody } from './users.ts'

/** Somebody, whether or not Autentico still shows the account. */
export type Somebody =
  | { readonly deactivated: false; readonly account: Account }
  /** Known from the database alone. */
  | {
      readonly deactivated: true
      readonly account: {
        readonly id: string
        readonly username: string
        readonly email: string
        readonly role: string
      }
    }

export type EveryUser = {
  /**
   * Everybody once, however many and whatever happens to them meanwhile: first those that Autentico shows, in the order of their
   * ids, then, where there is a database, the deactivated ones. One who is deactivated while this runs may come twice, and one
   * added while it runs comes too. Only a page of them is held at a time.
   *
   * @param after Begins behind this id, where an earlier run was cut off. The deactivated ones come in any case.
   */
  all(options?: { readonly after?: string | undefined }): AsyncGenerator<Somebody, void, undefined>
  /** Those that Autentico shows. */
  active(options?: { readonly after?: string | undefined }): AsyncGenerator<Account, void, undefined>
  /** `deactivated` is undefined without a database. */
  count(): Promise<{ readonly active: number; readonly deactivated: number | undefined }>
}

export function everyUserOf(client: AdminClient, database: AutenticoDatabase | undefined): EveryUser {
  const active: EveryUser['active'] = ({ after } = {}) => readOn(client, after ?? '')
  return {
    active,

    async *all(options) {
      for await (const account of active(options)) yield { deactivated: false, account }
      if (database === undefined) return
      let last = ''
      for (;;) {
        const page = await database.everybody.deactivatedAfter(last, pageSize)
        for (const { id, username, email, role } of page)
          yield { deactivated: true, account: { id, username, email, role } }
        last = page.at(-1)?.id ?? last
        if (page.length < pageSize) return
      }
    },

    async count() {
      const { total } = await readPage(client, everybody, { limit: 1, offset: 0 })
      return { active: total, deactivated: await database?.everybody.deactivatedCount() }
    },
  }
}

/** Autentico gives no more at a time. */
const pageSize = 100

/**
 * There is no cursor, only an offset. Whoever is deactivated behind it moves everybody after them one row forward, so each page
 * begins with the row that the last one ended with; where it does not, we go back until a row is met that has been seen.
 */
async function* readOn(client: AdminClient, after: string): AsyncGenerator<Account, void, undefined> {
  let last = after
  let offset = await offsetOf(client, after)
  for (;;) {
    const { items } = await readPage(client, everybody, { limit: pageSize, offset })
    const first = items[0]
    if (offset > 0 && (first === undefined || first.id > last)) {
      offset = Math.max(0, offset - pageSize + 1)
      continue
    }
    for (const account of items) {
      if (account.id > last) yield account
    }
    last = items.at(-1)?.id ?? last
    if (items.length < pageSize) return
    offset += items.length - 1
  }
}

/** An offset at or before the first row behind `after`, found in a few looks. */
async function offsetOf(client: AdminClient, after: string): Promise<number> {
  if (after === '') return 0
  const { total } = await readPage(client, everybody, { limit: 1, offset: 0 })
  let [low, high] = [0, total]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    const { items } = await readPage(client, everybody, { limit: 1, offset: middle })
    const id = items[0]?.id
    if (id !== undefined && id <= after) low = middle
    else high = middle
  }
  return low
}
