import Database from 'better-sqlite3'
import type { LocalAutentico } from './local-autentico.ts'
import { seedBulk } from './seed-bulk.ts'
import { type Planted, plantDoors } from './steal-admin.ts'
import { sqlTime } from './time.ts'

/** So many that a bar moves while all of them are signed out, and few enough that nobody waits for it. */
const staff = 300

/** The company as it is when the drill begins: two years old, its people at work, and mallory has been an administrator for a night. */
export async function prepareCompany(
  autentico: LocalAutentico,
  { admin, now = new Date() }: { readonly admin: string; readonly now?: Date },
): Promise<Planted> {
  const db = new Database(autentico.databaseFile, { timeout: 5_000 })
  try {
    age(db, new Date(now.getTime() - 2 * 365 * 86_400_000))
    seedBulk(db, { count: staff, prefix: 'staff', now: new Date(now.getTime() - 3_600_000) })
  } finally {
    db.close()
  }
  return plantDoors(autentico, { admin, now })
}

/** Everything that was there already has been there since, so that only what is new looks new. */
function age(db: Database.Database, since: Date): void {
  const at = sqlTime(since)
  db.transaction(() => {
    db.prepare('UPDATE users SET created_at = ?, updated_at = ?, registered_at = ?').run(at, at, at)
    db.prepare('UPDATE clients SET created_at = ?, updated_at = ?').run(at, at)
    db.prepare('UPDATE federation_providers SET created_at = ?').run(at)
    db.prepare('UPDATE settings SET updated_at = ?').run(at)
  })()
}
