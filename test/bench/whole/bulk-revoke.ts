import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { Pool } from 'undici'
import { connectAutentico } from '#/autentico/connect.ts'
import { startAutenticoProcess } from '#/drill/autentico/own-process.ts'
import { seedBulk } from '#/drill/autentico/seed-bulk.ts'
import { startPrivateRedis } from '#/drill/redis.ts'
import { makeKey } from '#/work/keys.ts'
import { openOrderQueue } from '#/work/order-queue.ts'
import { consumeOutcomes } from '#/work/outcomes.ts'
import { startWorker } from '#/work/worker.ts'
import { wholeOrder } from '../../support/bulk-site.ts'
import type { Figure } from '../figure.ts'

const people = 1_000
const atOnce = 16
const pageSize = 100

/**
 * Revoking everybody's sessions, as an order that a worker takes, beside a bare loop that makes the same calls in the same order: with as
 * many connections and calls on their way, but no journal, no fence, no order, nothing read into shapes and nothing proven.
 */
const bulkRevoke: Figure = {
  name: `revoke everybody, ${people} users`,
  unit: 'users/s',
  target: { atLeast: 0.9 },
  pairs: 5,
  prepare: async () => {
    await using building = new AsyncDisposableStack()
    const dir = building.adopt(mkdtempSync(join(tmpdir(), 'responder-bench-')), (path) =>
      rmSync(path, { recursive: true, force: true }),
    )
    const idp = building.use(await startAutenticoProcess({ dir: join(dir, 'idp') }))
    const db = building.adopt(new SQLite(idp.databaseFile), (open) => void open.close())
    seedBulk(db, { count: people, prefix: 'person', now: new Date() })
    const ours = building.use(await ourSide({ dir, idp, stack: building }))
    const pool = building.adopt(new Pool(idp.url, { connections: 8 }), async (open) => open.destroy())
    const login = await signIn(idp)
    /** Everybody is signed in again, so that every call has the same to do. */
    const revive = (): void => {
      db.exec(
        `UPDATE sessions SET deactivated_at = NULL WHERE user_id IN (SELECT id FROM users WHERE username LIKE 'person-%');
         UPDATE idp_sessions SET deactivated_at = NULL WHERE user_id IN (SELECT id FROM users WHERE username LIKE 'person-%');
         UPDATE tokens SET revoked_at = NULL WHERE user_id IN (SELECT id FROM users WHERE username LIKE 'person-%')`,
      )
    }
    const parts = building.move()
    return {
      async ours() {
        revive()
        return ours.rate()
      },
      async floor() {
        revive()
        return bareLoop(pool, await login())
      },
      [Symbol.asyncDispose]: () => parts.disposeAsync(),
    }
  },
}

export const figures: readonly Figure[] = [bulkRevoke]

type Idp = Awaited<ReturnType<typeof startAutenticoProcess>>

async function ourSide({
  dir,
  idp,
  stack,
}: {
  readonly dir: string
  readonly idp: Idp
  readonly stack: AsyncDisposableStack
}): Promise<AsyncDisposable & { readonly rate: () => Promise<number> }> {
  const redis = stack.adopt(await startPrivateRedis(), async (one) => one.stop())
  const [bot, sealing, signing] = [makeKey('ed25519'), makeKey('x25519'), makeKey('ed25519')]
  const ignore = (): void => undefined
  const place = { url: redis.url, log: { info: ignore, warn: ignore, error: ignore } }
  const autentico = stack.use(
    connectAutentico({
      url: idp.url,
      credentials: { kind: 'password', ...idp.credentials },
      databasePath: idp.databaseFile,
    }),
  )
  const queue = stack.use(openOrderQueue({ ...place, signingKey: bot.privateKey }))
  const waiting = new Map<string, { readonly resolve: () => void; readonly reject: (error: Error) => void }>()
  stack.use(
    consumeOutcomes({
      ...place,
      workerKeys: [signing.publicKey],
      onOutcome({ order, final, result }) {
        if (!final) return
        if (result.kind === 'done' && result.checks.every(({ proven }) => proven === true))
          waiting.get(order)?.resolve()
        else waiting.get(order)?.reject(new Error(`an order of the bench was not proven: ${JSON.stringify(result)}`))
      },
      onForgery: ignore,
    }),
  )
  const worker = await startWorker({
    ...place,
    name: 'bench',
    autentico,
    reach: { directory: join(dir, 'worker'), known: { admins: [], clients: [] } },
    journalFile: join(dir, 'worker', 'journal.db'),
    signingKey: signing.privateKey,
    workerKeys: [signing.publicKey],
    botKeys: [bot.publicKey],
    sealTo: sealing.publicKey,
  })
  let last = 30
  return {
    async rate() {
      last += 1
      const order = wholeOrder('revoke-everybody', { seq: last, basis: { everybody: true } })
      const ended = Promise.withResolvers<void>()
      waiting.set(order.id, ended)
      const begun = performance.now()
      await queue.issue(order)
      await ended.promise
      return (people * 1_000) / (performance.now() - begun)
    },
    [Symbol.asyncDispose]: async () => worker.stop({ graceMs: 500 }),
  }
}

/** A token for each run: the bot's own is revoked at the end of ours. */
async function signIn({ url, credentials }: Idp): Promise<() => Promise<string>> {
  const { clientId, clientSecret, username, password } = credentials
  return Promise.resolve(async () => {
    const body = { grant_type: 'password', client_id: clientId, client_secret: clientSecret, username, password }
    const answer = await fetch(`${url}/oauth2/token`, { method: 'POST', body: new URLSearchParams(body) })
    return ((await answer.json()) as { readonly access_token: string }).access_token
  })
}

type Page = { readonly data: { readonly items: readonly { readonly id: string }[] } }

/** Each page begins with the last row of the one before, as ours do. The bot itself is left out, as ours leaves it for the end. */
async function bareLoop(pool: Pool, token: string): Promise<number> {
  const headers = { accept: 'application/json', authorization: `Bearer ${token}` }
  const [, payload = ''] = token.split('.')
  const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { readonly sub: string }
  const page = async (offset: number): Promise<readonly string[]> => {
    const path = `/admin/api/users?sort=id&order=asc&limit=${pageSize}&offset=${offset}`
    const { body } = await pool.request({ method: 'GET', path, headers })
    return ((await body.json()) as Page).data.items.map(({ id }) => id)
  }
  const begun = performance.now()
  let done = 0
  let coming = page(0)
  for (let offset = 0; ; offset += pageSize - 1) {
    const ids = await coming
    coming = ids.length < pageSize ? Promise.resolve([]) : page(offset + pageSize - 1)
    const rest = ids.slice(offset === 0 ? 0 : 1).filter((id) => id !== sub)
    const each = rest.values()
    const lane = async (): Promise<void> => {
      for (const id of each) {
        const path = `/admin/api/users/${id}/revoke-sessions`
        const { body, statusCode } = await pool.request({ method: 'POST', path, headers })
        await body.dump()
        if (statusCode !== 204) throw new Error(`the bare loop was answered ${statusCode}`)
        done += 1
      }
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
    if (ids.length < pageSize) return (done * 1_000) / (performance.now() - begun)
  }
}
