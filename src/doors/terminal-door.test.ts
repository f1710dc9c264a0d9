import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDeciders, type Deciders } from '#/deciders/deciders.ts'
import { systemStream } from '#/deciders/incidents.ts'
import { cast } from '#/drill/cast.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { RequestId } from '#/incident/work.ts'
import { LedgerWriteFailed } from '#/ledger/ledger.ts'
import { temporaryLedger } from '#/ledger/test-support.ts'
import { type Policy, standardPolicy } from '#/policy/policy.ts'
import { newNonce } from '#/terminal/listen.ts'
import { makePersonalKey, type PersonalKey } from '#/terminal/personal-key.ts'
import type { Answer } from '#/terminal/protocol.ts'
import type { AskedOfSlack } from '#/terminal/standing.ts'
import { purpose, type Statement, signStatement, type TerminalCommand } from '#/terminal/statement.ts'
import { verifyStatement } from '#/terminal/verify-statement.ts'
import {
  alice,
  approves,
  asks,
  facts,
  type Handle,
  minute,
  newestRequest,
  openOrder,
  opens,
  standing,
  start,
  steps,
} from '../../test/support/stories.ts'
import { registeredKey } from '../../test/support/terminal-keys.ts'
import { createTerminalDoor, type TerminalDoorDeps } from './terminal-door.ts'

const origin = 'autentico-responder/0123456789abcdef'
const id = 'INC-1' as IncidentId

type Desk = Deciders & {
  readonly ledger: ReturnType<typeof temporaryLedger>['ledger']
  readonly key: (who: Handle) => PersonalKey
  /** Says something with somebody's key, as the program for people at a terminal does. */
  readonly says: (who: Handle, command: TerminalCommand, change?: Partial<Statement>) => Promise<Answer>
  readonly sends: (statement: Partial<Statement>, key: PersonalKey, nonce?: string) => Promise<Answer>
}

const plain = standardPolicy({ ttlMs: 1_800_000 })

/** An incident that was opened in Slack and read. Whoever says something here has registered a key. */
function desk({
  askSlack = async () => undefined,
  broken = false,
  target,
  change = {},
  policy = plain,
}: {
  readonly askSlack?: TerminalDoorDeps['askSlack']
  readonly broken?: boolean
  /** Whose account it is about, rather than alice's. */
  readonly target?: Handle
  /** What else is another than usual about how it was opened. */
  readonly change?: Parameters<typeof opens>[0]
  readonly policy?: Policy
} = {}): Desk {
  const store = temporaryLedger()
  const folder = mkdtempSync(join(tmpdir(), 'keys-'))
  onTestFinished(() => {
    store[Symbol.dispose]()
    rmSync(folder, { recursive: true })
  })
  const { ledger, file } = store
  const now = () => new Date(start)
  const config = { policy, sweepDelayMs: 600_000, legalDeadlineMs: 259_200_000 }
  const deciders = createDeciders({ ledger, file, config, now })
  const { governance, incidents } = deciders
  const keys = new Map<Handle, PersonalKey>()
  const key: Desk['key'] = (who) => {
    const owner = standing(who, { membership: 'member', responder: true })
    const second = standing(who === 'ana' ? 'bao' : 'ana')
    const known = keys.get(who) ?? registeredKey(governance, { file: join(folder, who), owner, second })
    keys.set(who, known)
    return known
  }
  // Who is fought over cannot register a key any more.
  if (target !== undefined) key(target)
  const about = target === undefined ? change : { target: { ...alice, email: cast[target].email } }
  const opened = incidents.execute('new', opens(about))
  if (opened.kind === 'refused') throw new Error(opened.sentence)
  incidents.execute(id, {
    type: 'RecordOutcome',
    worker: 'worker-1',
    order: openOrder(opened.incident, 'snapshot'),
    result: { kind: 'snapshot', facts: facts(), evidence: [], warnings: [] },
  })
  const door = createTerminalDoor({
    origin,
    ledger,
    incidents: broken ? { execute: () => fail(new LedgerWriteFailed(file, noSpace())) } : incidents,
    keyOf: (fingerprint) => governance.keyOf(fingerprint),
    askSlack,
    now,
    writeFailed: () => undefined,
  })
  const sends: Desk['sends'] = async (statement, by, nonce = newNonce()) => {
    const incident = incidents.find(id)
    const whole = {
      purpose,
      ledger: origin,
      nonce,
      at: start,
      fingerprint: by.fingerprint,
      incident: id,
      seen: { seq: incident?.lastSeq ?? 0, hash: incident?.lastHash ?? '' },
      command: { type: 'AddNote', text: 'From the console.' },
      ...statement,
    } as const
    return door.execute(signStatement(whole, by), nonce)
  }
  const says: Desk['says'] = async (who, command, change = {}) => sends({ ...change, command }, key(who))
  return { ...deciders, ledger, key, says, sends }
}

