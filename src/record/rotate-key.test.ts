import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { expect, onTestFinished, test } from 'vitest'
import { createIncidents } from '#/deciders/incidents.ts'
import { originOf } from '#/keyring.ts'
import { checkpoint } from '#/ledger/checkpoint.ts'
import { type Ledger, openLedger } from '#/ledger/ledger.ts'
import { encodeVkey } from '#/ledger/note.ts'
import { rotationIn } from '#/ledger/rotation.ts'
import { tamper } from '#/ledger/test-support.ts'
import { standardPolicy } from '#/policy/policy.ts'
import { loadOrMakeKey, readPrivateKey } from '#/work/keys.ts'
import { opens } from '../../test/support/stories.ts'
import { ledgerName, type RotationStep, rotateKey, settleRotations } from './rotate-key.ts'
import { verifyDataDir } from './verify-data-dir.ts'

const at = '2026-11-23T03:00:00.000Z'
const now = () => new Date(at)
const actor = { program: 'autentico' }

/** A data directory with keys and a ledger that its present key has signed once. */
function begun(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'responder-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  for (const name of ['ledger', 'bot-signing']) loadOrMakeKey(join(dataDir, 'keys'), name, 'ed25519')
  signOnce(dataDir)
  return dataDir
}

/** What the notary does: a note over everything so far, in an entry. */
function signOnce(dataDir: string): string {
  using ledger = openLedger({ file: join(dataDir, 'ledger.sqlite') })
  append(ledger, { type: 'NoteAdded', actor, body: { text: 'something happened' } })
  const key = ledgerKey(dataDir)
  const note = checkpoint(ledger, { origin: ledgerName(ledger, key), key: key.privateKey })
  append(ledger, { type: 'CheckpointSigned', actor, body: { size: ledger.size(), note } })
  return note
}

function append(ledger: Ledger, draft: Parameters<Ledger['append']>[0]['drafts'][number]): void {
  ledger.append({ incident: 'system', expected: ledger.stream('system').at(-1)?.seq ?? 0, at, drafts: [draft] })
}

function ledgerKey(dataDir: string) {
  return readPrivateKey(join(dataDir, 'keys', 'ledger.pem'), 'ed25519')
}

test('checkpoints of before and after a rotation verify, from the first key on', async () => {
  const dataDir = begun()
  const first = encodeVkey(originOf(ledgerKey(dataDir).publicKey), ledgerKey(dataDir).publicKey)
  rotateKey({ dataDir, purpose: 'ledger', now })
  signOnce(dataDir)
  rotateKey({ dataDir, purpose: 'ledger', now })
  signOnce(dataDir)

  const report = await verifyDataDir(dataDir, { firstVkey: first })
  expect(report).toMatchObject({ ok: true, checkpoints: 3, firstVkey: first })
  expect(report.vkey).not.toBe(first)
})

test('the old private key is nowhere in the data directory any more', () => {
  const dataDir = begun()
  const old = ledgerKey(dataDir).privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
  rotateKey({ dataDir, purpose: 'ledger', now })

  expect(readdirSync(join(dataDir, 'keys')).toSorted()).toEqual(['bot-signing.pem', 'ledger.pem'])
  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  expect(files.filter((one) => readFileSync(join(one.parentPath, one.name), 'latin1').includes(old))).toEqual([])
})

test('with the old key nothing can be signed that the ledger held after its replacement', async () => {
  const dataDir = begun()
  const { privateKey } = ledgerKey(dataDir)
  rotateKey({ dataDir, purpose: 'ledger', now })
  using ledger = openLedger({ file: join(dataDir, 'ledger.sqlite') })
  const stolen = checkpoint(ledger, { origin: ledgerName(ledger, ledgerKey(dataDir)), key: privateKey })

  const { problems } = await verifyDataDir(dataDir, { checkpoints: [{ note: stolen, where: 'in old.txt' }] })
  expect(problems.map(({ what }) => what)).toEqual([expect.stringContaining('a checkpoint in old.txt was refused')])
})

test('another first key than the one that was kept is found', async () => {
  const [dataDir, other] = [begun(), begun()]
  rotateKey({ dataDir, purpose: 'ledger', now })
  const { publicKey } = ledgerKey(other)
  const report = await verifyDataDir(dataDir, { firstVkey: encodeVkey(originOf(publicKey), publicKey) })
  expect(report.problems[0]).toEqual({
    seq: 3,
    what: 'the rotation of a signing key does not hold: it does not start from the key that was in force',
  })
})

