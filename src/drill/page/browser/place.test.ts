import { expect, test } from 'vitest'
import type { Channel } from '../wire.ts'
import { type Place, reachable, readPlace, writePlace } from './place.ts'

const channel = (id: string, kind: Channel['kind'] = 'private'): Channel => ({
  id,
  name: id,
  kind,
  members: 2,
  archived: false,
  shared: false,
  writable: true,
})
const channels = [channel('D0ANA', 'im'), channel('C0INCIDENTS'), channel('C0GENERAL', 'public')]
const inGeneral: Place = { at: 'channel', channel: 'C0GENERAL', thread: undefined }
const inThread: Place = { at: 'channel', channel: 'C0INCIDENTS', thread: '1795479413.000100' }

test.each<Place>([inGeneral, inThread, { at: 'app', tab: 'home' }, { at: 'app', tab: 'messages' }])(
  'a place that was written is read again: %o',
  (place) => {
    expect(readPlace(writePlace(place))).toEqual(place)
  },
)

test.each(['', '#', '#../ana', '#<b>', '#c0incidents', '#C0INCIDENTS"]'])('%s is no place', (hash) => {
  expect(readPlace(hash)).toBeUndefined()
})

test('what follows a channel and is no message time opens the channel alone', () => {
  expect(readPlace('#C0GENERAL/<script>')).toEqual(inGeneral)
})

test('a place in the sidebar is shown as it was asked for', () => {
  expect(reachable(inThread, channels, true)).toEqual(inThread)
})

test('without the asked channel it is the first one, direct messages not counted', () => {
  const first = { at: 'channel', channel: 'C0INCIDENTS', thread: undefined }

  expect(reachable(undefined, channels, true)).toEqual(first)
  expect(reachable({ at: 'channel', channel: 'C0SECRET', thread: '1.0' }, channels, true)).toEqual(first)
})

test('direct messages with the app are one of its tabs', () => {
  expect(reachable({ at: 'channel', channel: 'D0ANA', thread: undefined }, channels, true)).toEqual({
    at: 'app',
    tab: 'messages',
  })
})

test('whoever does not have the app is not taken to it', () => {
  expect(reachable({ at: 'app', tab: 'home' }, channels, false)).toMatchObject({ at: 'channel' })
})
