import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { answersOnDisk } from './answers-on-disk.ts'
import { Counter } from './inbound/counter.ts'
import { type KeptAnswers, Repeats } from './repeats.ts'

const minute = 60_000
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

function place(): string {
  const dir = mkdtempSync(join(tmpdir(), 'responder-answers-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return join(dir, 'data', 'answered-deliveries.sqlite')
}

function repeatsAt(now: number, kept?: KeptAnswers): Repeats {
  return new Repeats({ monotonic: () => now, now: () => now, keptMs: 10 * minute, kept })
}

test('the same delivery is told what the first was told, by any of its keys', async () => {
  const repeats = repeatsAt(0)
  const first = Promise.withResolvers<unknown>()
  expect(repeats.earlier(['trigger', 'envelope'], first.promise)).toBeUndefined()
  const second = repeats.earlier(['trigger', 'another envelope'], Promise.resolve('something else'))
  first.resolve('yes')
  expect(await second).toBe('yes')
  expect(repeats.earlier(['another trigger'], Promise.resolve())).toBeUndefined()
})

test('after a restart as well, until its time is over', async () => {
  const file = place()
  {
    using kept = answersOnDisk({ file, now: () => 0, log: quiet })
    const repeats = repeatsAt(0, kept)
    await repeats.earlier(['form'], Promise.resolve({ response_action: 'update' }))
    await repeats.earlier(['press'], Promise.resolve())
  }
  using kept = answersOnDisk({ file, now: () => 5 * minute, log: quiet })
  const later = repeatsAt(5 * minute, kept)
  expect(await later.earlier(['form'], Promise.resolve('anew'))).toEqual({ response_action: 'update' })
  const press = later.earlier(['press'], Promise.resolve('anew'))
  expect(press).toBeDefined()
  expect(await press).toBeUndefined()
  expect(statSync(file).mode & 0o077).toBe(0)
  using muchLater = answersOnDisk({ file, now: () => 11 * minute, log: quiet })
  expect(muchLater.all()).toEqual([])
})

test('a clock that was set back while the program was away makes nothing last longer', () => {
  const kept: KeptAnswers = {
    all: () => [{ key: 'press', until: 60 * minute, answer: undefined }],
    add: () => undefined,
  }
  let now = 0
  const repeats = new Repeats({ monotonic: () => now, now: () => 0, keptMs: 10 * minute, kept })
  now = 11 * minute
  expect(repeats.earlier(['press'], Promise.resolve())).toBeUndefined()
})

test('what was left open may be sent again as it is', async () => {
  const repeats = repeatsAt(0)
  const isOpen = (answer: unknown) => answer === 'errors'
  expect(repeats.earlier(['form'], Promise.resolve('errors'), isOpen)).toBeUndefined()
  await Promise.resolve()
  expect(repeats.earlier(['form'], Promise.resolve('closed'), isOpen)).toBeUndefined()
  await Promise.resolve()
  expect(await repeats.earlier(['form'], Promise.resolve('errors'), isOpen)).toBe('closed')
})

test('what Slack hears has been kept before: a kill in between loses neither', async () => {
  const order: string[] = []
  const repeats = repeatsAt(0, { all: () => [], add: ({ key }) => void order.push(`kept ${key}`) })
  const counter = new Counter({ log: quiet, ackWithinMs: 1_000, reference: () => 'abc' })
  await counter.take<undefined>({
    what: 'a button',
    repeated: (acked) => repeats.earlier(['trigger'], acked),
    ack: async () => {
      order.push('acknowledged')
      return Promise.resolve()
    },
    whenLate: () => undefined,
    work: async (reply) => void (await reply()),
    sorry: async () => Promise.resolve(),
  })
  expect(order).toEqual(['kept trigger', 'acknowledged'])
})
