import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test, vi } from 'vitest'
import { difference, type LiveOptions, liveStreams } from './live.ts'
import { blankScreen, message } from './test-screen.ts'
import type { LedgerEntry, Screen } from './wire.ts'

const entry: LedgerEntry = {
  seq: 1,
  at: '2026-11-23T03:14:00.000Z',
  incident: 'INC-1',
  type: 'IncidentOpened',
  who: 'ana',
  words: 'opened the incident',
  hash: 'b'.repeat(64),
  previous: 'a'.repeat(64),
}

test('only what differs is sent: a field whole, messages and entries key by key', () => {
  const before = {
    ...blankScreen,
    messages: { one: message({ ts: '1.1', text: 'one' }), two: message({ ts: '2.1', text: 'two' }) },
  }
  const after = {
    ...blankScreen,
    // The same again, as every new drawing brings it.
    hint: { ...blankScreen.hint },
    home: null,
    machine: { ...blankScreen.machine, redis: 'stopped' as const },
    messages: {
      two: { ...message({ ts: '2.1', text: 'two' }), edited: true },
      three: message({ ts: '3.1', text: 'three' }),
    },
    entries: { 1: entry },
  }

  expect(difference(before, structuredClone(before))).toEqual({})
  expect(difference(before, after)).toEqual({
    machine: after.machine,
    messages: { set: after.messages, gone: ['one'] },
    entries: { set: { 1: entry }, gone: [] },
  })
})

/** Streams over a screen that the test changes; how often it was put together is counted. */
function streams(options: Partial<LiveOptions> = {}) {
  let screen = blankScreen
  let drawn = 0
  const listeners = new Set<() => void>()
  const live = liveStreams({
    gatherMs: 1,
    screenOf: () => {
      drawn += 1
      return screen
    },
    listen: (onChange) => {
      listeners.add(onChange)
      return () => listeners.delete(onChange)
    },
    ...options,
  })
  onTestFinished(() => live[Symbol.dispose]())
  return {
    live,
    listeners,
    drawn: () => drawn,
    now: (changed: Partial<Screen>) => {
      screen = { ...screen, ...changed }
      for (const listener of listeners) listener()
    },
  }
}

/** A window whose stream nobody reads until the test does. */
function window(highWaterMark = 1 << 16): { readonly stream: PassThrough; readonly events: () => readonly string[] } {
  const stream = new PassThrough({ highWaterMark, encoding: 'utf8' })
  let received = ''
  return {
    stream,
    events: () => {
      for (let part = stream.read() as string | null; part !== null; part = stream.read() as string | null)
        received += part
      return received.split('\n\n').filter((each) => each !== '')
    },
  }
}

const words = (hint: string) => ({ hint: { ...blankScreen.hint, words: hint } })
const change = (data: object) => `event: change\ndata: ${JSON.stringify(data)}`

test('changes that come together are sent together', async () => {
  const { live, now } = streams()
  const ana = window()
  live.open('ana', ana.stream)
  for (const hint of ['One.', 'Two.', 'Three.']) now(words(hint))

  await vi.waitFor(() => {
    expect(ana.events()).toEqual([
      'retry: 1000',
      `event: screen\ndata: ${JSON.stringify(blankScreen)}`,
      change(words('Three.')),
    ])
  })
})

test('a screen is put together once for all windows of a person, and not at all when nobody looks', async () => {
  const { live, now, drawn } = streams()
  now(words('Nobody looks.'))
  expect(drawn()).toBe(0)

  const [one, other] = [window(), window()]
  live.open('ana', one.stream)
  live.open('ana', other.stream)
  const before = drawn()
  now(words('Both look.'))
  await vi.waitFor(() => {
    expect(one.events().at(-1)).toBe(change(words('Both look.')))
    expect(other.events().at(-1)).toBe(change(words('Both look.')))
  })
  expect(drawn() - before).toBe(1)

  const closed = [one, other].map(({ stream }) => new Promise((resolve) => stream.once('close', resolve)))
  one.stream.destroy()
  other.stream.destroy()
  await Promise.all(closed)
  const last = drawn()
  now(words('Nobody looks any more.'))
  expect(drawn()).toBe(last)
})

