import { afterEach, expect, test, vi } from 'vitest'
import { SlackRejected, SlackUnavailable } from './failures.ts'
import { backOff, type Connection, Sockets, type SocketsOptions, type Stuck } from './sockets.ts'
import { keepLog } from './test-support.ts'

const stops: Sockets[] = []
afterEach(async () => {
  await Promise.all(stops.splice(0).map(async (sockets) => sockets.stop()))
})

/** A connection that a test opens, ends and refuses by hand. */
function line(): Connection & {
  readonly open: PromiseWithResolvers<void>
  readonly end: PromiseWithResolvers<void>
  heard: number
} {
  const open = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const made = {
    open,
    end,
    heard: 0,
    opened: open.promise,
    ended: end.promise,
    lastHeard: () => made.heard,
    close: () => end.resolve(),
  }
  return made
}

function start(options: Partial<SocketsOptions> = {}) {
  const made: ReturnType<typeof line>[] = []
  const stuck: Stuck[] = []
  const clock = { now: 0 }
  const sockets = new Sockets({
    connect: () => {
      const one = line()
      made.push(one)
      return one
    },
    lines: 2,
    log: keepLog(),
    onStuck: (one) => stuck.push(one),
    monotonic: () => clock.now,
    random: () => 1,
    firstDelayMs: 1,
    longestDelayMs: 5,
    stuckAfterMs: 1000,
    silentAfterMs: 5000,
    checkEveryMs: 2,
    ...options,
  })
  stops.push(sockets)
  return { sockets, made, stuck, clock }
}

test('two lines are opened, and one that ends is opened again while the other stays', async () => {
  const { sockets, made, clock } = start()
  const started = sockets.start()
  for (const one of made) one.open.resolve()
  await started
  await vi.waitFor(() => expect(sockets.open()).toBe(2))
  clock.now = 10
  for (const one of made) one.heard = 10
  made[0]?.end.resolve()
  await vi.waitFor(() => expect(made).toHaveLength(3))
  expect(sockets.open()).toBe(1)
})

test('a line that cannot be opened is tried again, for as long as it takes', async () => {
  const { sockets, made } = start({ lines: 1 })
  const started = sockets.start()
  for (let tries = 1; tries < 6; tries += 1) {
    await vi.waitFor(() => expect(made).toHaveLength(tries))
    made.at(-1)?.open.reject(new SlackUnavailable('apps.connections.open', 'HTTP 500'))
  }
  await vi.waitFor(() => expect(made).toHaveLength(6))
  made.at(-1)?.open.resolve()
  await started
  expect(sockets.open()).toBe(1)
})

test('a revoked token is final: the start says so, and the operator is told', async () => {
  const { sockets, made, stuck } = start({ lines: 1 })
  const started = sockets.start()
  made[0]?.open.reject(new SlackRejected('apps.connections.open', 'invalid_auth'))
  await expect(started).rejects.toThrow(/invalid_auth/)
  expect(stuck).toMatchObject([{ final: true }])
})

test('when nothing has been open for too long the operator is told, once', async () => {
  const { sockets, made, stuck, clock } = start({ lines: 1, firstDelayMs: 60_000, longestDelayMs: 60_000 })
  const started = sockets.start()
  made[0]?.open.reject(new SlackUnavailable('apps.connections.open', 'refused'))
  clock.now = 1500
  await vi.waitFor(() => expect(stuck).toMatchObject([{ final: false, downForMs: 1500 }]))
  await sockets.stop()
  await started
  expect(stuck).toHaveLength(1)
})

test('a line on which nothing has come in for long is replaced, one at a time', async () => {
  const { sockets, made, clock } = start()
  const started = sockets.start()
  for (const one of made) one.open.resolve()
  await started
  await vi.waitFor(() => expect(sockets.open()).toBe(2))
  clock.now = 6000
  await vi.waitFor(() => expect(made.length).toBeGreaterThan(2))
})

test('the wait doubles, is spread, and has a cap', () => {
  const times = { firstDelayMs: 1000, longestDelayMs: 30_000 }
  expect([1, 2, 3, 10, 10_000].map((failures) => backOff(failures, { ...times, random: () => 1 }))).toEqual([
    1000, 2000, 4000, 30_000, 30_000,
  ])
  expect(backOff(1, { ...times, random: () => 0 })).toBe(500)
})
