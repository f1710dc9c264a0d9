import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseEnvFile } from '#/drill/autentico/env-file.ts'
import { type BulkUser, seedBulk } from '#/drill/autentico/seed-bulk.ts'
import { at, rows, text } from './answer.ts'
import type { Peer } from './peer.ts'

/** More people than a page holds: found one and all, and revoked one by one, for there is no other way. */
export function bulkContract(peer: () => Peer): void {
  let people: readonly BulkUser[] = []
  const prefix = `bulk${Date.now()}`
  const count = 1000

  /** Every item of a list, page by page, as long as the total says that there is more. */
  const pages = async (query: string, between: () => Promise<unknown> = async () => undefined) => {
    const ids: string[] = []
    for (let offset = 0; ; offset += 100) {
      const { json } = await peer().api('GET', `/users?${query}&sort=id&limit=100&offset=${offset}`)
      ids.push(...rows(json, 'data', 'items').map((user) => text(user, 'id')))
      if (offset + 100 >= Number(at(json, 'data', 'total'))) return ids
      await between()
    }
  }
  const alive = (table: string, column: string) =>
    peer().sql(
      (db) =>
        db
          .prepare<[string], { n: number }>(
            `SELECT COUNT(*) AS n FROM ${table} JOIN users ON users.id = ${table}.user_id
             WHERE users.username LIKE ? AND ${table}.${column} IS NULL`,
          )
          .get(`${prefix}-%`)?.n,
    )

  describe('a thousand people', () => {
    beforeAll(() => {
      const { environment } = peer().origin
      const secret =
        environment && parseEnvFile(readFileSync(environment.file, 'utf8')).get('AUTENTICO_REFRESH_TOKEN_SECRET')
      // Ids made in the same second by two makers sort as they like.
      const now = new Date(Date.now() - 60_000)
      const seed = { count, prefix, now, ...(secret === undefined ? {} : { refreshSecret: secret }) }
      people = peer().sql((db) => seedBulk(db, seed))
    })
    afterAll(() => {
      peer().sql((db) =>
        db.transaction(() => {
          for (const table of ['tokens', 'sessions', 'idp_sessions'])
            db.prepare(`DELETE FROM ${table} WHERE user_id IN (SELECT id FROM users WHERE username LIKE ?)`).run(
              `${prefix}-%`,
            )
          db.prepare('DELETE FROM users WHERE username LIKE ?').run(`${prefix}-%`)
        })(),
      )
    })

    test('are all in the pages by id, once each, although others join meanwhile', async () => {
      const joined: string[] = []
      const ids = await pages('', async () => joined.push((await peer().victim()).id))
      expect(new Set(ids).size).toBe(ids.length)
      const listed = new Set(ids)
      expect(people.filter(({ id }) => !listed.has(id))).toEqual([])
      expect(ids.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(ids)
      expect(joined.length).toBeGreaterThan(5)
    })

    test('of whom many are admins, are reviewed past the first page', async () => {
      const promoted = people.slice(0, 150).map(({ id }) => id)
      const role = (value: string) =>
        peer().sql((db) => {
          const change = db.prepare('UPDATE users SET role = ? WHERE id = ?')
          db.transaction(() => promoted.forEach((id) => change.run(value, id)))()
        })
      role('admin')
      const admins = await pages('role=admin')
      expect(new Set(admins).size).toBe(admins.length)
      expect(admins).toEqual(expect.arrayContaining(promoted))
      role('user')
      const left = new Set(await pages('role=admin'))
      expect(promoted.filter((id) => left.has(id))).toEqual([])
    })

    test('each revoked, have nothing left that lives, and nobody else is touched', { timeout: 120_000 }, async () => {
      const bystander = text((await peer().grant(await peer().victim())).json, 'access_token')
      const sample = people.slice(0, 3)
      const refreshSamples = async () =>
        Promise.all(sample.map(async ({ refreshToken }) => (await peer().refresh(refreshToken)).status))
      // Without the server's secret their refresh tokens could not be made to be good.
      const good = peer().origin.environment === undefined ? 400 : 200
      expect(await refreshSamples()).toEqual([good, good, good])
      expect(alive('sessions', 'deactivated_at')).toBeGreaterThanOrEqual(2 * count)

      const logged = async () =>
        at((await peer().api('GET', '/audit-logs?event=all_user_sessions_revoked&limit=1')).json, 'data', 'total')
      const before = Number(await logged())
      const left = people.values()
      const statuses: number[] = []
      const revoke = async () => {
        for (const { id } of left) statuses.push((await peer().api('POST', `/users/${id}/revoke-sessions`)).status)
      }
      await Promise.all(Array.from({ length: 8 }, revoke))

      expect(statuses).toHaveLength(count)
      expect(new Set(statuses)).toEqual(new Set([204]))
      expect(alive('sessions', 'deactivated_at')).toBe(0)
      expect(alive('tokens', 'revoked_at')).toBe(0)
      expect(alive('idp_sessions', 'deactivated_at')).toBe(0)
      expect(Number(await logged())).toBe(before + count)
      expect(await refreshSamples()).toEqual([400, 400, 400])
      expect(await peer().userinfo(bystander)).toBe(200)
    })
  })

  describe('a promotion', () => {
    test('leaves the account looking old; only the order by change tells, and it shows no time', async () => {
      const early = await peer().victim()
      const late = await peer().victim()
      peer().sql((db) => {
        const age = db.prepare(
          `UPDATE users SET created_at = datetime('now', ?), updated_at = datetime('now', ?) WHERE id = ?`,
        )
        age.run('-2 years', '-2 years', early.id)
        age.run('-1 hour', '-1 hour', late.id)
        db.prepare(`UPDATE users SET role = 'admin' WHERE id = ?`).run(late.id)
      })
      await peer().api('PUT', `/users/${early.id}`, { role: 'admin' })
      const { json } = await peer().api('GET', '/users?role=admin&sort=updated_at&order=desc')
      const admins = rows(json, 'data', 'items')
      const place = (id: string) => admins.findIndex((admin) => admin['id'] === id)
      expect(place(early.id)).toBeLessThan(place(late.id))
      expect(new Date(text(admins[place(early.id)], 'created_at')).getTime()).toBeLessThan(Date.now() - 31_536_000_000)
      expect(admins[place(early.id)]).not.toHaveProperty('updated_at')
      for (const { id } of [early, late]) await peer().api('PUT', `/users/${id}`, { role: 'user' })
    })
  })
}
