import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test, vi } from 'vitest'
import { cappedBackoff, type FollowFailure, type FollowOptions, follow } from './follow.ts'
import { openLedger } from './ledger.ts'
import { at, fill, secondProcess, temporaryLedger } from './test-support.ts'

type Given = ReturnType<typeof temporaryLedger>

/** A follower of `given` that notes what it was handed; `handle` may be replaced. */
function followed(given: Pick<Given, 'ledger'>, options: Partial<FollowOptions> = {}) {
  const handed: number[] = []
  const failures: FollowFailure[] = []
  const follower = follow({
    ledger: given.ledger,
    name: 'poster',
    handle: async (entries) => {
      handed.push(...entries.map(({ seq }) => seq))
      await Promise.resolve()
    },
    onFailure: (failure) => failures.push(failure),
    retryIn: () => 1,
    ...options,
  })
  return { follower, handed, failures }
}

test('a follower sees every entry once and in order, old ones and new ones', async () => {
  using given = temporaryLedger()
  fill(given.ledger, 3)
  const { follower, handed } = followed(given, { batch: 2 })
  await using _stopped = follower

  await vi.waitFor(() => expect(follower.lag()).toBe(0))
  fill(given.ledger, 2)
  expect(follower.lag()).toBe(2)
  await vi.waitFor(() => expect(follower.lag()).toBe(0))
  expect(handed).toEqual([1, 2, 3, 4, 5])
})

test('a follower goes on from its own cursor, and another one from its own', async () => {
  using given = temporaryLedger()
  fill(given.ledger, 3)
  const first = followed(given)
  await vi.waitFor(() => expect(first.follower.lag()).toBe(0))
  await first.follower[Symbol.asyncDispose]()

  fill(given.ledger, 1)
  const again = followed(given)
  const other = followed(given, { name: 'dispatcher' })
  await using _again = again.follower
  await using _other = other.follower
  await vi.waitFor(() => expect(again.follower.lag() + other.follower.lag()).toBe(0))
  expect(again.handed).toEqual([4])
  expect(other.handed).toEqual([1, 2, 3, 4])
})

test('a failure is reported and the same entries come again, until they are done', async () => {
  using given = temporaryLedger()
  fill(given.ledger, 2)
  const seen: number[][] = []
  const { follower, failures } = followed(given, {
    handle: async (entries) => {
      seen.push(entries.map(({ seq }) => seq))
      await Promise.resolve()
      if (seen.length < 3) throw new Error('Slack is down')
    },
  })
  await using _stopped = follower

  await vi.waitFor(() => expect(follower.lag()).toBe(0))
  expect(seen).toEqual([
    [1, 2],
    [1, 2],
    [1, 2],
  ])
  expect(failures.map(({ name, seq, attempt }) => [name, seq, attempt])).toEqual([
    ['poster', 1, 1],
    ['poster', 1, 2],
  ])
  expect(failures[0]?.error).toEqual(new Error('Slack is down'))
})

test('the error may say how long to wait', async () => {
  using given = temporaryLedger()
  fill(given.ledger, 1)
  const { follower, failures } = followed(given, {
    handle: async () => Promise.reject(new Error('slow down', { cause: 3 })),
    retryIn: (_attempt, error) => (error instanceof Error ? Number(error.cause) : 0),
  })
  await vi.waitFor(() => expect(failures.length).toBeGreaterThan(1))
  await follower[Symbol.asyncDispose]()
  expect(failures[0]?.retryInMs).toBe(3)
})

test('a handler that finishes part of a batch gets the rest again', async () => {
  using given = temporaryLedger()
  fill(given.ledger, 5)
  const seen: number[][] = []
  const { follower } = followed(given, {
    handle: async (entries) => {
      seen.push(entries.map(({ seq }) => seq))
      return Promise.resolve(entries[1]?.seq ?? entries[0]?.seq)
    },
  })
  await using _stopped = follower
  await vi.waitFor(() => expect(follower.lag()).toBe(0))
  expect(seen).toEqual([[1, 2, 3, 4, 5], [3, 4, 5], [5]])
})

