import type { ServerResponse } from 'node:http'
import type { Change, Screen } from './wire.ts'

export type LiveOptions = {
  /** What this person's window shows now. */
  readonly screenOf: (handle: string) => Screen
  /** Calls the listener when a screen may have changed; the result stops it. */
  readonly listen: (onChange: () => void) => () => void
  /** Milliseconds in which changes are gathered before they are sent. */
  readonly gatherMs?: number
}

/** The streams of all windows. */
export type Live = Disposable & {
  /** Sends the whole screen, and from then on what changes, until the window goes away. */
  readonly open: (handle: string, response: ServerResponse) => void
}

type Watched = { last: Screen; readonly windows: Set<ServerResponse> }

export function liveStreams({ screenOf, listen, gatherMs = 40 }: LiveOptions): Live {
  const watched = new Map<string, Watched>()
  let timer: NodeJS.Timeout | undefined

  function send(): void {
    timer = undefined
    for (const [handle, person] of watched) refresh(handle, person)
  }
  function refresh(handle: string, person: Watched): void {
    const screen = screenOf(handle)
    const change = difference(person.last, screen)
    person.last = screen
    if (Object.keys(change).length === 0) return
    for (const window of person.windows) window.write(event('change', change))
  }
  const stop = listen(() => {
    timer ??= setTimeout(send, gatherMs)
  })

  return {
    open: (handle, response) => {
      const person = watched.get(handle) ?? { last: screenOf(handle), windows: new Set() }
      refresh(handle, person)
      watched.set(handle, person)
      person.windows.add(response)
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.write(`retry: 1000\n\n${event('screen', person.last)}`)
      response.on('close', () => {
        person.windows.delete(response)
        if (person.windows.size === 0) watched.delete(handle)
      })
    },
    [Symbol.dispose]: () => {
      stop()
      clearTimeout(timer)
      for (const { windows } of watched.values()) for (const window of windows) window.end()
    },
  }
}

/** What is to be sent so that a window that shows the one shows the other. */
export function difference(before: Screen, after: Screen): Change {
  const fields = Object.keys(after) as (keyof Screen)[]
  const changed = fields.flatMap((field): readonly (readonly [string, unknown])[] => {
    if (field !== 'messages' && field !== 'entries') {
      return same(before[field], after[field]) ? [] : [[field, after[field]]]
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
  const set = Object.entries(after).filter(([key, item]) => !same(before[key], item))
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key))
  return set.length === 0 && gone.length === 0 ? undefined : { set: Object.fromEntries(set), gone }
}

function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}

function event(name: 'screen' | 'change', data: Screen | Change): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
