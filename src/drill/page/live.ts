import type { Writable } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import type { Seen } from '../slack/acts/seen.ts'
import type { Change, Screen } from './wire.ts'

export type LiveOptions = {
  /** What this person's window shows now. */
  readonly screenOf: (handle: string) => Screen
  /** Calls the listener when a screen may have changed; the result stops it. */
  readonly listen: (onChange: () => void) => () => void
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Milliseconds in which changes are gathered before they are sent. */
  readonly gatherMs?: number
  /** Milliseconds between signs of life. */
  readonly beatMs?: number
  /** So many bytes may wait for a slow window; then it gets nothing until they are read, and the whole screen after that. */
  readonly mostWaiting?: number
}

/** The streams of all windows. A screen is put together only for people somebody watches as, and once for all their windows. */
export type Live = Disposable & {
  /** Sends the whole screen, and from then on what changes, until the window goes away. */
  readonly open: (handle: string, window: Writable) => void
  /** A message as this person's windows showed it until a moment ago, when it has changed or gone since; the newest first. */
  readonly justShown: (handle: string, channel: string, ts: string) => readonly Seen[]
}

type Watched = {
  readonly screen: Screen
  readonly windows: Set<Window>
  /** Messages as they were before their last changes, for as long as a finger may be on its way to them. */
  readonly before: Map<string, readonly { readonly seen: Seen; readonly until: number }[]>
}

/** `full` while more waits for it than may; `missed` when something was left out meanwhile. */
type Window = { readonly stream: Writable; full: boolean; missed: boolean }

const reactionMs = 3_000

export function liveStreams(options: LiveOptions): Live {
  const { screenOf, listen, now = Date.now, gatherMs = 40, beatMs = 15_000, mostWaiting = 1 << 20 } = options
  const watched = new Map<string, Watched>()
  let gathering: NodeJS.Timeout | undefined

  function refresh(handle: string, { screen, windows, before }: Watched): void {
    const next = screenOf(handle)
    const change = difference(screen, next)
    if (Object.keys(change).length === 0) return
    remember(before, screen, { change, now: now() })
    watched.set(handle, { screen: next, windows, before })
    const text = event('change', change)
    for (const window of windows) send(handle, window, text)
  }

  function send(handle: string, window: Window, text: string): void {
    const { stream } = window
    if (stream.destroyed) return
    if (window.full) {
      window.missed = true
      return
    }
    const room = stream.write(text)
    if (room || stream.writableLength <= mostWaiting) return
    window.full = true
    stream.once('drain', () => {
      const { missed } = window
      window.full = false
      window.missed = false
      const person = watched.get(handle)
      if (missed && person?.windows.has(window) === true) send(handle, window, event('screen', person.screen))
    })
  }

  function refreshAll(): void {
    gathering = undefined
    for (const [handle, person] of watched) {
      try {
        refresh(handle, person)
      } catch {
        // A window that connects again is told what is wrong; the drill goes on meanwhile.
        for (const { stream } of person.windows) stream.destroy()
      }
    }
  }

  const stop = listen(() => {
    if (watched.size > 0) gathering ??= setTimeout(refreshAll, gatherMs)
  })
  const beat = setInterval(() => {
    for (const [handle, { windows }] of watched) for (const window of windows) send(handle, window, ': still here\n\n')
  }, beatMs)
  beat.unref()

  return {
    open: (handle, stream) => {
      const known = watched.get(handle)
      if (known === undefined) watched.set(handle, { screen: screenOf(handle), windows: new Set(), before: new Map() })
      else refresh(handle, known)
      const person = watched.get(handle)
      if (person === undefined) return
      const window = { stream, full: false, missed: false }
      person.windows.add(window)
      // A window that goes away in the middle of a write is closed as well, and that is all there is to know.
      stream.on('error', () => undefined)
      stream.once('close', () => {
        person.windows.delete(window)
        if (person.windows.size === 0) watched.delete(handle)
      })
      send(handle, window, `retry: 1000\n\n${event('screen', person.screen)}`)
    },
    justShown: (handle, channel, ts) => {
      const versions = watched.get(handle)?.before.get(`${channel}/${ts}`) ?? []
      return versions.filter(({ until }) => until >= now()).map(({ seen }) => seen)
    },
    [Symbol.dispose]: () => {
      stop()
      clearTimeout(gathering)
      clearInterval(beat)
      for (const { windows } of watched.values()) for (const { stream } of windows) stream.end()
    },
  }
}

/** What is to be sent so that a window that shows the one shows the other. */
export function difference(before: Screen, after: Screen): Change {
  const fields = Object.keys(after) as (keyof Screen)[]
  const changed = fields.flatMap((field): readonly (readonly [string, unknown])[] => {
    if (field !== 'messages' && field !== 'entries') {
      return isDeepStrictEqual(before[field], after[field]) ? [] : [[field, after[field]]]
    }
    const keyed = keyedDifference<unknown>(before[field], after[field])
    return keyed === undefined ? [] : [[field, keyed]]
  })
  return Object.fromEntries(changed)
}

function keyedDifference<Item>(
  before: Readonly<Record<string, Item>>,
  after: Readonly<Record<string, Item>>,
): { readonly set: Readonly<Record<string, Item>>; readonly gone: readonly string[] } | undefined {
  const set = Object.entries(after).filter(([key, item]) => !isDeepStrictEqual(before[key], item))
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key))
  return set.length === 0 && gone.length === 0 ? undefined : { set: Object.fromEntries(set), gone }
}

function remember(
  before: Watched['before'],
  shown: Screen,
  { change, now }: { readonly change: Change; readonly now: number },
): void {
  for (const [key, versions] of before) {
    const left = versions.filter(({ until }) => until >= now)
    if (left.length === 0) before.delete(key)
    else before.set(key, left)
  }
  const { set = {}, gone = [] } = change.messages ?? {}
  for (const key of [...Object.keys(set), ...gone]) {
    const seen = shown.messages[key]
    if (seen !== undefined) before.set(key, [{ seen, until: now + reactionMs }, ...(before.get(key) ?? [])])
  }
}

function event(name: 'screen' | 'change', data: Screen | Change): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
