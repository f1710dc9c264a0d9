import { expect, test } from 'vitest'
import { connectAutentico } from './connect.ts'
import { type Scripted, type Seen, scriptedServer, unsignedToken, userRow } from './scripted-server.ts'

/** A list of users that `meanwhile` changes after each answer. */
function listOf(rows: string[], meanwhile: (rows: string[], answered: number) => void) {
  return (seen: Seen, index: number): Scripted => {
    const offset = Number(new URL(seen.path, 'http://x').searchParams.get('offset'))
    const items = rows.slice(offset, offset + 100).map((id) => userRow({ id, username: id }))
    const total = rows.length
    meanwhile(rows, index)
    return { status: 200, json: { data: { items, total } } }
  }
}

const ids = (count: number): string[] =>
  Array.from({ length: count }, (_, number) => `u${String(number).padStart(5, '0')}`)

async function read(url: string): Promise<readonly string[]> {
  await using autentico = connectAutentico({ url, credentials: { kind: 'bearer', token: unsignedToken('bot') } })
  return (await autentico.users.list()).map(({ id }) => id)
}

test('a list that grows at its end all the time is read whole in one pass', async () => {
  await using server = await scriptedServer(listOf(ids(450), (rows) => rows.push(`v${rows.length}`)))
  const found = await read(server.url)
  expect(found.slice(0, 450)).toEqual(ids(450))
  expect(server.seen).toHaveLength(5)
})

test('a row that slips to a page already read is found in a second pass', async () => {
  const all = ids(250)
  await using server = await scriptedServer(
    listOf([...all], (rows, answered) => {
      if (answered === 0) rows.splice(3, 1)
    }),
  )
  expect((await read(server.url)).toSorted()).toEqual(all)
  expect(server.seen.length).toBeGreaterThan(3)
})

test('a list that shrinks all the time is not half believed', async () => {
  await using server = await scriptedServer(listOf(ids(450), (rows) => void rows.splice(0, 7)))
  await expect(read(server.url)).rejects.toThrow('kept changing')
})