const noSpace = () => Object.assign(new Error('full'), { name: 'SqliteError', code: 'SQLITE_FULL' })

function fail(error: Error): never {
  throw error
}

const types = ({ incidents }: Desk, stream: IncidentId = id) =>
  incidents.timeline(stream).map(({ event }) => event.type)
const last = ({ incidents }: Desk, count: number) => incidents.timeline(id).slice(-count)
const ask: TerminalCommand = { type: 'AskForStep', step: steps.sessions, kind: 'skip', reason: 'A test account.' }

/** The request that is open, as whoever looks at it would approve it. */
function approval({ incidents }: Desk): TerminalCommand {
  const incident = incidents.find(id)
  const request = incident === undefined ? undefined : newestRequest(incident)
  if (request?.shown === undefined) throw new Error('no request is shown')
  return { type: 'ApproveRequest', request: request.id, digest: request.shown.digest }
}

test('one asks and another approves, both from a terminal, by the same rules and with the same entries as clicks', async () => {
  const room = desk()
  expect(await room.says('ana', ask)).toMatchObject({ kind: 'done' })
  const approved = await room.says('bao', approval(room))
  expect(approved).toMatchObject({ kind: 'done' })
  expect(approved.kind === 'done' && approved.lines.join('\n')).toMatch(/@bao \(terminal\) approved: Skip “Revoke all/)
  expect(room.incidents.find(id)?.requests.get('r1' as RequestId)?.end).toMatchObject({
    kind: 'approved',
    by: { name: 'bao', key: room.key('bao').fingerprint },
  })
  expect(types(room).slice(-6)).toEqual([
    'CommandSigned',
    'StepRequested',
    'RequestShown',
    'CommandSigned',
    'StepApproved',
    'StepSkipped',
  ])
})

test('what was signed stands in the ledger, and anybody can tell that it was', async () => {
  const room = desk()
  await room.says('ana', ask)
  const [signed] = last(room, 3)
  if (signed?.event.type !== 'CommandSigned') throw new Error('nothing was signed')
  const { event } = signed
  const { ledger, nonce, at } = JSON.parse(event.text) as Statement
  const verified = verifyStatement(event, {
    keyOf: (fingerprint) => (fingerprint === room.key('ana').fingerprint ? room.key('ana') : undefined),
    ledger,
    nonce,
    now: new Date(at),
    hashOf: (_incident, seq) => room.ledger.entry(seq)?.hash,
  })
  expect(verified).toMatchObject({ kind: 'genuine', statement: { command: ask, incident: id } })
  expect(last(room, 3).map(({ actor, at: when }) => [actor, when])).toEqual(
    Array(3).fill([{ ...standing('ana').person, key: event.fingerprint }, start]),
  )
})

describe('the person is the same in Slack and at a terminal', () => {
  test('who asked in Slack may not approve at a terminal', async () => {
    const room = desk()
    room.incidents.execute(id, { ...asks(steps.sessions), kind: 'skip', reason: 'A test account.' })
    expect(await room.says('ana', approval(room))).toMatchObject({ kind: 'refused', code: 'approver_is_requester' })
  })

  test('who asked at a terminal may not approve in Slack', async () => {
    const room = desk()
    await room.says('ana', ask)
    const incident = room.incidents.find(id)
    const command = incident === undefined ? fail(new Error('no incident')) : approves(standing('ana'))(incident)
    expect(room.incidents.execute(id, command)).toMatchObject({ refusal: { code: 'approver_is_requester' } })
  })

  test('who asked at a terminal may not approve there', async () => {
    const room = desk()
    await room.says('ana', ask)
    expect(await room.says('ana', approval(room))).toMatchObject({ kind: 'refused', code: 'approver_is_requester' })
  })
})

