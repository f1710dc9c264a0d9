import type { Change, Screen } from '../wire.ts'

/** The screen after a change: fields that came are replaced whole, messages and entries key by key. The given screen is left as it is. */
export function applyChange(screen: Screen, change: Change): Screen {
  const { messages, entries, ...whole } = change
  return {
    ...screen,
    ...whole,
    messages: keyed(screen.messages, messages),
    entries: keyed(screen.entries, entries),
  }
}

type Keyed<T> = { readonly set: Readonly<Record<string, T>>; readonly gone: readonly string[] }

function keyed<T>(before: Readonly<Record<string, T>>, change: Keyed<T> | undefined): Readonly<Record<string, T>> {
  if (change === undefined) return before
  const gone = new Set(change.gone)
  return Object.fromEntries(Object.entries({ ...before, ...change.set }).filter(([key]) => !gone.has(key)))
}
