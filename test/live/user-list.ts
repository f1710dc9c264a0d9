import { describe, expect, test } from 'vitest'
import { at, rows } from './answer.ts'
import type { Peer } from './peer.ts'

/** How users are found. */
export function userListContract(peer: () => Peer): void {
  const list = async (query: string) => {
    const { json } = await peer().api('GET', `/users?${query}`)
    return {
      names: rows(json, 'data', 'items').map((user) => user['username']),
      total: at(json, 'data', 'total'),
      json,
    }
  }

  describe('the list of users', () => {
    test('is searched by substring, so that one name finds another', async () => {
      const short = await peer().victim('sub')
      await peer().api('PUT', `/users/${short.id}`, { nickname: `${short.username}y` })
      const { names } = await list(`search=${short.username}`)
      expect(names).toContain(short.username)
      expect((await list(`search=${short.username.slice(0, -1)}`)).names).toContain(short.username)
      expect((await list(`search=${short.username.toUpperCase()}`)).names).toContain(short.username)
      expect((await list(`search=${short.id}`)).names).toEqual([short.username])
    })

    test('takes % and _ as wildcards', async () => {
      const victim = await peer().victim()
      const pattern = encodeURIComponent(`${victim.username.slice(0, 4)}_${victim.username.slice(5)}`)
      expect((await list(`search=${pattern}`)).names).toEqual([victim.username])
      expect((await list(`search=${encodeURIComponent('%')}&limit=1`)).total).toBe((await list('limit=1')).total)
    })

    test('filters by 1 and 0, and finds nothing for true', async () => {
      const victim = await peer().victim()
      await peer().api('PUT', `/users/${victim.id}`, { is_email_verified: true })
      expect((await list(`search=${victim.username}&is_email_verified=1`)).total).toBe(1)
      expect((await list(`search=${victim.username}&is_email_verified=0`)).total).toBe(0)
      expect((await list(`search=${victim.username}&is_email_verified=true`)).total).toBe(0)
      expect((await list(`search=${victim.username}&role=user`)).total).toBe(1)
      expect((await list(`search=${victim.username}&role=admin`)).total).toBe(0)
    })

    test('ignores what it does not know, and sorts by age, oldest first', async () => {
      const prefix = `ord${Date.now()}`
      const made = [await peer().victim(prefix), await peer().victim(prefix)].map(({ username }) => username)
      expect((await list(`search=${prefix}&sort=id`)).names).toEqual(made)
      expect((await list(`search=${prefix}&sort=id&order=desc`)).names).toEqual(made.toReversed())
      expect((await list(`search=${prefix}&sort=nonsense&order=sideways&is_admin=1&limit=-3`)).total).toBe(2)
      expect((await list(`search=${prefix}&sort=id&limit=1&offset=1`)).names).toEqual(made.slice(1))
    })

    test.each(['2026-02-30', '2026-13-01', '2026-01-01T10:00', '01.01.2026'])('refuses the date %s', async (date) => {
      expect((await peer().api('GET', `/users?created_at_from=${date}`)).status).toBe(400)
    })

    test('compares dates as text: only the day counts, and a time drops its whole day', async () => {
      const { username } = await peer().victim()
      const now = new Date()
      const day = now.toISOString().slice(0, 10)
      const next = new Date(now.getTime() + 86_400_000).toISOString().slice(0, 10)
      const found = async (query: string) => (await list(`search=${username}&${query}`)).total
      expect(await found(`created_at_from=${day}`)).toBe(1)
      expect(await found(`created_at_from=${day}T00:00:00Z`)).toBe(0)
      expect(await found(`created_at_to=${day}T00:00:00Z`)).toBe(1)
      expect(await found(`created_at_to=${day}`)).toBe(0)
      expect(await found(`created_at_to=${next}`)).toBe(1)
      expect(await found(`from=${next}`)).toBe(1)
    })
  })
}
