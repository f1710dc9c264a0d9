import type Database from 'better-sqlite3'

/** Columns that say when something was touched, or hold a new random value each time, but not what is true of the account. */
const incidental = ['password', 'password_last_changed', 'updated_at', 'last_activity_at', 'last_used_at']

/**
 * All that the database has of the account that an admin path speaks of, as one text: equal before and after a call that had no
 * effect. Undefined for paths of no account. A new password is no difference: nobody knows the old one either.
 */
export function accountState(db: Database.Database): (path: string) => string | undefined {
  const tables = db
    .prepare<[], string>(
      `SELECT m.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table' AND c.name = 'user_id' ORDER BY 1`,
    )
    .pluck()
    .all()
  const rows = [
    db.prepare<[string], object>('SELECT * FROM users WHERE id = ?'),
    ...tables.map((table) => db.prepare<[string], object>(`SELECT * FROM "${table}" WHERE user_id = ? ORDER BY 1`)),
  ]
  return (path) => {
    const [, id] = /^\/admin\/api\/users\/([^/]+)/.exec(path) ?? []
    if (id === undefined) return undefined
    const account = decodeURIComponent(id)
    return JSON.stringify(
      rows.map((each) => each.all(account)),
      (name, value: unknown) => (incidental.includes(name) ? undefined : value),
    )
  }
}
