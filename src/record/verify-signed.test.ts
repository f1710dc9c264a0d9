import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createDeciders } from '#/deciders/deciders.ts'
import { createTerminalDoor } from '#/doors/terminal-door.ts'
import type { IncidentId } from '#/incident/events.ts'
import { openLedger } from '#/ledger/ledger.ts'
import { tamper } from '#/ledger/test-support.ts'
import { standardPolicy } from '#/policy/policy.ts'
import { newNonce } from '#/terminal/listen.ts'
import { purpose, signStatement, type TerminalCommand } from '#/terminal/statement.ts'
import { asks, facts, openOrder, opens, standing, steps } from '../../test/support/stories.ts'
import { registeredKey } from '../../test/support/terminal-keys.ts'
import { verifySigned } from './verify-signed.ts'

const names = new Set(['autentico-responder/0123456789abcdef'])
const [origin = ''] = names
const id = 'INC-1' as IncidentId

/** A ledger in which ana asked in Slack, was refused her own approval at a terminal, and bao approved there. */
async function tell(folder: string): Promise<string> {
  const file = join(folder, 'ledger.sqlite')
  using ledger = openLedger({ file })
  const now = () => new Date()
  const config = { policy: standardPolicy({ ttlMs: 1_800_000 }), sweepDelayMs: 600_000, legalDeadlineMs: 259_200_000 }
  const { governance, incidents } = createDeciders({ ledger, file, config, now })
  const keys = {
    ana: registeredKey(governance, { file: join(folder, 'ana'), owner: standing('ana'), second: standing('bao') }),
    bao: registeredKey(governance, { file: join(folder, 'bao'), owner: standing('bao'), second: standing('ana') }),
  }
  const opened = incidents.execute('new', opens())
  if (opened.kind === 'refused') throw new Error(opened.sentence)
  incidents.execute(id, {
    type: 'RecordOutcome',
    worker: 'worker-1',
    order: openOrder(opened.incident, 'snapshot'),
    result: { kind: 'snapshot', facts: facts(), evidence: [], warnings: [] },
  })
  incidents.execute(id, { ...asks(steps.sessions), kind: 'skip', reason: 'A test account.' })
  const door = createTerminalDoor({
    origin,
    ledger,
    incidents,
    keyOf: (fingerprint) => governance.keyOf(fingerprint),
    askSlack: async () => undefined,
    now,
    writeFailed: () => undefined,
  })
  for (const key of [keys.ana, keys.bao]) {
    const incident = incidents.find(id)
    const [request] = incident?.requests.values() ?? []
    if (incident === undefined || request?.shown === undefined) throw new Error('nothing is shown')
    const command: TerminalCommand = { type: 'ApproveRequest', request: request.id, digest: request.shown.digest }
    const nonce = newNonce()
    const { fingerprint } = key
    const seen = { seq: incident.lastSeq, hash: incident.lastHash }
    const at = now().toISOString()
    const statement = { purpose, ledger: origin, nonce, at, fingerprint, incident: id, seen, command } as const
    await door.execute(signStatement(statement, key), nonce)
  }
  return file
}

const folder = mkdtempSync(join(tmpdir(), 'signed-'))
let file: string

beforeAll(async () => {
  file = await tell(folder)
})

afterAll(() => rmSync(folder, { recursive: true }))

/** What is found once this was done to a copy of the ledger. */
function foundAfter(statements: string, known: ReadonlySet<string> = names): readonly string[] {
  const copy = join(folder, `${newNonce()}.sqlite`)
  copyFileSync(file, copy)
  onTestFinished(() => rmSync(copy))
  if (statements !== '') tamper(copy, statements)
  return verifySigned(copy, known).map(({ what }) => what)
}

const where = {
  signed: "type = 'CommandSigned'",
  bao: 'actor LIKE \'%"key"%U0BAO%\'',
  approved: "type = 'StepApproved'",
}

