import { expect, test } from 'vitest'
import type { ChangeId, GovernanceEvent, RecordedChange } from '#/governance/events.ts'
import { applyChange, emptyRulebook, openChanges } from '#/governance/state.ts'
import type { TimelineLine } from '#/incident/line.ts'
import type { Entry, Json } from '#/ledger/chain.ts'
import { person } from '../../test/support/stories.ts'
import { type Board, createNoticeboard } from './noticeboard.ts'
import { type Place, ThreadLost, TryLater } from './poster.ts'

const asked: GovernanceEvent = {
  type: 'ChangeRequested',
  id: 'CHG-1' as ChangeId,
  change: { kind: 'revoke-key', fingerprint: 'SHA256:a', owner: person('chi') },
  requester: person('ana'),
  identity: {},
  rule: {
    needs: [{ approvals: 1, from: ['approvers'] }],
    deny: ['approvers'],
    ttlMs: 1,
    stepUp: false,
    reason: false,
  },
  policyDigest: '',
  expiresAt: '2026-11-23T03:30:00.000Z',
  digest: 'd',
}
const approved: GovernanceEvent = {
  type: 'ChangeApproved',
  id: 'CHG-1' as ChangeId,
  digest: 'd',
  by: person('bao'),
  identity: {},
  groups: ['approvers'],
}
const revoked: GovernanceEvent = {
  type: 'KeyRevoked',
  change: 'CHG-1' as ChangeId,
  fingerprint: 'SHA256:a',
  owner: person('chi'),
}
const revokedAlone: GovernanceEvent = { type: 'KeyRevoked', fingerprint: 'SHA256:a', owner: person('chi') }
const signed: GovernanceEvent = { type: 'CheckpointSigned', size: 3, note: 'note' }

/** A channel that keeps what it was given; `fails` takes the next message in its place, `loses` its answer. */
function channel() {
  const roots = new Map<string, Place>()
  const lines: number[] = []
  const posted: TimelineLine[] = []
  const edits: string[] = []
  const failing: { fails: Error | undefined; loses: Error | undefined } = { fails: undefined, loses: undefined }
  const post = (key: string): Place => {
    const { fails, loses } = failing
    failing.fails = undefined
    failing.loses = undefined
    if (fails !== undefined) throw fails
    const place = { channel: 'C0', ts: `${roots.size + 1}.000000` }
    roots.set(key, place)
    if (loses !== undefined) throw loses
    return place
  }
  const board: Board = {
    postChange: async ({ id }) => post(id),
    updateChange: async (_place, { ended }) => void edits.push(ended?.kind ?? 'open'),
    postNotice: async (key) => post(key),
    find: async (key) => roots.get(key),
    postLines: async (_place, more) => {
      lines.push(...more.map(({ seq }) => seq))
      posted.push(...more)
      return more.length
    },
    posted: async (_place, seqs) => new Set(seqs.filter((seq) => lines.includes(seq))),
    look: ({ ended, approvals }) => JSON.stringify([ended, approvals]),
  }
  return { board, roots, lines, posted, edits, failing }
}

/** A ledger with these facts, and a noticeboard that may be started anew. */
function story(...events: readonly GovernanceEvent[]) {
  const history: RecordedChange[] = []
  const add = (...more: readonly GovernanceEvent[]): readonly Entry[] =>
    more.map((event) => {
      const seq = history.length + 1
      history.push({ seq, at: '2026-11-23T03:00:00.000Z', actor: person('bao'), hash: 'h', event })
      const { type } = event
      return { seq, incident: 'governance', at: '', type, actor: null as Json, body: null, previous: '', hash: '' }
    })
  const rulebook = () => history.reduce(applyChange, emptyRulebook)
  const slack = channel()
  const lost: string[] = []
  const start = () =>
    createNoticeboard({
      change: (id) => rulebook().changes.get(id),
      pending: () => openChanges(rulebook()),
      timeline: () => history,
      shown: (id, place) => void add({ type: 'ChangeShown', id, ...place }),
      board: slack.board,
      drill: false,
      onLost: (key) => void lost.push(key),
    })
  return { ...slack, entries: add(...events), add, start, lost, history }
}

test('a change gets a message, and its place is recorded', async () => {
  const { entries, start, roots, history } = story(asked)
  await start().handle(entries)
  expect([...roots.keys()]).toEqual(['CHG-1'])
  expect(history.at(-1)?.event.type).toBe('ChangeShown')
})

test('when it is decided the message is edited, and every entry has a line below it, the checkpoint too', async () => {
  const { entries, add, start, edits, lines } = story(asked)
  const board = start()
  await board.handle(entries)
  await board.handle(add(approved, revoked, signed))
  expect(edits).toEqual(['approved'])
  expect(lines).toEqual([3, 4, 5])
})

test('a reminder calls upon people below the message, with until when it can be decided', async () => {
  const { entries, add, start, posted } = story(asked)
  const board = start()
  await board.handle(entries)
  const able = [person('bao')]
  await board.handle(add({ type: 'ChangeReminded', id: 'CHG-1' as ChangeId, reminder: 1, able, called: able }))
  expect(posted).toMatchObject([
    {
      headline: 'reminds: CHG-1 waits for approval until 2026-11-23 03:30:00 UTC',
      calling: 'Able to now:',
      mentions: able,
      tone: 'warning',
    },
  ])
})

test('seeing entries again posts nothing twice, also after a restart', async () => {
  const { entries, add, start, roots, lines } = story(asked)
  await start().handle(entries)
  const more = add(approved, revoked)
  await start().handle(more)
  await start().handle([...entries, ...more])
  expect(roots.size).toBe(1)
  expect(lines).toEqual([3, 4])
})

test('a message whose answer was lost is found again and not posted a second time', async () => {
  const { entries, start, roots, failing } = story(asked)
  failing.loses = new TryLater('no answer', {})
  const board = start()
  await expect(board.handle(entries)).rejects.toThrow(TryLater)
  await board.handle(entries)
  expect(roots.size).toBe(1)
})

test('a channel that takes nothing is said once, and what waits is posted when it does again', async () => {
  const { entries, start, roots, failing, lost } = story(asked)
  failing.fails = new ThreadLost('is_archived')
  const board = start()
  await board.handle(entries)
  expect(lost).toEqual(['CHG-1'])
  await board.redraw()
  expect([...roots.keys()]).toEqual(['CHG-1'])
})

test('what nobody asked for beforehand gets a message of its own, once', async () => {
  const { entries, start, roots } = story(revokedAlone)
  await start().handle(entries)
  await start().handle(entries)
  expect([...roots.keys()]).toEqual(['governance-1'])
})

test('what happens in incidents is none of its business', async () => {
  const { entries, start, roots } = story(asked)
  await start().handle(entries.map((entry) => ({ ...entry, incident: 'INC-1' })))
  expect(roots.size).toBe(0)
})
