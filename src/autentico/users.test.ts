import { expect, test } from 'vitest'
import { connectAutentico } from './connect.ts'
import { type Scripted, type Seen, scriptedServer, unsignedToken, userRow } from './scripted-server.ts'

function connect(url: string) {
  return connectAutentico({ url, credentials: { kind: 'bearer', token: unsignedToken('bot') } })
}

type Row = { readonly id: string; readonly username: string } & Readonly<Record<string, unknown>>

/** A user list that searches, pages and clamps as Autentico does. */
function listOf(rows: readonly Row[]) {
  return (seen: Seen): Scripted => {
    const query = new URL(seen.path, 'http://x').searchParams
    const text = (query.get('search') ?? '').toLowerCase()
    const hits = rows.map((row) => userRow(row)).filter((row) => JSON.stringify(row).toLowerCase().includes(text))
    const offset = Number(query.get('offset'))
    const limit = Math.min(Number(query.get('limit')), 100)
    return { status: 200, json: { data: { items: hits.slice(offset, offset + limit), total: hits.length } } }
  }
}

const bob = { id: 'u1', username: 'bob' }
const bobby = { id: 'u2', username: 'bobby' }

test('a username that is part of another finds exactly the one', async () => {
  await using server = await scriptedServer(listOf([bobby, bob]))
  await using autentico = connect(server.url)
  expect(await autentico.users.find('bob')).toMatchObject({ kind: 'found', account: { id: 'u1' } })
  expect(await autentico.users.find('BOBBY@acme.test')).toMatchObject({ kind: 'found', account: { id: 'u2' } })
  expect(await autentico.users.find('u2')).toMatchObject({ kind: 'found', account: { username: 'bobby' } })
})

test('nobody exactly so named gives suggestions, never an account', async () => {
  await using server = await scriptedServer(listOf([bobby, bob]))
  await using autentico = connect(server.url)
  expect(await autentico.users.find('bo')).toMatchObject({
    kind: 'none',
    nearest: [{ username: 'bob' }, { username: 'bobby' }],
  })
  expect(await autentico.users.find('Bob')).toMatchObject({ kind: 'none' })
  expect(await autentico.users.find('zoe')).toEqual({ kind: 'none', nearest: [] })
})

test.each([['alise'], ['alce'], ['aliice'], ['laice'], ['alicce']])(
  'for the slip in %j alice is suggested',
  async (typed) => {
    await using server = await scriptedServer(
      listOf([bob, { id: 'u4', username: 'alice' }, { id: 'u5', username: 'alicia' }]),
    )
    await using autentico = connect(server.url)
    const found = await autentico.users.find(typed)
    expect(found.kind === 'none' ? found.nearest[0] : undefined).toMatchObject({ username: 'alice' })
  },
)

test('a name that is like nobody suggests nobody', async () => {
  await using server = await scriptedServer(listOf([bob, { id: 'u4', username: 'alice' }]))
  await using autentico = connect(server.url)
  expect(await autentico.users.find('alfredo')).toEqual({ kind: 'none', nearest: [] })
})

test('one account named like the e-mail address of another is ambiguous', async () => {
  const impostor = { id: 'u3', username: 'bob@acme.test', email: 'mallory@acme.test' }
  await using server = await scriptedServer(listOf([bob, impostor]))
  await using autentico = connect(server.url)
  expect(await autentico.users.find('bob@acme.test')).toMatchObject({
    kind: 'ambiguous',
    candidates: [{ id: 'u1' }, { id: 'u3' }],
  })
})

test.each([[''], ['   '], ['x'.repeat(201)]])('the name %j is nobody, and nothing is asked', async (name) => {
  await using server = await scriptedServer(listOf([bob]))
  await using autentico = connect(server.url)
  expect(await autentico.users.find(name)).toEqual({ kind: 'none', nearest: [] })
  expect(server.seen).toEqual([])
})

test('the exact account is found behind more than one page of similar ones', async () => {
  const many = Array.from({ length: 250 }, (_, n) => ({ id: `m${String(n).padStart(3, '0')}`, username: `bob${n}` }))
  await using server = await scriptedServer(listOf([...many, { ...bob, id: 'z9' }]))
  await using autentico = connect(server.url)
  expect(await autentico.users.find('bob')).toMatchObject({ kind: 'found', account: { id: 'z9' } })
  expect(server.seen.every((one) => one.path.includes('sort=id'))).toBe(true)
})

