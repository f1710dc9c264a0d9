import { describe, expect, test } from 'vitest'
import { createPasskey } from '#/drill/autentico/webauthn.ts'
import { at, rows, text } from './answer.ts'
import type { Peer } from './peer.ts'

/** What another process can do to the database while the server runs, and what the server makes of it. */
export function databaseContract(peer: () => Peer): void {
  const addPasskey = (userId: string): void => {
    const { passkey, credential } = createPasskey()
    peer().sql((db) =>
      db
        .prepare('INSERT INTO passkey_credentials (id, user_id, credential) VALUES (?, ?, ?)')
        .run(passkey.id, userId, credential),
    )
  }
  const beginPasskey = async (username: string) => {
    const browser = peer().browser()
    const { 'gorilla.csrf.Token': _, ...fields } = await browser.loginFields()
    const query = new URLSearchParams({ ...fields, username })
    return browser.get(`/oauth2/passkey/login/begin?${query.toString()}`)
  }

  describe('the schema', () => {
    test('is version 10, in WAL mode, with the tables that hold a way in', () => {
      const columns = (table: string) =>
        peer().sql((db) => db.prepare<[string], { name: string }>('SELECT name FROM pragma_table_info(?)').all(table))
      expect(peer().sql((db) => db.pragma('user_version', { simple: true }))).toBe(10)
      expect(peer().sql((db) => db.pragma('journal_mode', { simple: true }))).toBe('wal')
      const expected = {
        passkey_credentials: ['id', 'user_id', 'name', 'credential', 'created_at', 'last_used_at'],
        trusted_devices: ['id', 'user_id', 'device_name', 'created_at', 'last_used_at', 'expires_at'],
        password_reset_tokens: ['id', 'user_id', 'token_hash', 'expires_at', 'used_at', 'created_at'],
        magic_link_tokens: ['id', 'user_id', 'token_hash', 'code_hash', 'expires_at', 'used_at', 'created_at'],
        federated_identities: ['id', 'provider_id', 'provider_user_id', 'user_id', 'email', 'created_at'],
        idp_sessions: ['id', 'user_id', 'user_agent', 'ip_address', 'last_activity_at', 'created_at', 'deactivated_at'],
      }
      for (const [table, names] of Object.entries(expected)) {
        expect(columns(table).map(({ name }) => name)).toEqual(names)
      }
    })
  })

  describe('an edit from outside', () => {
    test('that deletes passkeys counts at the next request', async () => {
      const victim = await peer().victim()
      addPasskey(victim.id)
      expect((await beginPasskey(victim.username)).status).toBe(200)
      peer().sql((db) => db.prepare('DELETE FROM passkey_credentials WHERE user_id = ?').run(victim.id))
      const refused = await beginPasskey(victim.username)
      expect(refused).toMatchObject({ status: 400, text: '{"error":"invalid username or passkey"}\n' })
    })

    test('that ends sessions and tokens counts at once, but deleting a token row does not end its refresh', async () => {
      const victim = await peer().victim()
      const ended = (await peer().grant(victim)).json
      peer().sql((db) =>
        db.prepare('UPDATE sessions SET deactivated_at = CURRENT_TIMESTAMP WHERE user_id = ?').run(victim.id),
      )
      expect(await peer().userinfo(text(ended, 'access_token'))).toBe(401)
      const kept = (await peer().grant(victim)).json
      peer().sql((db) => db.prepare('DELETE FROM tokens WHERE user_id = ?').run(victim.id))
      expect((await peer().refresh(text(kept, 'refresh_token'))).status).toBe(200)
    })

    test('of a setting is not seen until a setting is changed through the API', async () => {
      const victim = await peer().victim()
      const store = (value: string) =>
        peer().sql((db) => db.prepare(`UPDATE settings SET value = ? WHERE key = 'require_mfa'`).run(value))
      store('true')
      expect((await peer().grant(victim)).status).toBe(200)
      await peer().api('PUT', '/settings', {})
      expect((await peer().grant(victim)).status).toBe(403)
      store('false')
      await peer().api('PUT', '/settings', {})
      expect((await peer().grant(victim)).status).toBe(200)
    })

    test('that leaves a hole in one session row breaks the whole list', async () => {
      const victim = await peer().victim()
      await peer().grant(victim)
      const address = (value: string | null) =>
        peer().sql((db) => db.prepare('UPDATE sessions SET ip_address = ? WHERE user_id = ?').run(value, victim.id))
      address(null)
      expect(await peer().api('GET', '/sessions')).toMatchObject({ status: 500, json: { error: 'server_error' } })
      address('')
      expect((await peer().api('GET', '/sessions')).status).toBe(200)
    })
  })

  describe('what hangs from a user', () => {
    test('survives revoke-sessions: passkeys, devices and the TOTP secret', async () => {
      const victim = await peer().victim()
      addPasskey(victim.id)
      peer().sql((db) => {
        db.prepare(`UPDATE users SET totp_secret = 'JBSWY3DPEHPK3PXP', totp_verified = 1 WHERE id = ?`).run(victim.id)
        db.prepare(
          `INSERT INTO trusted_devices (id, user_id, expires_at) VALUES (?, ?, datetime('now', '+30 days'))`,
        ).run(`td-${victim.id}`, victim.id)
      })
      await peer().api('POST', `/users/${victim.id}/revoke-sessions`)
      await peer().api('PUT', `/users/${victim.id}`, { totp_verified: false })
      const count = (table: string) =>
        peer().sql((db) => db.prepare(`SELECT COUNT(*) AS n FROM ${table} WHERE user_id = ?`).get(victim.id))
      expect(count('passkey_credentials')).toEqual({ n: 1 })
      expect(count('trusted_devices')).toEqual({ n: 1 })
      const kept = peer().sql((db) => db.prepare('SELECT totp_secret FROM users WHERE id = ?').get(victim.id))
      expect(kept).toEqual({ totp_secret: 'JBSWY3DPEHPK3PXP' })
    })

    test('an outstanding reset link makes deletion fail half-way, and the account can still log in', async () => {
      const victim = await peer().victim()
      await peer().grant(victim)
      peer().sql((db) =>
        db
          .prepare(
            `INSERT INTO password_reset_tokens (id, user_id, token_hash, expires_at) VALUES (?, ?, ?, datetime('now', '+1 hour'))`,
          )
          .run(`pr-${victim.id}`, victim.id, `hash-${victim.id}`),
      )
      expect(await peer().api('DELETE', `/users/${victim.id}`)).toMatchObject({
        status: 500,
        json: { error: 'server_error', error_description: 'Failed to delete user' },
      })
      expect((await peer().api('GET', `/sessions?user_id=${victim.id}`)).json).toEqual({ data: [] })
      expect((await peer().grant(victim)).status).toBe(200)
      const { json } = await peer().api('GET', `/audit-logs?event=user_deleted&search=${victim.id}`)
      expect(rows(json, 'data', 'items')).toEqual([])
      peer().sql((db) => db.prepare('DELETE FROM password_reset_tokens WHERE user_id = ?').run(victim.id))
    })

    test('a linked identity makes deleting its provider fail', async () => {
      const victim = await peer().victim()
      const id = `linked-${victim.id}`
      await peer().api('POST', '/federation', {
        id,
        name: 'Linked',
        issuer: 'https://x.test',
        client_id: 'c',
        client_secret: 's',
      })
      peer().sql((db) =>
        db
          .prepare('INSERT INTO federated_identities (id, provider_id, provider_user_id, user_id) VALUES (?, ?, ?, ?)')
          .run(`fi-${victim.id}`, id, 'sub', victim.id),
      )
      expect(await peer().api('DELETE', `/federation/${id}`)).toMatchObject({
        status: 500,
        json: { error: 'server_error', error_description: 'Failed to delete federation provider' },
      })
      peer().sql((db) => db.prepare('DELETE FROM federated_identities WHERE user_id = ?').run(victim.id))
      expect((await peer().api('DELETE', `/federation/${id}`)).status).toBe(204)
    })
  })

  describe('long lists', () => {
    test('give 100 users at most, whatever is asked for', async () => {
      const prefix = `bulk${Date.now()}`
      peer().sql((db) => {
        const insert = db.prepare('INSERT INTO users (id, username, registered_at) VALUES (?, ?, CURRENT_TIMESTAMP)')
        for (let n = 0; n < 101; n += 1) insert.run(`${prefix}-${n}`, `${prefix}-${n}`)
      })
      for (const limit of ['0', '500', 'many', '']) {
        const { json } = await peer().api('GET', `/users?search=${prefix}&limit=${limit}`)
        expect(rows(json, 'data', 'items')).toHaveLength(100)
        expect(at(json, 'data', 'total')).toBe(101)
      }
      const rest = await peer().api('GET', `/users?search=${prefix}&sort=id&offset=100`)
      expect(rows(rest.json, 'data', 'items')).toHaveLength(1)
      peer().sql((db) => db.prepare('DELETE FROM users WHERE id LIKE ?').run(`${prefix}-%`))
    })

    test('combine a group with a date into nothing at all', async () => {
      const victim = await peer().victim()
      const name = `group-${victim.id}`
      peer().sql((db) => {
        db.prepare('INSERT INTO groups (id, name) VALUES (?, ?)').run(name, name)
        db.prepare('INSERT INTO user_groups (user_id, group_id) VALUES (?, ?)').run(victim.id, name)
      })
      const total = async (query: string) =>
        at((await peer().api('GET', `/users?group=${name}${query}`)).json, 'data', 'total')
      const listed = await peer().api('GET', `/users?group=${name}`)
      expect(rows(listed.json, 'data', 'items')).toMatchObject([{ id: victim.id, groups: [name] }])
      expect(await total('&created_at_from=2020-01-01')).toBe(0)
      peer().sql((db) => db.prepare('DELETE FROM groups WHERE id = ?').run(name))
    })
  })
}
