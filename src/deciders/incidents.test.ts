import { expect, onTestFinished, test } from 'vitest'
import type { Command } from '#/incident/commands.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { RequestId } from '#/incident/work.ts'
import { LedgerWriteFailed } from '#/ledger/ledger.ts'
import { temporaryLedger } from '#/ledger/test-support.ts'
import { standardPolicy } from '#/policy/policy.ts'
import {
  alice,
  approves,
  asks,
  closes,
  deletes,
  edits,
  facts,
  type Handle,
  messageTs,
  openOrder,
  opens,
  type Pressed,
  person,
  standing,
  start,
  steps,
  writes,
} from '../../test/support/stories.ts'
import { createIncidents, fold, type Incidents, recordedOf, systemStream } from './incidents.ts'

const rules = {
  policy: standardPolicy({ ttlMs: 30 * 60_000 }),
  sweepDelayMs: 10 * 60_000,
  legalDeadlineMs: 72 * 3_600_000,
}
const now = () => new Date(start)

function desk(): { readonly store: ReturnType<typeof temporaryLedger>; readonly incidents: Incidents } {
  const store = temporaryLedger()
  onTestFinished(() => store[Symbol.dispose]())
  return { store, incidents: createIncidents({ ledger: store.ledger, rules, now }) }
}

function open(incidents: Incidents, change: Parameters<typeof opens>[0] = {}): IncidentId {
  const executed = incidents.execute('new', opens(change))
  if (executed.kind === 'refused') throw new Error(executed.sentence)
  return executed.incident.id
}

function execute(incidents: Incidents, id: IncidentId, asked: Command | Pressed): ReturnType<Incidents['execute']> {
  const incident = incidents.find(id)
  if (typeof asked !== 'function') return incidents.execute(id, asked)
  if (incident === undefined) throw new Error(`${id} was never opened`)
  return incidents.execute(id, asked(incident))
}

const note = (text: string, by: Handle = 'ana'): Command => ({ type: 'AddNote', by: standing(by), text })

const other = (username: string) => ({ ...alice, id: `id-${username}` as typeof alice.id, username })

test('incidents are numbered in the order in which they were opened, also over a restart', () => {
  const { store, incidents } = desk()
  expect([open(incidents), open(incidents, { target: other('bobby') })]).toEqual(['INC-1', 'INC-2'])
  const later = createIncidents({ ledger: store.ledger, rules, now })
  expect(later.open().map(({ id }) => id)).toEqual(['INC-1', 'INC-2'])
  expect(open(later, { target: other('chi') })).toBe('INC-3')
})

test('an approval is good for no longer because the clock was set back: a request ends by the clock that never goes back', () => {
  const store = temporaryLedger()
  onTestFinished(() => store[Symbol.dispose]())
  const clocks = { wall: Date.parse(start), steady: 0 }
  const start1 = () =>
    createIncidents({ ledger: store.ledger, rules, now: () => new Date(clocks.wall), monotonic: () => clocks.steady })
  const incidents = start1()
  const id = open(incidents)
  const skip: Command = { ...asks(steps.sessions), kind: 'skip', reason: 'A test account.' }
  execute(incidents, id, skip)
  clocks.wall -= 3_600_000
  clocks.steady += rules.policy.standard.ttlMs - 1
  // Started anew in the middle: it has at most a whole life left, and not the hour that the clock gave it.
  const later = start1()
  expect(later.outlived(id, 'r1' as RequestId)).toBe(false)
  clocks.steady += 1
  expect(execute(incidents, id, approves())).toMatchObject({ refusal: { code: 'request_expired' } })
  clocks.steady += rules.policy.standard.ttlMs - 1
  expect(later.outlived(id, 'r1' as RequestId)).toBe(true)
})

