import { expect, onTestFinished, test, vi } from 'vitest'
import { createIncidents, type Incidents } from '#/deciders/incidents.ts'
import type { IncidentId } from '#/incident/events.ts'
import { temporaryLedger } from '#/ledger/test-support.ts'
import type { KeptCheckpoint, Verification } from '#/ledger/verify.ts'
import { standardPolicy } from '#/policy/policy.ts'
import { RateLimited } from '#/slack/failures.ts'
import type { ReadThread } from '#/slack/read-thread.ts'
import type { ThreadMessage } from '#/slack/thread-message.ts'
import { opens, start } from '../../test/support/stories.ts'
import { compareThread, type ThreadWitness, witnessLines, witnessThreads } from './witness-threads.ts'

const thread = { channel: 'C0INCIDENTS', ts: '1764000000.000100' }
const id = 'INC-1' as IncidentId
const holds: Verification = { ok: true, entries: 2, head: undefined, problems: [], checkpoints: 1 }

/** One open incident with a thread. */
function given(): Incidents {
  const store = temporaryLedger()
  onTestFinished(() => store[Symbol.dispose]())
  const rules = {
    policy: standardPolicy({ ttlMs: 60_000 }),
    sweepDelayMs: 60_000,
    legalDeadlineMs: 60_000,
  }
  const incidents = createIncidents({ ledger: store.ledger, rules, now: () => new Date(start) })
  incidents.execute('new', opens())
  incidents.execute(id, { type: 'StartThread', ...thread })
  return incidents
}

/** A message of ours that shows these entries, the first with its hash. */
function ours(incidents: Incidents, seqs: readonly number[], change: Partial<ThreadMessage> = {}): ThreadMessage {
  const hash = incidents.timeline(id).find(({ seq }) => seq === seqs[0])?.hash
  return {
    ts: '1764000000.000200',
    thread: thread.ts,
    author: { kind: 'ours' },
    isTombstone: false,
    text: 'a line',
    files: [],
    entries: seqs,
    ...(hash === undefined ? {} : { hash }),
    checkpoints: [],
    ...change,
  }
}

const shows =
  (...messages: readonly ThreadMessage[]) =>
  async (): Promise<ReadThread> => ({ kind: 'read', messages })

test('a thread that shows what the ledger has agrees, and gives its checkpoints', async () => {
  const incidents = given()
  const found = await compareThread(incidents, id, shows(ours(incidents, [2, 1], { checkpoints: ['a note'] })))
  expect(found).toEqual({
    thread: 'compared',
    problems: [],
    checkpoints: [{ note: 'a note', where: 'in the thread of INC-1' }],
  })
})

test.for<readonly [string, Partial<ThreadMessage>, string]>([
  ['another hash', { hash: 'f'.repeat(64) }, 'Entry 1 is not the one that the thread was told of.'],
  ['an entry that is gone', { entries: [1, 99] }, 'Entry 99, which the thread was told of, is not in the ledger.'],
])('a thread that shows %s does not agree', async ([, change, problem]) => {
  const incidents = given()
  const { problems } = await compareThread(incidents, id, shows(ours(incidents, [1], change)))
  expect(problems).toEqual([problem])
})

test('what others post says nothing about the ledger', async () => {
  const incidents = given()
  const forged = ours(incidents, [1, 99], { author: { kind: 'other' }, hash: 'f'.repeat(64), checkpoints: ['a note'] })
  expect(await compareThread(incidents, id, shows(forged))).toMatchObject({ problems: [], checkpoints: [] })
})

/** The witness at work, and what it says in the log. */
function witness(
  incidents: Incidents,
  readThread: Parameters<typeof compareThread>[2],
  verify: (checkpoints: readonly KeptCheckpoint[]) => Promise<Verification> = async () => holds,
): { readonly witnessed: ThreadWitness; readonly said: string[] } {
  const said: string[] = []
  const say = (_fields: object, message: string) => void said.push(message)
  const log = { error: say, info: say }
  const now = () => new Date(start)
  const witnessed = witnessThreads({ incidents, readThread, verify, log, now, afterMs: 0, spacingMs: 0 })
  onTestFinished(async () => witnessed[Symbol.asyncDispose]())
  return { witnessed, said }
}

const doubts = (incidents: Incidents) =>
  incidents.timeline(id).flatMap(({ event }) => (event.type === 'RecordDoubted' ? [event.problems] : []))

test('a checkpoint in the thread that the ledger does not keep is loud: log, thread of the incident, and whoever asks', async () => {
  const incidents = given()
  const problems = [
    {
      seq: 3,
      what: 'a checkpoint in the thread of INC-1 was signed for 9 entries and there are 2: the end was cut off',
    },
    {
      seq: 3,
      what: 'a checkpoint in the thread of INC-12 was signed for 9 entries and there are 2: the end was cut off',
    },
  ]
  const verify = async () => ({ ...holds, ok: false, problems })
  const { witnessed, said } = witness(incidents, shows(ours(incidents, [1], { checkpoints: ['a note'] })), verify)
  await vi.waitFor(() => expect(witnessed.witnessed()?.problems).toHaveLength(1))
  expect(doubts(incidents)).toEqual([[`Entry 3: ${problems[0]?.what}`]])
  expect(said).toEqual(['threads and the ledger do not agree: one of them was changed'])
  expect(witnessLines(witnessed)[0]).toMatch(/^⛔ A thread and the ledger do not agree, .*INC-1: Entry 3/)
})

test('a difference is recorded once, however often the program starts', async () => {
  const incidents = given()
  const read = shows(ours(incidents, [1, 99]))
  for (const _start of [1, 2]) {
    const { witnessed } = witness(incidents, read)
    await vi.waitFor(() => expect(witnessed.witnessed()).toBeDefined())
  }
  expect(doubts(incidents)).toHaveLength(1)
})

test('Slack’s limit is waited for, and a thread that may not be read is no alarm', async () => {
  const incidents = given()
  let calls = 0
  const { witnessed } = witness(incidents, async () => {
    calls += 1
    if (calls === 1) throw new RateLimited('conversations.replies', 1)
    return { kind: 'not readable', why: 'The scope groups:history is missing.' }
  })
  await vi.waitFor(() => expect(witnessed.witnessed()).toMatchObject({ compared: 0, unreadable: [id], problems: [] }))
  expect(witnessLines(witnessed)).toEqual([])
})
