import Database from 'better-sqlite3'
import type { LocalAutentico } from './local-autentico.ts'
import { signedIn, waysOf } from './signed-in.ts'
import { type Thief, thiefWith } from './thief.ts'

type Server = Pick<LocalAutentico, 'url' | 'publicUrl' | 'accounts' | 'databaseFile'>

/** Who is signed in when the database is copied. */
const victim = 'user-002'

/** Somebody signs in, mallory copies the database, and takes from the copy what opens a door without any password: all of it lies there in clear. */
export async function copyDatabase(autentico: Server): Promise<Thief> {
  await signedIn(autentico, victim)
  const db = new Database(autentico.databaseFile, { readonly: true, fileMustExist: true, timeout: 5_000 })
  try {
    const kept = db
      .prepare<[string], { accessToken: string; refreshToken: string; cookie: string }>(
        `SELECT access_token AS accessToken, refresh_token AS refreshToken, idp_session_id AS cookie FROM sessions
         WHERE user_id = (SELECT id FROM users WHERE username = ?) AND deactivated_at IS NULL AND idp_session_id <> ''
         ORDER BY created_at DESC LIMIT 1`,
      )
      .get(victim)
    if (kept === undefined) throw new Error(`${victim} must be signed in when the database is copied`)
    return thiefWith(waysOf(autentico, kept))
  } finally {
    db.close()
  }
}