test('half a character in what somebody wrote, or is called, is replaced and loses nothing else', () => {
  const { incidents } = desk()
  const id = open(incidents, { target: { ...alice, username: 'al\ud800ice' } })
  expect(execute(incidents, id, note('broken \udfff note'))).toMatchObject({ kind: 'accepted' })
  expect(incidents.timeline(id).at(-1)?.event).toEqual({ type: 'NoteAdded', text: 'broken \ufffd note' })
  expect(incidents.find(id)?.target.username).toBe('al\ufffdice')
})

test('a second incident for the same account is refused and recorded, also after a restart', () => {
  const { store, incidents } = desk()
  open(incidents)
  const later = createIncidents({ ledger: store.ledger, rules, now })
  expect(later.execute('new', opens({ by: standing('bao') }))).toMatchObject({
    kind: 'refused',
    refusal: { code: 'target_has_incident' },
  })
  expect(later.timeline(systemStream).at(-1)).toMatchObject({
    actor: { name: 'bao' },
    event: { type: 'ClickRefused', tried: 'open an incident for alice', refusal: 'target_has_incident' },
  })
  expect(later.open()).toHaveLength(1)
})

test('what was accepted is on disk when it returns, and the same as what is kept', () => {
  const { store, incidents } = desk()
  const id = open(incidents)
  const { facts: _none, ...kept } = incidents.find(id) ?? {}
  expect(fold(store.ledger, id)).toMatchObject(kept)
  expect(incidents.timeline(id).map(({ event }) => event.type)).toContain('IncidentOpened')
})

test('a refused click is an entry of its incident, by the person who pressed; the state stays', () => {
  const { store, incidents } = desk()
  const id = open(incidents)
  const order = openOrder(incidents.find(id) ?? failed(), 'snapshot')
  execute(incidents, id, {
    type: 'RecordOutcome',
    worker: 'worker-1',
    order,
    result: { kind: 'snapshot', facts: facts(), evidence: [], warnings: [] },
  })
  const before = incidents.timeline(id).length
  const executed = execute(incidents, id, asks(steps.sessions, { by: standing('olu') }))
  expect(executed.kind).toBe('refused')
  const last = incidents.timeline(id).at(-1)
  expect(incidents.timeline(id)).toHaveLength(before + 1)
  expect(last?.event).toMatchObject({
    type: 'ClickRefused',
    sentence: executed.kind === 'refused' ? executed.sentence : '',
  })
  expect(last?.actor).toMatchObject({ name: 'olu' })
  expect(fold(store.ledger, id)?.lastSeq).toBe(last?.seq)
})

test('what was signed at a terminal is recorded right before what came of it, accepted or refused', () => {
  const { incidents } = desk()
  const id = open(incidents)
  const signed = { text: '{"incident":"INC-1"}', signature: 'c2ln', fingerprint: `SHA256:${'k'.repeat(43)}` }
  const by = (who: Handle) => {
    const { person, ...rest } = standing(who)
    return { ...rest, person: { ...person, key: signed.fingerprint } }
  }
  incidents.execute(id, { type: 'AddNote', by: by('bao'), text: 'From the console.' }, signed)
  expect(incidents.execute(id, { type: 'AddNote', by: by('olu'), text: 'Me too.' }, signed).kind).toBe('refused')
  const last = incidents.timeline(id).slice(-4)
  expect(last.map(({ event }) => event.type)).toEqual(['CommandSigned', 'NoteAdded', 'CommandSigned', 'ClickRefused'])
  expect(last[0]?.event).toEqual({ type: 'CommandSigned', ...signed })
  expect(last.map(({ actor }) => 'key' in actor && actor.key)).toEqual(Array(4).fill(signed.fingerprint))
})

test('what no incident exists for is refused, and recorded in the stream of the system', () => {
  const { store, incidents } = desk()
  expect(execute(incidents, 'INC-9' as IncidentId, note('hello'))).toMatchObject({ kind: 'refused' })
  expect(incidents.execute('new', opens({ by: standing('gil') })).kind).toBe('refused')
  expect(store.ledger.stream(systemStream).map(({ type }) => type)).toEqual(['ClickRefused', 'ClickRefused'])
  expect(store.ledger.stream('INC-9')).toEqual([])
})

