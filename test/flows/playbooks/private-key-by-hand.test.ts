import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { wordsOf } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Submitted } from '#/drill/slack/acts/seen.ts'
import { type JsonObject, objects, text } from '#/drill/slack/json.ts'
import type { Stage } from '#/drill/stage.ts'
import { inputField } from '#/slack/references.ts'
import { type Login, opens, signIn } from '../../support/autentico-visits.ts'
import { type Case, complaintsOf, expectFault, openUnder, quickStage, responder } from '../../support/incident-flow.ts'
import { environmentOf, expectNowhere } from '../../support/secrets.ts'

let stage: Stage
let program: Program
let incident: Case
let login: Login
let commands: readonly string[]
let typo: Submitted
let notProven: string
let next: string

/** The worker can neither change the environment file nor restart Autentico: somebody at its machine does, by what the thread says. */
beforeAll(async () => {
  stage = await quickStage({ environment: false })
  program = await startProgram(stage.env)
  login = await signIn(stage, 'user-001')
  incident = await openUnder(stage, 'private-key-exposed')

  await incident.as('ana').pressWhenThere('Ask for step 1…')
  await incident.as('ana').fillIn('Ask for step 1', {})
  await incident.happens('StepFailed')
  commands = commandsIn(await incident.as('ana').reads(/did not do: Generate a new RSA key/))

  // What the document says; with OpenSSL 3 that is a key which Autentico does not take.
  put({ AUTENTICO_PRIVATE_KEY: shell('openssl genrsa 2048 | base64 -w 0') })
  const wrong = shell(command('dgst'))
  await incident.as('ana').pressWhenThere('Try step 1 again…')
  typo = await incident.as('ana').fillIn('Ask for step 1', { 'Fingerprint of a key made by hand': wrong.slice(1) })
  await incident.as('ana').actor.close()
  await incident.askWith(1, { 'Fingerprint of a key made by hand': wrong })
  await incident.approve()
  await incident.untilProven(1)
  await incident.askWith(2, {})
  await stage.autentico.restart()
  await incident.approve()
  await incident.happens('StepDone', ({ event }) => event.step === 'replace-signing-key')
  notProven = JSON.stringify(incident.step(2))

  put({ AUTENTICO_PRIVATE_KEY: shell(command('-traditional')), AUTENTICO_JWK_CERT_KEY_ID: 'autentico-key-2' })
  await stage.autentico.restart()
  await incident.askWith(2, { 'Fingerprint of a key made by hand': shell(command('dgst')) })
  await incident.approve()
  await incident.untilProven(2)

  await incident.ask(3)
  await incident.approve()
  await incident.happens('WorkWaits', ({ event }) => event.onPeople === true)
  next = await incident
    .as('bao')
    .reads(/\*Next:\* somebody does what step 3 waits for/)
    .then(wordsOf)
  put({ AUTENTICO_REFRESH_TOKEN_SECRET: shell('openssl rand -hex 32') })
  await stage.autentico.restart()
  await incident.untilProven(3)
  await incident.begin(4)
  await incident.untilContained()
  await incident.close()
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

/** What stands in the boxes of a message, letter for letter. */
function commandsIn({ blocks }: { readonly blocks: readonly JsonObject[] }): readonly string[] {
  return blocks
    .flatMap((block) => objects(block['elements']))
    .filter((element) => element['type'] === 'rich_text_preformatted')
    .flatMap((element) => objects(element['elements']).map((piece) => text(piece['text'])))
    .flatMap((piece) => piece.split('\n'))
}

function command(containing: string): string {
  const found = commands.find((line) => line.includes('openssl') && line.includes(containing))
  if (found === undefined) throw new Error(`the thread has no command with ${containing}: ${commands.join('\n')}`)
  return found
}

/** Typed at a shell in the folder of Autentico's environment file. */
function shell(line: string): string {
  return execFileSync('sh', ['-c', line], { cwd: dirname(stage.autentico.environmentFile), encoding: 'utf8' }).trim()
}

/** Somebody edits the environment file. */
function put(values: Readonly<Record<string, string>>): void {
  const { environmentFile } = stage.autentico
  const lines = readFileSync(environmentFile, 'utf8')
    .split('\n')
    .filter((line) => !Object.keys(values).some((name) => line.startsWith(`${name}=`)))
  const added = Object.entries(values).map(([name, value]) => `${name}=${value}`)
  writeFileSync(environmentFile, [...lines, ...added, ''].join('\n'))
}

test('the exact commands are told before anybody approves anything, and what they make is taken and proven', () => {
  expect(incident.entries('StepFailed')[0]?.event).toMatchObject({ step: 'make-signing-key', retry: true })
  expect(commands).toContain('openssl genrsa -traditional 4096 | base64 -w 0   # OpenSSL 3')
  const { steps, playbook, containedAt } = incident.state()
  expect(playbook.steps.map(({ id }) => steps.get(id)?.status)).toEqual(['proven', 'proven', 'proven', 'proven'])
  expect(containedAt).toBeDefined()
  expect(incident.words()).toContain('Autentico signs with the key that was configured')
})

test('a fingerprint that is none stays in the form, with a sentence under it', () => {
  expectFault(typo, inputField('fingerprint'), /64/)
})

test('a key of the form that the document’s command gives is recognised as one that Autentico threw away', () => {
  expect(notProven).toContain('"status":"unproven"')
  expect(notProven).toContain('it could not read AUTENTICO_PRIVATE_KEY and made a throw-away key')
})

test('the refresh secret is replaced while the bot looks on, and nothing of before opens anything', async () => {
  expect(next).toContain('Put the output of `openssl rand -hex 32` into AUTENTICO_REFRESH_TOKEN_SECRET and restart')
  expect(incident.words()).toContain('Saw Autentico being restarted by hand.')
  expect(await opens(stage, login)).toBe(false)
})

test('what was made by hand is known to nobody but its machine', async () => {
  const now = environmentOf(stage)
  await expectNowhere(stage, program, [
    now.get('AUTENTICO_PRIVATE_KEY') ?? '',
    now.get('AUTENTICO_REFRESH_TOKEN_SECRET') ?? '',
  ])
})

test('none of it made the program complain, and the ledger is verified', async () => {
  expect(complaintsOf(program)).toEqual([])
  expect((await responder(stage, 'verify')).code).toBe(0)
})
