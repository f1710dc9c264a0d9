import { expect, test } from 'vitest'
import type { Screen } from '../../wire.ts'
import type { Context } from '../context.ts'
import { doOnce } from './doing.ts'
import { newMemory, type View } from './memory.ts'

/** A window in which only what is done behind the glass matters. */
function aView(glass: Context['glass']): { readonly view: View; readonly notices: string[] } {
  const notices: string[] = []
  const context: Context = {
    screen: {} as Screen,
    act: async () => Promise.reject(new Error('nothing is done in Slack here')),
    glass,
    redraw: () => undefined,
    notice: (words) => notices.push(words),
  }
  return { view: { context, memory: newMemory(undefined), now: new Date('2026-11-23T03:20:00Z') }, notices }
}

test('what is pressed twice is done once, and may be done again when it has ended', async () => {
  const done = Promise.withResolvers<void>()
  const asked: unknown[] = []
  const { view } = aView(async (part, body) => {
    asked.push([part, body])
    await done.promise
  })

  const first = doOnce(view, 'bot', { to: 'dead' })
  await doOnce(view, 'bot', { to: 'dead' })
  expect(view.memory.underway.has('bot')).toBe(true)
  done.resolve()
  await first
  await doOnce(view, 'bot', { to: 'running' })

  expect(asked).toEqual([
    ['bot', { to: 'dead' }],
    ['bot', { to: 'running' }],
  ])
  expect(view.memory.underway.size).toBe(0)
})

test('what cannot be done is a notice, and may be tried again', async () => {
  const { view, notices } = aView(async () => Promise.reject(new Error('Redis is starting already.')))

  await doOnce(view, 'redis', { to: 'running' })

  expect(notices).toEqual(['Redis is starting already.'])
  expect(view.memory.underway.size).toBe(0)
})

test('what a window folded before it was loaded again is folded', () => {
  expect(newMemory({ getItem: () => 'queue ledger' }).folded).toEqual(new Set(['queue', 'ledger']))
  expect(newMemory({ getItem: () => null }).folded).toEqual(new Set())
  expect(newMemory(undefined).folded).toEqual(new Set())
})
