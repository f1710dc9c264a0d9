import { type IncomingMessage, request } from 'node:http'
import Database from 'better-sqlite3'
import { guessPasswords } from './intruder.ts'
import type { LocalAutentico } from './local-autentico.ts'
import { portalClientId } from './seed.ts'
import { type Thief, thiefWith } from './thief.ts'

type Server = Pick<LocalAutentico, 'url' | 'publicUrl' | 'databaseFile'>

/** Whom mallory locks out by guessing. */
const lockedOut = ['user-010', 'user-011', 'user-012']
const requestsAtOnce = 60

/**
 * Mallory steals nothing: she guesses at passwords until accounts are locked, and then sends requests from outside, through the proxy that
 * stands before Autentico.
 */
export async function flood(autentico: Server): Promise<Thief> {
  const { url, publicUrl } = autentico
  const redirectUri = 'http://localhost:3000/callback'
  await guessPasswords({
    url,
    clientId: portalClientId,
    redirectUri,
    usernames: lockedOut,
    times: attemptsAllowed(autentico),
  })
  return thiefWith([
    {
      door: 'admin API from outside',
      async enter() {
        const status = await statusOf(`${publicUrl}/admin/api/users`)
        // Whoever gets as far as Autentico is asked for a token.
        return status === 401 ? undefined : `turned away with ${status}`
      },
    },
    {
      door: `${requestsAtOnce} requests at once`,
      async enter() {
        const path = `${publicUrl}/oauth2/.well-known/jwks.json`
        const all = await Promise.all(Array.from({ length: requestsAtOnce }, async () => statusOf(path)))
        const refused = all.filter((status) => status === 429 || status === 503).length
        return refused === 0 ? undefined : `${refused} of ${requestsAtOnce} turned away`
      },
    },
  ])
}

/** As many wrong passwords as lock an account. */
function attemptsAllowed({ databaseFile }: Server): number {
  const db = new Database(databaseFile, { readonly: true, timeout: 5_000 })
  try {
    const value = db.prepare('SELECT value FROM settings WHERE key = ?').pluck().get('account_lockout_max_attempts')
    return Number(value)
  } finally {
    db.close()
  }
}

/** Another address of this machine than those of the worker and of people, where the system has more than one. */
const outside = process.platform === 'linux' ? { localAddress: '127.0.0.3' } : {}

async function statusOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false, ...outside }, (response: IncomingMessage) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asked.on('error', reject)
    asked.end()
  })
}