test.for([
  ['signedByOld', 'the old key has not signed it'],
  ['signedByNew', 'the new key has not signed it'],
] as const)('a rotation without %s is found, with its entry', async ([field, what]) => {
  const dataDir = begun()
  rotateKey({ dataDir, purpose: 'ledger', now })
  // Some other signature, of the right length and in the canonical place.
  const forged = Buffer.alloc(64, 7).toString('base64')
  tamper(
    join(dataDir, 'ledger.sqlite'),
    `UPDATE entry SET body = json_set(body, '$.${field}', '${forged}') WHERE type = 'SigningKeyRotated'`,
  )
  const { problems } = await verifyDataDir(dataDir)
  expect(problems).toContainEqual({ seq: 3, what: `the rotation of a signing key does not hold: ${what}` })
})

test('a rotation is good in one place only: taken over into another ledger it is found', () => {
  const dataDir = begun()
  rotateKey({ dataDir, purpose: 'ledger', now })
  using ledger = openLedger({ file: join(dataDir, 'ledger.sqlite') })
  const body = ledger.stream('governance')[0]?.body
  expect(rotationIn(body)).toBeDefined()
  ledger.append({
    incident: 'governance',
    expected: 3,
    at,
    drafts: [{ type: 'SigningKeyRotated', actor, body: body ?? null }],
  })
  ledger[Symbol.dispose]()
  return expect(verifyDataDir(dataDir)).resolves.toMatchObject({ ok: false, problems: [{ seq: 4 }] })
})

test('the key that signs orders is not replaced while an order signed with it is under way', () => {
  const dataDir = begun()
  {
    using ledger = openLedger({ file: join(dataDir, 'ledger.sqlite') })
    const rules = {
      policy: standardPolicy({ ttlMs: 60_000 }),
      sweepDelayMs: 60_000,
      legalDeadlineMs: 60_000,
    }
    // The account is read first thing, which is an order.
    createIncidents({ ledger, rules, now }).execute('new', opens())
  }
  expect(() => rotateKey({ dataDir, purpose: 'orders', now })).toThrow('orders of INC-1 are under way')
})

test('the key that signs orders is replaced the same way', async () => {
  const dataDir = begun()
  const { from, to, purpose } = rotateKey({ dataDir, purpose: 'orders', now })
  expect([purpose, from === to]).toEqual(['orders', false])
  expect(await verifyDataDir(dataDir)).toMatchObject({ ok: true })
})

test('while the bot runs, nothing is replaced', () => {
  const dataDir = begun()
  const before = readFileSync(join(dataDir, 'keys', 'ledger.pem'), 'utf8')
  using _bot = openLedger({ file: join(dataDir, 'ledger.sqlite') })
  expect(() => rotateKey({ dataDir, purpose: 'ledger', now })).toThrow('is in use by process')
  expect(readFileSync(join(dataDir, 'keys', 'ledger.pem'), 'utf8')).toBe(before)
})

test.for<readonly [RotationStep, boolean]>([
  ['made', false],
  ['recorded', true],
  ['replaced', true],
])('killed once the new key is %s, the next start leaves one key and a ledger that agrees', async ([step, rotated]) => {
  const dataDir = begun()
  const before = readFileSync(join(dataDir, 'keys', 'ledger.pem'), 'utf8')
  await killedAt(step, dataDir)

  settleRotations(dataDir)
  signOnce(dataDir)
  const after = readFileSync(join(dataDir, 'keys', 'ledger.pem'), 'utf8')
  expect(after !== before).toBe(rotated)
  expect(existsSync(join(dataDir, 'keys', 'ledger.next.pem'))).toBe(false)
  expect(await verifyDataDir(dataDir)).toMatchObject({ ok: true, checkpoints: 2 })
})

test('a new key that was cut short while it was written is removed', () => {
  const dataDir = begun()
  writeFileSync(join(dataDir, 'keys', 'ledger.next.pem'), '-----BEGIN PRIV', { mode: 0o600 })
  settleRotations(dataDir)
  expect(existsSync(join(dataDir, 'keys', 'ledger.next.pem'))).toBe(false)
})

/** Runs a rotation in another process that is killed (SIGKILL) right behind a step. */
async function killedAt(step: RotationStep, dataDir: string): Promise<void> {
  const script = `
    const { rotateKey } = await import(${JSON.stringify(new URL('./rotate-key.ts', import.meta.url))})
    rotateKey({ dataDir: ${JSON.stringify(dataDir)}, purpose: 'ledger', now: () => new Date(),
      after: (step) => { if (step === '${step}') process.kill(process.pid, 'SIGKILL') } })`
  const child = spawn(execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
}