test('what was signed and what came of it hold, a refusal too', () => {
  expect(foundAfter('')).toEqual([])
  expect(foundAfter('', new Set())).toEqual([])
})

test.each<[string, string, RegExp]>([
  [
    'another request is approved than was signed',
    `UPDATE entry SET body = replace(body, '"request":"r1"', '"request":"r2"') WHERE ${where.approved}`,
    /^what was approved is not what was signed$/,
  ],
  [
    'what was shown was something else',
    `UPDATE entry SET body = replace(body, '"digest":"', '"digest":"00') WHERE ${where.approved}`,
    /^what was approved is not what was signed$/,
  ],
  [
    'the signed text is another one',
    `UPDATE entry SET body = replace(body, 'r1', 'r2') WHERE ${where.signed}`,
    /^the signature of a command does not hold$/,
  ],
  [
    'the signature is taken away',
    `DELETE FROM entry WHERE ${where.signed}`,
    /^it is said to have come from a terminal, and nobody signed it$/,
  ],
  [
    'and the key with it',
    `DELETE FROM entry WHERE ${where.signed}; UPDATE entry SET actor = json_remove(actor, '$.key') WHERE ${where.approved}`,
    /^it is said to have come from a terminal, and nobody signed it$/,
  ],
  [
    'somebody else is said to have signed it',
    `UPDATE entry SET actor = replace(actor, 'U0BAO', 'U0CHI') WHERE ${where.bao}`,
    /^a command is said to be of somebody else than its key$/,
  ],
  [
    'another key is said to have signed it',
    `UPDATE entry SET actor = replace(actor, 'SHA256:', 'SHA256:x') WHERE ${where.bao}`,
    /^a command is signed with another key than it says$/,
  ],
  [
    'the key was never registered',
    `DELETE FROM entry WHERE type = 'KeyRegistered'`,
    /^a command is signed with a key that nobody had registered$/,
  ],
  [
    'another key was registered by that name',
    `UPDATE entry SET body = json_set(body, '$.publicKey', (SELECT json_extract(body, '$.publicKey') FROM entry WHERE type = 'KeyRegistered' AND actor LIKE '%ana%')) WHERE type = 'KeyRegistered'`,
    /^the key that was registered is not the one that is named$/,
  ],
  [
    'the key had been revoked before',
    `UPDATE entry SET type = 'KeyRevoked', incident = 'governance', body = (SELECT json_object('fingerprint', json_extract(body, '$.fingerprint')) FROM entry WHERE ${where.signed} ORDER BY seq DESC) WHERE type = 'IncidentOpened'`,
    /^a command is signed with a key that had been revoked$/,
  ],
  [
    'it stands there once more',
    `INSERT INTO entry SELECT seq + 100, incident, at, type, actor, body, previous, hash || 'x' FROM entry WHERE ${where.signed}`,
    /^a command was signed once and stands here twice$/,
  ],
  [
    'what had been seen was something else',
    `UPDATE entry SET hash = 'ff' || substr(hash, 3) WHERE type = 'RequestShown'`,
    /^who signed a command had seen another history than stands here$/,
  ],
  [
    'it was another day',
    `UPDATE entry SET at = '2020' || substr(at, 5)`,
    /^a command was signed at another time than it stands here$/,
  ],
  [
    'it was in another incident',
    `UPDATE entry SET incident = 'INC-2' WHERE incident = 'INC-1'`,
    /^a command was signed for another incident$/,
  ],
  [
    'it was at another moment than what came of it',
    `UPDATE entry SET at = '2020' || substr(at, 5) WHERE ${where.approved}`,
    /^it is said to have come from a terminal, and nobody signed it$/,
  ],
])('it is found that %s', (_what, statements, words) => {
  expect(foundAfter(statements)).toContainEqual(expect.stringMatching(words))
})

test('it is found that it was signed for another ledger', () => {
  expect(foundAfter('', new Set(['autentico-responder/ff']))).toEqual(
    Array(2).fill('a command was signed for another ledger'),
  )
})