test('a list is read past the clamp of 100 rows, each row once', async () => {
  const many = Array.from({ length: 230 }, (_, n) => ({ id: `m${String(n).padStart(3, '0')}`, username: `m${n}` }))
  await using server = await scriptedServer(listOf(many))
  await using autentico = connect(server.url)
  const all = await autentico.users.list()
  expect(new Set(all.map((one) => one.id)).size).toBe(230)
  expect(server.seen).toHaveLength(3)
})

test('a list that shrinks while it is read is read again, so that nobody falls between two pages', async () => {
  const many = Array.from({ length: 150 }, (_, n) => ({ id: `m${String(n).padStart(3, '0')}`, username: `m${n}` }))
  // After the first page the first account disappears, and everybody moves up by one.
  await using server = await scriptedServer((seen, index) => listOf(index === 0 ? many : many.slice(1))(seen))
  await using autentico = connect(server.url)
  const all = await autentico.users.list()
  expect(all.map((one) => one.id)).toContain('m100')
})

test('a list that promises more than it gives is not taken for the whole', async () => {
  const promise = { data: { items: [userRow(bob)], total: 3 } }
  const nothing = { data: { items: [], total: 3 } }
  await using server = await scriptedServer((seen) => ({
    status: 200,
    json: seen.path.includes('offset=0') ? promise : nothing,
  }))
  await using autentico = connect(server.url)
  await expect(autentico.users.list()).rejects.toMatchObject({ name: 'AutenticoUnavailable' })
})

test('an answer about another account is not taken', async () => {
  await using server = await scriptedServer(() => ({ status: 200, json: { data: userRow(bobby) } }))
  await using autentico = connect(server.url)
  await expect(autentico.users.read('u1')).rejects.toMatchObject({ name: 'UnexpectedAnswer' })
})

test('a deactivation that stopped half-way is completed by revoking', async () => {
  await using server = await scriptedServer((seen) => {
    if (seen.path.endsWith('/deactivate')) return { status: 500, json: { error: 'server_error' } }
    return seen.path.endsWith('/revoke-sessions') ? { status: 204 } : { status: 404, json: { error: 'not_found' } }
  })
  await using autentico = connect(server.url)
  expect(await autentico.users.deactivate('u1')).toBe('completed')
  expect(server.seen.map((one) => one.path.split('/').at(-1))).toEqual(['deactivate', 'revoke-sessions', 'u1'])
})

test('a deactivation that failed and left the account active stays a failure', async () => {
  await using server = await scriptedServer((seen) => {
    if (seen.path.endsWith('/deactivate')) return { status: 500, json: { error: 'server_error' } }
    return seen.path.endsWith('/revoke-sessions') ? { status: 204 } : { status: 200, json: { data: userRow(bob) } }
  })
  await using autentico = connect(server.url)
  await expect(autentico.users.deactivate('u1')).rejects.toMatchObject({ name: 'OutcomeUnknown', status: 500 })
})

test('a repeated deactivation gets 404 and revokes all the same', async () => {
  await using server = await scriptedServer((seen) =>
    seen.path.endsWith('/deactivate') ? { status: 404, json: { error: 'not_found' } } : { status: 204 },
  )
  await using autentico = connect(server.url)
  expect(await autentico.users.deactivate('u1')).toBe('already-or-unknown')
  expect(server.seen.at(-1)?.path).toBe('/admin/api/users/u1/revoke-sessions')
})

test('unlocking a deactivated account works although Autentico answers 500', async () => {
  await using server = await scriptedServer((seen) =>
    seen.path.endsWith('/unlock')
      ? { status: 500, json: { error: 'server_error' } }
      : { status: 404, json: { error: 'not_found' } },
  )
  await using autentico = connect(server.url)
  expect(await autentico.users.unlock('u1')).toBeUndefined()
})

test('an MFA reset that did not take is not success', async () => {
  await using server = await scriptedServer(() => ({
    status: 200,
    json: { data: userRow({ ...bob, totp_verified: true }) },
  }))
  await using autentico = connect(server.url)
  await expect(autentico.users.clearMfa('u1')).rejects.toMatchObject({ name: 'UnexpectedAnswer' })
})

test.each([['short'], ['é'.repeat(37)]])('the password %s is refused before it is sent', async (password) => {
  await using server = await scriptedServer(() => ({ status: 204 }))
  await using autentico = connect(server.url)
  await expect(autentico.users.setPassword('u1', password)).rejects.toMatchObject({ name: 'NotSent' })
  expect(server.seen).toEqual([])
})
