import { expect, test } from 'vitest'
import { connectAutentico } from './connect.ts'
import { type Scripted, type Seen, scriptedServer, unsignedToken, userRow } from './scripted-server.ts'

function connect(url: string) {
  return connectAutentico({ url, credentials: { kind: 'bearer', token: unsignedToken('bot') } })
}

const id = (number: number): string => `u${String(number).padStart(5, '0')}`
const ids = (count: number): string[] => Array.from({ length: count }, (_, number) => id(number))

/** A list of users in the order of their ids; `meanwhile` changes it after the answer with this number. */
function listOf(rows: string[], meanwhile: (rows: string[], answered: number) => void = () => undefined) {
  return (seen: Seen, index: number): Scripted => {
    const query = new URL(seen.path, 'http://x').searchParams
    expect(query.get('sort')).toBe('id')
    const offset = Number(query.get('offset'))
    const limit = Math.min(Number(query.get('limit')), 100)
    const items = rows
      .toSorted()
      .slice(offset, offset + limit)
      .map((one) => userRow({ id: one, username: one }))
    const total = rows.length
    meanwhile(rows, index)
    return { status: 200, json: { data: { items, total } } }
  }
}

async function collect(url: string, options?: { readonly after: string }): Promise<readonly string[]> {
  await using autentico = connect(url)
  const found: string[] = []
  for await (const account of autentico.everyUser.active(options)) found.push(account.id)
  return found
}

test.each([[0], [1], [99], [100], [101], [199], [200], [1_234]])(
  '%i people come once each, in order',
  async (count) => {
    await using server = await scriptedServer(listOf(ids(count)))
    expect(await collect(server.url)).toEqual(ids(count))
  },
)

test('nobody is skipped when those who came before are deactivated meanwhile', async () => {
  // As many as a page and more, at a moment between two pages.
  await using server = await scriptedServer(
    listOf(ids(1_000), (rows, answered) => {
      if (answered === 3) rows.splice(0, 250)
      if (answered === 6) rows.splice(10, 1)
    }),
  )
  expect(await collect(server.url)).toEqual(ids(1_000))
})

test('when everybody seen so far is gone, the rest still comes', async () => {
  await using server = await scriptedServer(
    listOf(ids(300), (rows, answered) => {
      if (answered === 1) rows.splice(0, 199)
    }),
  )
  expect(await collect(server.url)).toEqual(ids(300))
})

test('one who comes along meanwhile comes too', async () => {
  await using server = await scriptedServer(
    listOf(ids(150), (rows, answered) => {
      if (answered === 0) rows.push('u99999')
    }),
  )
  expect(await collect(server.url)).toEqual([...ids(150), 'u99999'])
})

test.each([[0], [98], [99], [100], [498], [499]])(
  'a run cut off behind number %i goes on there, without reading all before',
  async (at) => {
    await using server = await scriptedServer(listOf(ids(500)))
    expect(await collect(server.url, { after: id(at) })).toEqual(ids(500).slice(at + 1))
    expect(server.seen.length).toBeLessThan(20)
  },
)

test('a run cut off behind one who is gone goes on behind where that one was', async () => {
  await using server = await scriptedServer(listOf(ids(500).filter((one) => one !== id(250))))
  expect(await collect(server.url, { after: id(250) })).toEqual(ids(500).slice(251))
})

test('a page at a time is asked for, and only when somebody wants it', async () => {
  await using server = await scriptedServer(listOf(ids(1_000)))
  await using autentico = connect(server.url)
  for await (const account of autentico.everyUser.active()) {
    if (account.id === id(150)) break
  }
  expect(server.seen).toHaveLength(2)
})

test('how many there are is one look; without a database nobody knows of the deactivated', async () => {
  await using server = await scriptedServer(listOf(ids(321)))
  await using autentico = connect(server.url)
  expect(await autentico.everyUser.count()).toEqual({ active: 321, deactivated: undefined })
  expect(server.seen).toHaveLength(1)
})