test('a refusal is told in its sentence, and recorded with the signature that it answers', async () => {
  const room = desk()
  await room.says('ana', ask)
  const answer = await room.says('ana', approval(room))
  const [signed, refused] = last(room, 2)
  expect(signed?.event).toMatchObject({ type: 'CommandSigned', fingerprint: room.key('ana').fingerprint })
  expect(refused).toMatchObject({
    actor: { name: 'ana', key: room.key('ana').fingerprint },
    event: {
      type: 'ClickRefused',
      refusal: 'approver_is_requester',
      sentence: answer.kind === 'refused' && answer.sentence,
    },
  })
})

test('three refused approvals are probing, at a terminal as well', async () => {
  const room = desk()
  await room.says('ana', ask)
  for (const _time of [1, 2, 3]) await room.says('ana', approval(room))
  expect(types(room)).toContain('ApprovalProbed')
})

test('a signature of a registered key is a fresh proof of who it is, also where Autentico itself is the patient', async () => {
  const policy = { ...plain, rules: { skip: { ...plain.standard, stepUp: true } } }
  const { playbook } = opens()
  const room = desk({ policy, change: { playbook: { ...playbook, patient: 'autentico' } } })
  await room.says('ana', ask)
  const incident = room.incidents.find(id) ?? fail(new Error('there is no incident'))
  expect(room.incidents.execute(id, approves(standing('bao'))(incident))).toMatchObject({
    refusal: { code: 'step_up_by_key', about: { what: 'responder approve INC-1 r1' } },
  })
  expect(await room.says('bao', approval(room))).toMatchObject({ kind: 'done' })
  const approved = room.incidents.timeline(id).find(({ event }) => event.type === 'StepApproved')
  expect(approved?.event).toMatchObject({ stepUp: { kind: 'key', fingerprint: room.key('bao').fingerprint } })
})

