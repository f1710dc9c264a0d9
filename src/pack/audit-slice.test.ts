import { expect, test } from 'vitest'
import type { Entry } from '#/ledger/chain.ts'
import { type AuditRow, auditRowsIn, auditTable } from './audit-slice.ts'

/** An id as Autentico gives them (xid), by the process `maker` at the place `counter`. */
function id(counter: number, maker = 7): string {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(1_764_000_000, 0)
  bytes.writeUInt8(maker, 8)
  bytes.writeUIntBE(counter, 9, 3)
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.padEnd(100, '0').match(/.{5}/g) ?? []).map((five) => Number.parseInt(five, 2).toString(32)).join('')
}

const entry = (seq: number, ...requestIds: readonly string[]): Entry => ({
  seq,
  incident: 'INC-1',
  at: '2026-11-23T03:00:00.000Z',
  type: 'StepDone',
  actor: { worker: 'w1' },
  body: { requestIds },
  previous: '',
  hash: '',
})

const row = (rowId: string, change: Partial<AuditRow> = {}): AuditRow => ({
  id: rowId,
  event: 'all_user_sessions_revoked',
  actorUsername: 'bot',
  targetType: 'user',
  targetId: 'alice',
  detail: {},
  ipAddress: '203.0.113.9',
  createdAt: '2026-11-23T03:00:04Z',
  source: 'asked',
  ...change,
})

const cells = (table: string): readonly (readonly string[])[] =>
  table
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').slice(0, 4))

test('a line belongs to the last request that the same process answered shortly before', () => {
  const table = auditTable([entry(31, id(100), id(110)), entry(40, id(200))], [row(id(112)), row(id(203))])
  expect(cells(table)).toEqual([
    ['31', id(110), id(112), 'all_user_sessions_revoked'],
    ['40', id(200), id(203), 'all_user_sessions_revoked'],
    ['31', id(100), '', ''],
  ])
})

test.for([
  ['of another process', id(112, 8)],
  ['long after every request of ours', id(190)],
  ['before the first of them', id(99)],
  ['with an id of another kind', 'not-an-xid'],
])('a line %s belongs to none', ([, rowId = '']) => {
  expect(cells(auditTable([entry(31, id(110))], [row(rowId)]))[0]).toEqual(['', '', rowId, 'all_user_sessions_revoked'])
})

test('the counter of a process begins anew after its largest number', () => {
  expect(cells(auditTable([entry(31, id(0xfffffe))], [row(id(1))]))[0]?.[0]).toBe('31')
})

test('what a spreadsheet would run is text in the table', () => {
  const table = auditTable([], [row(id(1), { actorUsername: '=cmd|x', ipAddress: 'a,"b"' })])
  expect(table).toContain(`,'=cmd|x,user,alice,"a,""b""",`)
})

test('of evidence that is no record, and of records of another kind, nothing is taken', () => {
  expect(auditRowsIn(Buffer.from('id,username'), 'x')).toEqual([])
  expect(auditRowsIn(Buffer.from('{"sessions":[{"id":"1","event":"x"}]}'), 'x')).toEqual([])
})
