import { describe, expect, test } from 'vitest'
import { rows } from './answer.ts'
import type { Peer } from './peer.ts'

/** Switching off a provider, and what that costs. */
export function federationContract(peer: () => Peer): void {
  const add = async () => {
    const id = `rogue-${(await peer().victim()).username}`
    const provider = {
      id,
      name: id,
      issuer: 'https://rogue.attacker.test',
      client_id: 'c',
      client_secret: 'its-secret',
    }
    expect((await peer().api('POST', '/federation', provider)).status).toBe(201)
    return { id, path: `/federation/${id}` }
  }
  const stored = (id: string) =>
    peer().sql((db) =>
      db
        .prepare<[string], { client_secret: string; enabled: number }>(
          'SELECT client_secret, enabled FROM federation_providers WHERE id = ?',
        )
        .get(id),
    )
  /** A browser that starts a login there: 404 when the provider is off, something else when it is only out of reach. */
  const begin = async (id: string) => (await peer().browser().get(`/oauth2/federation/${id}`)).status

  describe('a federation provider', () => {
    test.each([
      ['left out', {}],
      ['null', { client_secret: null }],
      ['empty', { client_secret: '' }],
    ])('switched off with its secret %s, loses the secret', async (_what, secret) => {
      const { id, path } = await add()
      const { client_secret: _, ...shown } = (await peer().api('GET', path)).json
      expect((await peer().api('PUT', path, { ...shown, ...secret, enabled: false })).status).toBe(200)
      expect((await peer().api('GET', path)).json).toEqual({ ...shown, enabled: false })
      // There is no way round that at the API: what is not known cannot be sent back.
      expect(stored(id)).toEqual({ client_secret: '', enabled: 0 })
      expect(await begin(id)).toBe(404)
      await peer().api('DELETE', path)
    })

    test('switched off in the database, keeps its secret and is off at the next request', async () => {
      const { id, path } = await add()
      expect(await begin(id)).not.toBe(404)
      peer().sql((db) => db.prepare('UPDATE federation_providers SET enabled = 0 WHERE id = ?').run(id))
      expect((await peer().api('GET', path)).json).toMatchObject({ id, enabled: false })
      expect(await begin(id)).toBe(404)
      expect(stored(id)).toEqual({ client_secret: 'its-secret', enabled: 0 })
      await peer().api('DELETE', path)
    })

    test('is not switched off by naming that alone, and switched on by leaving it out', async () => {
      const { id, path } = await add()
      const refused = await peer().api('PUT', path, { enabled: false })
      expect(refused).toMatchObject({
        status: 400,
        json: { error: 'invalid_request', error_description: 'name, issuer, and client_id are required' },
      })
      const whole = { name: id, issuer: 'https://rogue.attacker.test', client_id: 'c', client_secret: 'its-secret' }
      await peer().api('PUT', path, { ...whole, enabled: false })
      expect((await peer().api('GET', path)).json).toMatchObject({ enabled: false })
      await peer().api('PUT', path, whole)
      expect((await peer().api('GET', path)).json).toMatchObject({ enabled: true })
      const { json } = await peer().api('GET', `/audit-logs?event=federation_updated&search=${id}`)
      expect(rows(json, 'data', 'items')).toMatchObject([{ detail: '' }, { detail: '' }])
      await peer().api('DELETE', path)
    })
  })
}