describe('nobody said it, so nothing is done, and the record says that it was tried', () => {
  const expectForged = async (room: Desk, answer: Promise<Answer>, words: RegExp) => {
    const before = types(room)
    expect(await answer).toEqual({ kind: 'refused', sentence: expect.stringMatching(words) as string })
    expect(types(room)).toEqual(before)
    expect(room.incidents.timeline(systemStream).at(-1)).toMatchObject({
      actor: { program: 'autentico' },
      event: { type: 'ForgeryRefused', what: 'terminal command' },
    })
  }

  test('with a key that nobody registered', async () => {
    const room = desk()
    const folder = mkdtempSync(join(tmpdir(), 'keys-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    await expectForged(room, room.sends({}, makePersonalKey(join(folder, 'gil'), undefined)), /is not registered/)
  })

  test('with a key that was revoked', async () => {
    const room = desk()
    room.governance.execute({ type: 'RevokeKey', by: standing('bao'), fingerprint: room.key('bao').fingerprint })
    await expectForged(room, room.sends({}, room.key('bao')), /is not registered/)
  })

  test('for another ledger', async () => {
    const room = desk()
    await expectForged(room, room.sends({ ledger: 'autentico-responder/ff' }, room.key('bao')), /not for this one/)
  })

  test('for another connection, as when it is sent again', async () => {
    const room = desk()
    await expectForged(room, room.sends({ nonce: newNonce() }, room.key('bao')), /sent before/)
  })

  test('more than a minute ago', async () => {
    const room = desk()
    await expectForged(room, room.sends({ at: minute(-2) }, room.key('bao')), /signed 120 seconds ago/)
  })

  test('by somebody who had seen another history', async () => {
    const room = desk()
    const seen = { seq: 2, hash: 'ab'.repeat(32) }
    await expectForged(room, room.sends({ seen }, room.key('bao')), /is not the one that was seen/)
  })

  test('about an incident that is not there', async () => {
    const room = desk()
    await expectForged(
      room,
      room.sends({ incident: 'INC-9' as IncidentId }, room.key('bao')),
      /of INC-9 is not the one/,
    )
  })
})

describe('how somebody stands', () => {
  const slackSays = (change: Partial<AskedOfSlack['standing']>, outside: readonly string[] = []) => ({
    askSlack: async () => ({ standing: standing('bao', change), outside }),
  })

  test('whose Slack account was deactivated is nobody at a terminal either', async () => {
    const room = desk(slackSays({ membership: 'deactivated' }))
    expect(await room.says('bao', ask)).toMatchObject({ code: 'person_is_deactivated' })
  })

  test('who was taken off the list of approvers since does not approve', async () => {
    const room = desk(slackSays({}, ['approvers']))
    room.incidents.execute(id, { ...asks(steps.sessions), kind: 'skip', reason: 'A test account.' })
    expect(await room.says('bao', approval(room))).toMatchObject({ kind: 'refused', code: 'not_an_approver' })
  })

  test('who has another handle by now is called by it', async () => {
    const { slack } = standing('bao').person
    const room = desk(slackSays({ person: { slack, name: 'bao.tran' } }))
    const answer = await room.says('bao', { type: 'AddNote', text: 'Renamed.' })
    expect(answer).toMatchObject({ lines: [expect.stringMatching(/ @bao\.tran \(terminal\) noted: Renamed\./)] })
  })

  test('what Slack does not say holds as two people registered it', async () => {
    const room = desk(slackSays({ membership: 'unknown', responder: false, approver: false }))
    room.incidents.execute(id, { ...asks(steps.sessions), kind: 'skip', reason: 'A test account.' })
    expect(await room.says('bao', approval(room))).toMatchObject({ kind: 'done' })
  })

  test('who has been put on a list since the key was registered is not on it at a terminal', async () => {
    const room = desk({
      askSlack: async () => ({ standing: standing('gil', { membership: 'member', approver: true }), outside: [] }),
    })
    room.incidents.execute(id, { ...asks(steps.sessions), kind: 'skip', reason: 'A test account.' })
    expect(await room.says('gil', approval(room))).toMatchObject({ kind: 'refused', code: 'not_an_approver' })
  })

  test('who is the target of the incident takes no part, by the e-mail address that was registered', async () => {
    const room = desk({ target: 'chi' })
    expect(await room.says('chi', ask)).toMatchObject({ code: 'person_is_target' })
  })
})

test('a text that holds something like a token is not signed for ever: nothing of it is recorded', async () => {
  const room = desk()
  room.key('ana')
  const before = room.ledger.size()
  const answer = await room.says('ana', { type: 'AddNote', text: 'It was xoxb-123456-abcdefghij.' })
  expect(answer).toMatchObject({ kind: 'refused', sentence: expect.stringMatching(/looks like a token/) as string })
  expect(room.ledger.size()).toBe(before)
})

test('what the disk does not take is said, and nothing is done', async () => {
  const answer = await desk({ broken: true }).says('ana', ask)
  expect(answer).toMatchObject({ kind: 'failed', sentence: expect.stringMatching(/disk is full/) as string })
})

test.each<[string, TerminalCommand, string]>([
  ['a note', { type: 'AddNote', text: 'From the console.' }, 'NoteAdded'],
  ['the emergency stop', { type: 'StopWork', reason: 'Wrong account.' }, 'WorkStopped'],
  ['a hold', { type: 'HoldTarget' }, 'WorkOrdered'],
  ['taking command', { type: 'TakeCommand' }, 'CommanderNamed'],
])('%s is taken', async (_what, command, type) => {
  const room = desk()
  expect(await room.says('bao', command)).toMatchObject({ kind: 'done' })
  expect(types(room).at(-1)).toBe(type)
})

test.each<[string, (request: RequestId) => TerminalCommand, 'ana' | 'bao', string]>([
  ['a denial', (request) => ({ type: 'DenyRequest', request, reason: 'Not this one.' }), 'bao', 'StepDenied'],
  ['a withdrawal', (request) => ({ type: 'WithdrawRequest', request }), 'ana', 'RequestWithdrawn'],
])('%s is taken', async (_what, command, who, type) => {
  const room = desk()
  await room.says('ana', ask)
  expect(await room.says(who, command('r1' as RequestId))).toMatchObject({ kind: 'done' })
  expect(types(room)).toContain(type)
})