test('a window that does not read makes nothing pile up, and is given the whole screen when it reads again', async () => {
  const { live, now } = streams({ mostWaiting: 4_096 })
  const slow = window(1_024)
  const quick = window()
  live.open('ana', slow.stream)
  live.open('ana', quick.stream)
  for (let round = 0; round < 50; round += 1) {
    now({ messages: { only: message({ ts: '1.1', text: `${round} ${'x'.repeat(1_000)}` }) } })
    await vi.waitFor(() => expect(quick.events().at(-1)).toContain(`"text":"${round} x`))
  }
  expect(slow.stream.writableLength + slow.stream.readableLength).toBeLessThan(10_000)

  await vi.waitFor(() => {
    const last = slow.events().at(-1) ?? ''
    expect(last).toMatch(/^event: screen\n/)
    expect(last).toContain('"text":"49 x')
  })
  expect(slow.events().length).toBeLessThan(12)
  now(words('It follows again.'))
  await vi.waitFor(() => expect(slow.events().at(-1)).toBe(change(words('It follows again.'))))
})

test('a screen longer than what may wait is sent once', async () => {
  const { live, now } = streams({ mostWaiting: 1_000 })
  now({ messages: { only: message({ ts: '1.1', text: 'x'.repeat(20_000) }) } })
  const ana = window(1_000)
  live.open('ana', ana.stream)
  await vi.waitFor(() => expect(ana.events().at(-1)).toMatch(/^event: screen\n/))
  now(words('It follows.'))

  await vi.waitFor(() => expect(ana.events().at(-1)).toBe(change(words('It follows.'))))
  expect(ana.events().filter((each) => each.startsWith('event: screen'))).toHaveLength(1)
})

test('a sign of life comes when nothing else does', async () => {
  const { live } = streams({ beatMs: 1 })
  const ana = window()
  live.open('ana', ana.stream)
  await vi.waitFor(() => expect(ana.events().at(-1)).toBe(': still here'))
})

test('a screen that cannot be put together ends the windows that show it, and nothing else', async () => {
  const broken = new Set<string>()
  const listeners = new Set<() => void>()
  const live = liveStreams({
    gatherMs: 1,
    screenOf: (handle) => {
      if (broken.has(handle)) throw new Error('no screen')
      return { ...blankScreen, ...words(`${listeners.size} ${broken.size}`) }
    },
    listen: (onChange) => {
      listeners.add(onChange)
      return () => listeners.delete(onChange)
    },
  })
  onTestFinished(() => live[Symbol.dispose]())
  const [ana, bao] = [window(), window()]
  live.open('ana', ana.stream)
  live.open('bao', bao.stream)
  broken.add('ana')
  for (const listener of listeners) listener()

  await vi.waitFor(() => expect(bao.events().at(-1)).toBe(change(words('1 1'))))
  expect(ana.stream.destroyed).toBe(true)
  expect(() => live.open('ana', window().stream)).toThrow('no screen')
})

test('a message as it was just shown is kept as long as a finger may be on its way, for this person alone', async () => {
  let clock = 0
  const { live, now } = streams({ now: () => clock })
  const ana = window()
  now({ messages: { 'C0INCIDENTS/1.1': message({ ts: '1.1', text: 'Approve?' }) } })
  live.open('ana', ana.stream)
  now({ messages: { 'C0INCIDENTS/1.1': message({ ts: '1.1', text: 'Approved.' }) } })
  await vi.waitFor(() => expect(ana.events().at(-1)).toContain('Approved.'))

  clock = 1_000
  now({ messages: { 'C0INCIDENTS/1.1': message({ ts: '1.1', text: 'Done.' }) } })
  await vi.waitFor(() => expect(ana.events().at(-1)).toContain('Done.'))

  // It may change twice under a finger.
  expect(live.justShown('ana', 'C0INCIDENTS', '1.1')).toMatchObject([{ text: 'Approved.' }, { text: 'Approve?' }])
  expect(live.justShown('bao', 'C0INCIDENTS', '1.1')).toEqual([])
  clock = 3_001
  expect(live.justShown('ana', 'C0INCIDENTS', '1.1')).toMatchObject([{ text: 'Approved.' }])
  clock = 4_001
  expect(live.justShown('ana', 'C0INCIDENTS', '1.1')).toEqual([])
})

test('at the end the windows are ended and nothing is listened to any more', async () => {
  const { live, listeners } = streams()
  const ana = window()
  live.open('ana', ana.stream)
  const ended = new Promise((resolve) => ana.stream.resume().once('end', resolve))
  live[Symbol.dispose]()

  await ended
  expect(listeners.size).toBe(0)
})