test('forgeries are recorded one after the other although no incident is open', () => {
  const { store, incidents } = desk()
  for (const digest of ['aa', 'bb'])
    incidents.execute(systemStream, { type: 'RecordForgery', what: 'outcome', why: 'It is not signed.', digest })
  expect(
    store.ledger
      .stream(systemStream)
      .map(recordedOf)
      .map(({ event }) => event.type),
  ).toEqual(['ForgeryRefused', 'ForgeryRefused'])
})

test('nothing that people type goes on record with something that looks like a token', () => {
  const { store, incidents } = desk()
  const token = 'xoxb-123456-abcdefghij'
  const id = open(incidents, { summary: `found ${token} in a log` })
  execute(incidents, id, note(`again ${token}`))
  execute(incidents, id, asks(steps.sessions, { kind: 'skip', reason: token }))
  execute(incidents, id, closes(standing('ana'), token))
  expect(incidents.execute('new', opens({ by: standing('gil'), summary: token })).kind).toBe('refused')
  const all = JSON.stringify([...store.ledger.stream(id), ...store.ledger.stream(systemStream)])
  expect(all).not.toContain(token)
  expect(all).toContain('[removed]')
})

test('what people write in the thread goes on record in their name, without what looks like a token', () => {
  const { store, incidents } = desk()
  const token = 'xoxb-123456-abcdefghij'
  const id = open(incidents)
  execute(incidents, id, writes('gil', `is it ${token}?`))
  execute(incidents, id, edits('gil', `it is not ${token}`))
  execute(incidents, id, { ...deletes(messageTs(7)), author: person('gil'), before: token } as Command)
  const entries = store.ledger.stream(id).map(recordedOf)
  expect(JSON.stringify(entries)).not.toContain(token)
  expect(entries.slice(-3)).toMatchObject([
    { actor: person('gil'), event: { type: 'MessageWritten', text: 'is it [removed]?' } },
    {
      actor: person('gil'),
      event: { type: 'MessageEdited', before: 'is it [removed]?', after: 'it is not [removed]' },
    },
    { actor: { program: 'autentico' }, event: { type: 'MessageDeleted', before: '[removed]' } },
  ])
})

test('a closed incident is no longer open, and still found', () => {
  const { incidents } = desk()
  const id = open(incidents)
  const order = openOrder(incidents.find(id) ?? failed(), 'snapshot')
  execute(incidents, id, {
    type: 'RecordOutcome',
    worker: 'worker-1',
    order,
    result: { kind: 'snapshot', facts: facts(), evidence: [], warnings: [] },
  })
  execute(incidents, id, asks(steps.sessions, { kind: 'skip-rest', reason: 'A test account.' }))
  execute(incidents, id, approves())
  expect(execute(incidents, id, closes())).toMatchObject({ kind: 'accepted' })
  expect(incidents.open()).toEqual([])
  expect(incidents.find(id)?.status).toBe('closed')
  expect(incidents.recent(5).map((incident) => incident.id)).toEqual([id])
})

test('when the disk does not take it nothing has happened: the state is the one before', () => {
  const { store, incidents } = desk()
  const id = open(incidents)
  const before = incidents.find(id)
  const broken = createIncidents({
    ledger: {
      ...store.ledger,
      append() {
        throw new LedgerWriteFailed(
          store.file,
          Object.assign(new Error('full'), { name: 'SqliteError', code: 'SQLITE_FULL' }),
        )
      },
    },
    rules,
    now,
  })
  expect(() => broken.execute(id, note('hello'))).toThrow(LedgerWriteFailed)
  expect(broken.find(id)).toEqual(before)
})

function failed(): never {
  throw new Error('the incident was never opened')
}