test.for([0, 3, 1.5])('a handler that says it finished %d of entries 1 to 2 is not believed', async (answer) => {
  using given = temporaryLedger()
  fill(given.ledger, 2)
  const { follower, failures } = followed(given, { handle: async () => Promise.resolve(answer) })
  await vi.waitFor(() => expect(failures.length).toBeGreaterThan(0))
  await follower[Symbol.asyncDispose]()
  expect(follower.lag()).toBe(2)
  expect(String(failures[0]?.error)).toContain(`entries 1 to 2 and says it finished ${answer}`)
})

test('stopping waits for the batch under way and keeps what it finished', async () => {
  using given = temporaryLedger()
  fill(given.ledger, 1)
  const work = Promise.withResolvers<void>()
  const { follower } = followed(given, { handle: async () => work.promise })
  let stopped = false
  const stopping = follower[Symbol.asyncDispose]().then(() => (stopped = true))
  fill(given.ledger, 1)
  await new Promise(setImmediate)
  expect(stopped).toBe(false)

  work.resolve()
  await stopping
  expect(given.ledger.cursor('poster')).toBe(1)
})

test('stopping does not wait for the end of a pause', async () => {
  using given = temporaryLedger()
  fill(given.ledger, 1)
  const { follower, failures } = followed(given, {
    handle: async () => Promise.reject(new Error('no')),
    retryIn: () => 3_600_000,
  })
  await vi.waitFor(() => expect(failures).toHaveLength(1))
  await follower[Symbol.asyncDispose]()
  expect(failures).toHaveLength(1)
})

test('a follower killed in the middle of a batch gets it again', async () => {
  using given = temporaryLedger()
  fill(given.ledger, 3)
  given.close()
  using killed = secondProcess(
    `follow({
      ledger: openLedger({ file }), name: 'poster', batch: 1, onFailure: console.error,
      handle: async ([entry]) => {
        console.log(entry.seq)
        if (entry.seq === 2) process.kill(process.pid, 'SIGKILL')
      },
    })`,
    { file: given.file },
  )
  const gone = once(killed.child, 'close')
  expect(await text(killed.child.stdout)).toBe('1\n2\n')
  await gone

  using ledger = openLedger({ file: given.file })
  const again = followed({ ledger })
  await using _stopped = again.follower
  await vi.waitFor(() => expect(again.follower.lag()).toBe(0))
  expect(again.handed).toEqual([2, 3])
})

test('a cursor never goes back', () => {
  using given = temporaryLedger()
  given.ledger.moveCursor('poster', 5)
  given.ledger.moveCursor('poster', 3)
  expect(given.ledger.cursor('poster')).toBe(5)
  expect(given.ledger.cursor('dispatcher')).toBe(0)
})

test('appends made while the handler works are not slept through', async () => {
  using given = temporaryLedger()
  const handed: number[] = []
  const { follower } = followed(given, {
    batch: 1,
    handle: async ([entry]) => {
      handed.push(entry?.seq ?? 0)
      await new Promise(setImmediate)
      // Each of the first entries causes another one, as a dispatcher's outcome does.
      const expected = given.ledger.head()?.seq ?? 0
      if (expected < 20) {
        given.ledger.append({
          incident: 'INC-1',
          expected,
          at,
          drafts: [{ type: 'NoteTaken', actor: null, body: null }],
        })
      }
    },
  })
  await using _stopped = follower
  fill(given.ledger, 1)
  await vi.waitFor(() => expect(handed).toEqual(Array.from({ length: 20 }, (_, index) => index + 1)))
})

test('the back-off doubles up to half a minute', () => {
  expect([1, 2, 3, 6, 7, 1_000].map(cappedBackoff)).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000])
})
