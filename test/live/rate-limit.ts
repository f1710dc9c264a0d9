import { describe, expect, test } from 'vitest'
import type { Peer } from './peer.ts'

/** The limiter, which only the environment switches on and off. Every request here comes from an address of its own making. */
export function rateLimitContract(peer: () => Peer): void {
  const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } })
  const userinfo = async (address: string) => (await peer().send('GET', '/oauth2/userinfo', from(address))).status
  const limits = (rps: string, burst: string, rpm: string, minuteBurst: string) => ({
    AUTENTICO_RATE_LIMIT_RPS: rps,
    AUTENTICO_RATE_LIMIT_BURST: burst,
    AUTENTICO_RATE_LIMIT_RPM: rpm,
    AUTENTICO_RATE_LIMIT_RPM_BURST: minuteBurst,
  })
  const ask = async (address: string, times: number) => {
    const statuses = await Promise.all(Array.from({ length: times }, async () => userinfo(address)))
    return statuses.filter((status) => status !== 429).length
  }

  describe('the rate limiter', () => {
    test('has one budget for all limited endpoints, and none for the admin API', async () => {
      await peer().restart(limits('1000', '1000', '0.001', '3'))
      expect(await userinfo('192.0.2.1')).toBe(401)
      const form = { grant_type: 'nonsense', token: 'nonsense' }
      expect((await peer().form('/oauth2/token', form, from('192.0.2.1').headers)).status).toBe(400)
      expect((await peer().form('/oauth2/introspect', form, from('192.0.2.1').headers)).status).toBe(401)
      const refused = await peer().form('/oauth2/token', form, from('192.0.2.1').headers)
      expect(refused).toMatchObject({
        status: 429,
        json: { error: 'too_many_requests', error_description: 'Rate limit exceeded, please slow down' },
      })
      expect(refused.headers.get('retry-after')).toBe('1')
      expect((await peer().send('GET', '/admin/api/users', from('192.0.2.1'))).status).toBe(401)
      expect((await peer().send('GET', '/oauth2/.well-known/jwks.json', from('192.0.2.1'))).status).toBe(200)
    })

    test('goes by the first address in a header that anyone can send', async () => {
      await peer().restart(limits('1000', '1000', '0.001', '2'))
      expect(await ask('192.0.2.2', 5)).toBe(2)
      expect(await userinfo('192.0.2.2, 198.51.100.1')).toBe(429)
      expect(await userinfo('198.51.100.1, 192.0.2.2')).toBe(401)
      expect(await ask('192.0.2.3', 5)).toBe(2)
    })

    test('with nothing a minute gives an address its burst and no more', async () => {
      await peer().restart(limits('1000', '1000', '0', '4'))
      expect(await ask('192.0.2.4', 8)).toBe(4)
    })

    test('with nothing a second is off', async () => {
      await peer().restart(limits('0', '0', '20', '20'))
      expect(await ask('192.0.2.5', 60)).toBe(60)
    })

    test('lets ten through at once unless it is told otherwise', async () => {
      await peer().restart({
        AUTENTICO_RATE_LIMIT_RPS: undefined,
        AUTENTICO_RATE_LIMIT_BURST: undefined,
        AUTENTICO_RATE_LIMIT_RPM: undefined,
        AUTENTICO_RATE_LIMIT_RPM_BURST: undefined,
      })
      const passed = await ask('192.0.2.6', 60)
      expect(passed).toBeGreaterThanOrEqual(10)
      expect(passed).toBeLessThanOrEqual(20)
    })
  })
}
