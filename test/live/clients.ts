import { describe, expect, test } from 'vitest'
import { rows, text } from './answer.ts'
import { anyNumber, matching } from './matchers.ts'
import type { Peer } from './peer.ts'

/** Clients and federation providers. */
export function clientContract(peer: () => Peer): void {
  describe('a client', () => {
    test('shows its secret once, at creation', async () => {
      const { status, json } = await peer().createClient({
        client_name: 'Shows once',
        allowed_audiences: ['autentico-admin'],
      })
      expect(status).toBe(201)
      expect(json).toMatchObject({
        client_id: matching(/^[\w-]{43}$/),
        client_secret: matching(/^[\w-]{43}$/),
        client_secret_expires_at: 0,
        client_id_issued_at: anyNumber(),
        client_type: 'confidential',
        token_endpoint_auth_method: 'client_secret_basic',
      })
      const read = await peer().api('GET', `/clients/${text(json, 'client_id')}`)
      expect(read.json).toMatchObject({ is_active: true, allowed_audiences: ['autentico-admin'] })
      expect(read.text).not.toMatch(/secret"|created_at|updated_at/)
    })

    test('is refused without a name, without a redirect, and with an id that is taken', async () => {
      expect(await peer().api('POST', '/clients', {})).toMatchObject({
        status: 400,
        json: {
          error: 'invalid_client_metadata',
          error_description: 'client_name: cannot be blank; redirect_uris: cannot be blank.',
        },
      })
      const metadata = { error: 'invalid_client_metadata' }
      expect(await peer().createClient({ grant_types: ['implicit'] })).toMatchObject({ status: 400, json: metadata })
      expect(await peer().createClient({ redirect_uris: ['not a url'] })).toMatchObject({
        status: 400,
        json: { error: 'invalid_redirect_uri' },
      })
      expect(await peer().createClient({ client_id: peer().clientId })).toMatchObject({
        status: 409,
        json: { error: 'conflict' },
      })
      expect(await peer().api('GET', '/clients/no-such-client')).toMatchObject({
        status: 404,
        json: { error: 'invalid_client', error_description: 'Client not found' },
      })
    })

    test.each(['app.acme.test/callback', 'https://acme.test/*', 'https://acme.test/cb?to=*'])(
      'may be redirected to %s',
      async (uri) => {
        expect((await peer().createClient({ redirect_uris: [uri] })).status).toBe(201)
      },
    )

    test.each(['acmeapp://callback', 'https://*.acme.test/callback', 'https://acme.test*', 'https://*'])(
      'may not be redirected to %s',
      async (uri) => {
        expect(await peer().createClient({ redirect_uris: [uri] })).toMatchObject({
          status: 400,
          json: { error: 'invalid_redirect_uri', error_description: 'Invalid redirect URI: must be a valid URL' },
        })
      },
    )

    test('changed, loses every override that is not given again', async () => {
      const { json } = await peer().createClient({
        access_token_expiration: '5m',
        sso_session_idle_timeout: '24h',
        allowed_audiences: ['other'],
      })
      const path = `/clients/${text(json, 'client_id')}`
      expect((await peer().api('GET', path)).json).toMatchObject({ access_token_expiration: '5m' })
      const { status, json: changed } = await peer().api('PUT', path, { client_name: 'Renamed' })
      expect(status).toBe(200)
      expect(changed).toMatchObject({ client_name: 'Renamed', allowed_audiences: ['other'] })
      expect(changed).not.toHaveProperty('access_token_expiration')
      expect(changed).not.toHaveProperty('sso_session_idle_timeout')
    })

    test('deleted, is disabled and stays in the list with its id taken', async () => {
      const { json } = await peer().createClient({ client_type: 'public' })
      const id = text(json, 'client_id')
      expect((await peer().api('DELETE', `/clients/${id}`)).status).toBe(204)
      expect((await peer().api('DELETE', `/clients/${id}`)).status).toBe(204)
      const listed = await peer().api('GET', `/clients?search=${id}&is_active=0`)
      expect(rows(listed.json, 'data', 'items')).toMatchObject([{ client_id: id, is_active: false }])
      expect((await peer().createClient({ client_id: id })).status).toBe(409)
      expect((await peer().api('DELETE', '/clients/no-such-client')).status).toBe(404)
    })

    test('is registered at the other endpoint too, but only by an admin', async () => {
      const open = await peer().send('POST', '/oauth2/register', {
        body: { client_name: 'x', redirect_uris: ['http://x.test'] },
      })
      expect(open.status).toBe(401)
    })
  })

  describe('a federation provider', () => {
    test('never shows its secret, and can be switched off and deleted', async () => {
      const id = `live-${Date.now()}`
      const provider = {
        id,
        name: 'Live',
        issuer: 'https://elsewhere.test',
        client_id: 'c',
        client_secret: 's3cret-value',
      }
      expect(await peer().api('POST', '/federation', provider)).toMatchObject({
        status: 201,
        text: '{"status":"created"}\n',
      })
      expect((await peer().api('POST', '/federation', provider)).status).toBe(400)
      const shown = await peer().api('GET', `/federation/${id}`)
      expect(shown.json).toEqual({
        id,
        name: 'Live',
        issuer: 'https://elsewhere.test',
        client_id: 'c',
        icon_svg: '',
        enabled: true,
        sort_order: 0,
      })
      const off = await peer().api('PUT', `/federation/${id}`, { ...provider, enabled: false })
      expect(off).toMatchObject({ status: 200, text: '{"status":"updated"}\n' })
      const { json } = await peer().api('GET', `/federation?search=Live&enabled=0`)
      expect(rows(json, 'data', 'items').map((item) => item['id'])).toContain(id)
      expect((await peer().api('DELETE', `/federation/${id}`)).status).toBe(204)
      expect(await peer().api('DELETE', `/federation/${id}`)).toMatchObject({
        status: 404,
        json: { error: 'not_found' },
      })
    })
  })
}
