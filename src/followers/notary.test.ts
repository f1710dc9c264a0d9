import { expect, test } from 'vitest'
import type { Entry } from '#/ledger/chain.ts'
import { notary } from './notary.ts'

function entry(seq: number, type: string, incident = 'INC-1'): Entry {
  return {
    seq,
    incident,
    at: '2026-11-23T03:00:00.000Z',
    type,
    actor: { program: 'autentico' },
    body: {},
    previous: '',
    hash: '',
  }
}

/** The incidents that a checkpoint was signed for when the notary saw these entries, `covered` being signed for already. */
async function signed(entries: readonly Entry[], covered: readonly number[] = []): Promise<readonly string[]> {
  const incidents: string[] = []
  const handle = notary({
    sign: () => ({ size: 9, note: 'note' }),
    record: (incident) => void incidents.push(incident),
    covered: (_incident, seq) => covered.includes(seq),
    every: 100,
  })
  await handle(entries)
  return incidents
}

test('a checkpoint is signed when an incident opens and when it closes, for that incident', async () => {
  expect(
    await signed([entry(1, 'IncidentOpened'), entry(2, 'NoteAdded'), entry(3, 'IncidentClosed', 'INC-2')]),
  ).toEqual(['INC-1', 'INC-2'])
})

test('and every so many entries, but not because a checkpoint was the hundredth', async () => {
  expect(await signed([entry(99, 'NoteAdded'), entry(100, 'NoteAdded'), entry(101, 'NoteAdded')])).toEqual(['INC-1'])
  expect(await signed([entry(200, 'CheckpointSigned')])).toEqual([])
})

test('an entry that is seen again is signed for once', async () => {
  expect(await signed([entry(1, 'IncidentOpened')], [1])).toEqual([])
})

test('what belongs to no incident has no thread to stand in', async () => {
  expect(await signed([entry(100, 'ForgeryRefused', 'system')])).toEqual([])
})

test.each(['PolicyAdopted', 'KeyRegistered', 'KeyRevoked', 'SigningKeyRotated'])(
  'a checkpoint is signed when the rules change: %s',
  async (type) => {
    expect(await signed([entry(1, type, 'governance')])).toEqual(['governance'])
  },
)

test('asking for a change of the rules changes none', async () => {
  expect(await signed([entry(1, 'ChangeRequested', 'governance'), entry(2, 'CheckpointSigned', 'governance')])).toEqual(
    [],
  )
})
