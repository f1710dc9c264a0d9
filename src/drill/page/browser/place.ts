import type { Channel } from '../wire.ts'

/** What a window shows: a channel, perhaps with a thread beside it, or the app. It stands in the address, so that a second window can be opened there. */
export type Place =
  | { readonly at: 'channel'; readonly channel: string; readonly thread: string | undefined }
  | { readonly at: 'app'; readonly tab: 'home' | 'messages' }

/** The place as the part of an address after `#`. */
export function writePlace(place: Place): string {
  if (place.at === 'app') return `#app/${place.tab}`
  return place.thread === undefined ? `#${place.channel}` : `#${place.channel}/${place.thread}`
}

/** Reads the part of an address after `#`. Whatever does not say a place is nowhere. */
export function readPlace(hash: string): Place | undefined {
  const [first = '', second] = hash.replace(/^#/, '').split('/')
  if (first === 'app') return { at: 'app', tab: second === 'messages' ? 'messages' : 'home' }
  if (!/^[CGD][A-Z0-9]+$/.test(first)) return undefined
  return {
    at: 'channel',
    channel: first,
    thread: second !== undefined && /^\d+\.\d+$/.test(second) ? second : undefined,
  }
}

/**
 * Where a person ends up who asks for this place: there, when it is in their sidebar; otherwise in their first channel, or at the app when
 * they are in none. Direct messages with the app are one of its tabs.
 */
export function reachable(asked: Place | undefined, channels: readonly Channel[], hasApp: boolean): Place {
  if (asked?.at === 'app' && hasApp) return asked
  const found = asked?.at === 'channel' ? channels.find(({ id }) => id === asked.channel) : undefined
  if (found?.kind === 'im') return { at: 'app', tab: 'messages' }
  if (asked?.at === 'channel' && found !== undefined) return asked
  const first = channels.find(({ kind, archived }) => kind !== 'im' && !archived)
  return first === undefined ? { at: 'app', tab: 'home' } : { at: 'channel', channel: first.id, thread: undefined }
}
