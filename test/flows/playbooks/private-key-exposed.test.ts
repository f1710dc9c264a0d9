import { createPrivateKey } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readSigningKey } from '#/autentico/signing-key.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { type Login, opens, refreshed, signIn } from '../../support/autentico-visits.ts'
import {
  type Case,
  complaintsOf,
  dataDirOf,
  openUnder,
  quickStage,
  reloadEverybody,
  responder,
} from '../../support/incident-flow.ts'
import { environmentOf, expectNowhere } from '../../support/secrets.ts'

let stage: Stage
let program: Program
let incident: Case
let login: Login
let before: ReadonlyMap<string, string>
let untouched: string

/** The whole playbook, with a restart that fails the first time; the tests look at its sides. */
beforeAll(async () => {
  stage = await quickStage()
  program = await startProgram({ ...stage.env, AUTENTICO_RESTART_COMMAND: failsOnce() })
  before = environmentOf(stage)
  untouched = readFileSync(stage.autentico.environmentFile, 'utf8')
  login = await signIn(stage, 'user-001')
  incident = await openUnder(stage, 'private-key-exposed')

  await incident.askWith(1, {})
  await incident.approve()
  await incident.untilProven(1)
  await incident.askWith(2, {})
  writeFileSync(broken(), '')
  await incident.approve()
  await incident.happens('StepFailed')
  untouched = untouched === readFileSync(stage.autentico.environmentFile, 'utf8') ? untouched : 'it was changed'
  await incident.askWith(2, {})
  await incident.approve()
  await incident.untilProven(2)
  await incident.run(3)
  await incident.begin(4)
  await incident.untilContained()
  await incident.close('The key stood in a backup that was public')
  await incident.as('ana').reads(/closed, contained/)
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

beforeEach(() => reloadEverybody(stage))

/** While this file is there, the next restart fails and takes it away. */
function broken(): string {
  return join(stage.dir, 'unit-is-broken')
}

function failsOnce(): string {
  const command = JSON.parse(stage.env['AUTENTICO_RESTART_COMMAND'] ?? '[]') as string[]
  const script = 'if rm "$0" 2>/dev/null; then echo "unit is masked" >&2; exit 1; fi; exec "$@"'
  return JSON.stringify(['sh', '-c', script, broken(), ...command])
}

/** The key that Autentico publishes now. */
async function published(): Promise<{ readonly kid: string; readonly n: string }> {
  const response = await fetch(`${stage.autentico.url}/oauth2/.well-known/jwks.json`)
  const { keys } = (await response.json()) as { readonly keys: readonly { readonly kid: string; readonly n: string }[] }
  const [key] = keys
  if (key === undefined) throw new Error('Autentico publishes no key')
  return key
}

function modulusOf(value: string): string {
  return String(createPrivateKey(Buffer.from(value, 'base64')).export({ format: 'jwk' })['n'])
}

test('a new key is in use under a new id, everybody is signed out, and it is contained', async () => {
  const { status, containedAt, steps, playbook } = incident.state()
  expect(status).toBe('closed')
  expect(containedAt).toBeDefined()
  expect(playbook.steps.map(({ id }) => steps.get(id)?.status)).toEqual(['proven', 'proven', 'proven', 'proven'])

  const now = environmentOf(stage)
  const key = await published()
  expect(key.n).toBe(modulusOf(now.get('AUTENTICO_PRIVATE_KEY') ?? ''))
  expect(key.n).not.toBe(modulusOf(before.get('AUTENTICO_PRIVATE_KEY') ?? ''))
  expect(key.kid).toBe(now.get('AUTENTICO_JWK_CERT_KEY_ID'))
  expect(readSigningKey(now.get('AUTENTICO_PRIVATE_KEY'))).toMatchObject({ kind: 'usable', bits: 4096 })
})

test('nothing of before opens anything, and whoever signs in anew gets in', async () => {
  expect(await opens(stage, login)).toBe(false)
  expect((await refreshed(stage, login)).token).toBeUndefined()
  expect(await opens(stage, await signIn(stage, 'user-001'))).toBe(true)
})

test('a restart that fails leaves the old file and the old key, says so with the way on, and is tried again', async () => {
  const [failed] = incident.entries('StepFailed')
  expect(failed?.event).toMatchObject({ step: 'replace-signing-key', retry: true })
  expect(untouched).not.toBe('it was changed')
  const words = incident.words()
  expect(words).toContain('The command that restarts Autentico (AUTENTICO_RESTART_COMMAND) failed with exit code 1.')
  expect(words).toContain('It said: unit is masked')
  expect(words).toContain('The old environment file was put back. Autentico runs with the old values again.')
})

test('the environment file keeps its mode and every other line, and the old ones beside it are for their owner alone', () => {
  const { environmentFile } = stage.autentico
  expect(statSync(environmentFile).mode & 0o777).toBe(0o600)
  const [old, now] = [before, environmentOf(stage)]
  const changed = [...now.keys()].filter((name) => now.get(name) !== old.get(name))
  expect(changed.toSorted()).toEqual([
    'AUTENTICO_JWK_CERT_KEY_ID',
    'AUTENTICO_PRIVATE_KEY',
    'AUTENTICO_REFRESH_TOKEN_SECRET',
  ])
  const backups = readdirSync(dirname(environmentFile)).filter((name) => name.includes('.before-'))
  expect(backups.length).toBeGreaterThan(1)
  for (const name of backups) expect(statSync(join(dirname(environmentFile), name)).mode & 0o077).toBe(0)
})

test('no key and no secret, old or new, lies anywhere else: not in the thread, the ledger, Redis, the log, or on the worker', async () => {
  const secrets = [before, environmentOf(stage)].flatMap((values) => {
    const key = values.get('AUTENTICO_PRIVATE_KEY') ?? ''
    const [, , line = ''] = Buffer.from(key, 'base64').toString('latin1').split('\n')
    return [key, line, values.get('AUTENTICO_REFRESH_TOKEN_SECRET') ?? '']
  })
  expect(new Set(secrets).size).toBe(6)
  await expectNowhere(stage, program, secrets)
  expect(existsSync(join(dataDirOf(stage), 'keys', `${incident.id}.signing-key`))).toBe(false)
})

test('the thread names the key by its fingerprint, and the clients that may still trust the old one', async () => {
  const { fingerprint = '' } = { ...readSigningKey(environmentOf(stage).get('AUTENTICO_PRIVATE_KEY')) } as {
    fingerprint?: string
  }
  const words = incident.words()
  expect(words).toContain(
    `Proven by reading back: Autentico signs with the key that was configured (fingerprint ${fingerprint.slice(0, 4)}`,
  )
  expect(words).toMatch(/may have cached the old key: .*Employee portal/)
})

test('none of it made the program complain, and the ledger is verified', async () => {
  expect(complaintsOf(program)).toEqual([])
  expect((await responder(stage, 'verify')).code).toBe(0)
})
