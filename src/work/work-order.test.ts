import { expect, test } from 'vitest'
import { type AccountId, instanceTarget } from '#/incident/account.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { OrderId } from '#/incident/work.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import { signed } from './signing.ts'
import { ana, bao, orderFor, someKeys } from './test-support.ts'
import { type Judged, judgeOrder, signOrder, type WorkOrder } from './work-order.ts'

const keys = someKeys()
const alice = { id: 'cv3kalice' as AccountId, username: 'alice', email: 'alice@acme.test' }
const order = orderFor(alice, { action: 'revoke-sessions', basis: { sessions: 3 } })

function judge(found: unknown, more: { readonly jobId?: string; readonly now?: Date } = {}) {
  const changes = (action: ActionName): boolean => action !== 'snapshot-account'
  return judgeOrder(found, { botKeys: [keys.bot.publicKey], jobId: 'INC-7-31', now: new Date(), changes, ...more })
}

function judgeSigned(value: WorkOrder) {
  return judge(signOrder(value, keys.bot.privateKey), { jobId: value.id })
}

function whyNot(judged: Judged): string {
  return judged.kind === 'forged' ? judged.why : `not refused: ${judged.kind}`
}

test('an order that the bot signed and two people stand behind is run', () => {
  expect(judgeSigned(order)).toEqual({ kind: 'order', order })
})

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a list', []],
  ['an unsigned order', order],
  ['a polluted envelope', JSON.parse('{"__proto__":{"body":"{}"},"key":"","signature":""}')],
])('%s is not a signed order', (_what, found) => {
  expect(judge(found)).toMatchObject({ kind: 'forged', why: 'It is not a signed work order.' })
})

test('an altered order is refused', () => {
  const envelope = signOrder(order, keys.bot.privateKey)
  const altered = { ...envelope, body: envelope.body.replace('alice@acme.test', 'bao@acme.test') }

  expect(whyNot(judge(altered))).toContain('does not match')
})

test('an order signed by a stranger is refused, whatever key it names', () => {
  const envelope = signOrder(order, keys.stranger.privateKey)
  const { key } = signOrder(order, keys.bot.privateKey)

  expect(whyNot(judge(envelope))).toContain('not known here')
  expect(whyNot(judge({ ...envelope, key }))).toContain('does not match')
})

test('what the bot signed for another purpose is no order', () => {
  expect(whyNot(judge(signed('question', order, keys.bot.privateKey)))).toContain('another purpose')
})

test('an order put into the queue again under another name is refused', () => {
  const envelope = signOrder(order, keys.bot.privateKey)

  expect(whyNot(judge(envelope, { jobId: 'INC-8-31' }))).toContain('another name')
})

test('an order that does not belong to the incident it names is refused', () => {
  expect(judgeSigned({ ...order, incident: 'INC-8' as IncidentId })).toMatchObject({ kind: 'forged' })
})

test('a changing order needs a requester and somebody else who approved', () => {
  const { requestedBy: _nobody, ...unasked } = order

  expect(judgeSigned(unasked)).toMatchObject({ kind: 'forged', why: 'Nobody is named who asked for revoke-sessions.' })
  for (const approvedBy of [[], [ana]]) {
    expect(judgeSigned({ ...order, approvedBy })).toMatchObject({
      kind: 'forged',
      why: 'Nobody besides the requester approved revoke-sessions.',
    })
  }
  expect(judgeSigned({ ...order, approvedBy: [ana, bao] })).toMatchObject({ kind: 'order' })
})

test('where it takes more people, as many different ones have to stand behind it', () => {
  const chi = { ...bao, slack: { ...bao.slack, user: 'U0CHI' as never }, name: 'chi' }
  for (const approvedBy of [[bao], [bao, bao], [ana, bao]]) {
    expect(judgeSigned({ ...order, approvalsNeeded: 2, approvedBy })).toMatchObject({
      kind: 'forged',
      why: '1 of the 2 people that it takes approved revoke-sessions.',
    })
  }
  expect(judgeSigned({ ...order, approvalsNeeded: 2, approvedBy: [bao, chi] })).toMatchObject({ kind: 'order' })
})

test('a changing order has to say what was approved', () => {
  const { basis: _nothing, ...blank } = order

  expect(judgeSigned(blank)).toMatchObject({ kind: 'forged' })
  expect(judgeSigned({ ...blank, mode: 'prepare', approvedBy: [] })).toMatchObject({ kind: 'order' })
})

test('reading needs nobody', () => {
  const { requestedBy: _nobody, ...reading } = order

  expect(judgeSigned({ ...reading, action: 'snapshot-account', approvedBy: [] })).toMatchObject({ kind: 'order' })
})

test('an action that is not known here is refused', () => {
  const unknown = { ...order, action: 'delete-everything' as ActionName }

  expect(whyNot(judgeSigned(unknown))).toContain('(action)')
})

test('an empty target is refused', () => {
  expect(judgeSigned({ ...order, target: { ...alice, id: '' as AccountId } })).toMatchObject({ kind: 'forged' })
})

test('an order whose time is over is genuine and not run', () => {
  expect(judge(signOrder(order, keys.bot.privateKey), { now: new Date(order.expiresAt) })).toMatchObject({
    kind: 'expired',
  })
})

test('an order larger than any of ours is refused before it is read', () => {
  const huge = { ...order, params: { note: 'x'.repeat(2_000_000) } }

  expect(whyNot(judgeSigned(huge))).toContain('longer than any')
})

const hold = { until: '2026-11-23T03:30:00.000Z', placedBy: order.id }
const holding = orderFor(alice, { action: 'hold-account', approvedBy: [], hold })

test.each(['hold-account', 'lift-hold'] as const)(
  '%s needs one person alone, and says which hold it is of',
  (action) => {
    const { hold: _none, ...bare } = holding
    const { requestedBy: _nobody, ...nobody } = holding
    expect(judgeSigned({ ...holding, action }).kind).toBe('order')
    expect(whyNot(judgeSigned({ ...bare, action }))).toContain('which hold')
    expect(whyNot(judgeSigned({ ...nobody, action }))).toContain('Nobody is named who asked')
    expect(whyNot(judgeSigned({ ...holding, action, hold: { ...hold, placedBy: 'INC-8-3' as OrderId } }))).toContain(
      'another incident',
    )
    expect(whyNot(judgeSigned({ ...holding, action, target: instanceTarget }))).toContain('no account')
  },
)

test('calling it a hold lets no other action run on one word', () => {
  expect(whyNot(judgeSigned({ ...order, approvedBy: [], hold }))).toContain('as if it were a hold')
})

const alone = {
  reason: 'Nobody answers.',
  announcedAt: '2026-11-23T03:00:00.000Z',
  brokenAt: '2026-11-23T03:10:00.000Z',
}

test('what is done alone says so: who, why, and that it was announced before', () => {
  expect(judgeSigned({ ...order, approvedBy: [], alone }).kind).toBe('order')
  expect(whyNot(judgeSigned({ ...order, approvedBy: [] }))).toContain('Nobody besides the requester')
  expect(whyNot(judgeSigned({ ...order, alone }))).toContain('names who approved')
  expect(whyNot(judgeSigned({ ...order, approvedBy: [], alone: { ...alone, reason: '' } }))).toContain('alone.reason')
  expect(whyNot(judgeSigned({ ...order, approvedBy: [], alone: { ...alone, brokenAt: alone.announcedAt } }))).toContain(
    'announced before',
  )
  expect(whyNot(judgeSigned({ ...holding, alone }))).toContain('done alone besides')
})
