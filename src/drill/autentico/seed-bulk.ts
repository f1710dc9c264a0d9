import type Database from 'better-sqlite3'
import { createIds } from './ids.ts'
import { signHs256 } from './jwt.ts'
import { programTime, sqlTime } from './time.ts'

export type BulkSeed = {
  readonly count: number
  /** What their names begin with; `-0001` and so on follows. */
  readonly prefix: string
  readonly now: Date
  /** AUTENTICO_REFRESH_TOKEN_SECRET of the server. With it their refresh tokens are good; without, they are mere text. */
  readonly refreshSecret?: string
}

export type BulkUser = { readonly id: string; readonly username: string; readonly refreshToken: string }

/**
 * Adds people in one go, each logged in with a browser and with a script: two live sessions and tokens, and one live browser login.
 * They have no password. Works on any database of this schema, also while a server runs on it.
 */
export function seedBulk(db: Database.Database, seed: BulkSeed): readonly BulkUser[] {
  const ids = createIds(() => seed.now)
  const write = bulkWriter(db, seed.now)
  const digits = Math.max(4, String(seed.count).length)
  const users: BulkUser[] = []
  db.transaction(() => {
    for (let n = 1; n <= seed.count; n += 1) {
      const id = ids.ordered()
      const username = `${seed.prefix}-${String(n).padStart(digits, '0')}`
      write.user(id, username)
      const login = ids.secret()
      write.browserLogin(login, id)
      const refreshToken = write.session(
        { id: ids.ordered(), token: ids.ordered(), userId: id, login },
        seed.refreshSecret,
      )
      write.session({ id: ids.ordered(), token: ids.ordered(), userId: id, login: null }, seed.refreshSecret)
      users.push({ id, username, refreshToken })
    }
  })()
  return users
}

type NewSession = {
  readonly id: string
  readonly token: string
  readonly userId: string
  readonly login: string | null
}

function bulkWriter(db: Database.Database, now: Date) {
  const hour = 3_600_000
  const at = sqlTime(now)
  const accessExpiry = new Date(now.getTime() + hour)
  const refreshExpiry = new Date(now.getTime() + 720 * hour)
  const [issued, accessEnd, refreshEnd] = [now, accessExpiry, refreshExpiry].map(programTime)
  const address = '198.51.100.40'
  const user = db.prepare(
    `INSERT INTO users (id, username, email, is_email_verified, registered_at, created_at, updated_at) VALUES (?, ?, ?, 1, ?, ?, ?)`,
  )
  const login = db.prepare(
    `INSERT INTO idp_sessions (id, user_id, user_agent, ip_address, last_activity_at, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
  )
  const session = db.prepare(
    `INSERT INTO sessions (id, user_id, access_token, refresh_token, user_agent, ip_address, location, created_at, expires_at,
     idp_session_id) VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?)`,
  )
  const token = db.prepare(
    `INSERT INTO tokens (id, user_id, access_token, refresh_token, access_token_type, refresh_token_expires_at,
     access_token_expires_at, issued_at, scope, grant_type)
     VALUES (?, ?, ?, ?, 'Bearer', ?, ?, ?, 'openid profile email offline_access', ?)`,
  )
  return {
    user: (id: string, username: string) => void user.run(id, username, `${username}@acme.test`, at, at, at),
    browserLogin: (id: string, userId: string) => void login.run(id, userId, 'Firefox', address, issued, issued),
    session(made: NewSession, secret: string | undefined): string {
      const { id, userId } = made
      const claims = { sub: userId, iat: seconds(now), sid: id, azp: '', exp: seconds(refreshExpiry) }
      const refreshToken = secret === undefined ? `refresh-${id}` : signHs256(claims, secret)
      const accessToken = `access-${id}`
      const agent = made.login === null ? 'curl' : 'Firefox'
      session.run(id, userId, accessToken, refreshToken, agent, address, at, accessEnd, made.login)
      const grant = made.login === null ? 'password' : 'authorization_code'
      token.run(made.token, userId, accessToken, refreshToken, refreshEnd, accessEnd, issued, grant)
      return refreshToken
    },
  }
}

function seconds(at: Date): number {
  return Math.floor(at.getTime() / 1000)
}
