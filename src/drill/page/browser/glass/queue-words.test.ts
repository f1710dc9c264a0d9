import { describe, expect, test } from 'vitest'
import type { QueuedOrder } from '../../wire.ts'
import { orderState, queueHeadline } from './queue-words.ts'

function order(state: QueuedOrder['state'], tries = 1): QueuedOrder {
  return { id: '1-12', what: 'Revoke all sessions of alice', state, tries, since: '2026-11-23T03:20:00Z' }
}

describe('the headline of the queue', () => {
  test('says that nothing waits, though orders have ended', () => {
    expect(queueHeadline({ up: true, orders: [order('completed'), order('failed')], outcomes: 0 })).toEqual({
      tone: 'good',
      words: 'Redis is up. Nothing waits.',
    })
  })

  test('counts what is on the way', () => {
    const orders = [order('waiting'), order('active'), order('delayed'), order('completed')]

    expect(queueHeadline({ up: true, orders, outcomes: 0 }).words).toBe('Redis is up. 3 orders on the way.')
    expect(queueHeadline({ up: true, orders: [order('active')], outcomes: 2 }).words).toBe(
      'Redis is up. 1 order and 2 outcomes on the way.',
    )
    expect(queueHeadline({ up: true, orders: [], outcomes: 1 }).words).toBe('Redis is up. 1 outcome on the way.')
  })

  test('says that what is shown is old while Redis is down', () => {
    expect(queueHeadline({ up: false, orders: [], outcomes: 0 })).toMatchObject({ tone: 'bad' })
  })
})

test('an order that was tried waits to be tried again, a new one for its time', () => {
  expect(orderState(order('delayed', 2)).words).toBe('waits to be tried again')
  expect(orderState(order('delayed', 0)).words).toBe('waits for its time')
})
