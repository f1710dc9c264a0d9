import { expect, test } from 'vitest'
import type { Machine } from '../../wire.ts'
import { machineHeadline } from './machine-words.ts'

const well: Machine = { bot: 'running', redis: 'running', autentico: 'well', slack: 'connected', log: [] }

test('a machine in order says so', () => {
  expect(machineHeadline(well)).toEqual({ tone: 'good', words: 'Everything runs.' })
})

test('every trouble is named, and nothing else', () => {
  expect(machineHeadline({ ...well, bot: 'dead', autentico: 'slow' })).toEqual({
    tone: 'bad',
    words: 'The bot is dead. Autentico is slow.',
  })
  expect(machineHeadline({ ...well, redis: 'stopped', slack: 'disconnected' }).words).toBe(
    'Redis is stopped. Slack is disconnected.',
  )
})

test('what is about to come back is no alarm', () => {
  expect(machineHeadline({ ...well, bot: 'starting', slack: 'reconnecting' })).toEqual({
    tone: 'warn',
    words: 'The bot is starting. Slack is being connected again.',
  })
})
