import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { readRulebook } from '#/deciders/governance.ts'
import { deviceClientId } from '#/drill/autentico/seed.ts'
import { incidentChannel } from '#/drill/cast.ts'
import { looking, until, wordsOfForm } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Form } from '#/drill/slack/acts/seen.ts'
import type { Stage } from '#/drill/stage.ts'
import { activeKeys } from '#/governance/state.ts'
import { publicLine } from '#/terminal/public-key.ts'
import { browserAt, changeSetting, visitDevicePage } from '../../support/autentico-visits.ts'
import { type Case, ledgerOf, openFor, openUnder, quickStage, reloadEverybody } from '../../support/incident-flow.ts'

let stage: Stage
let program: Program

beforeAll(async () => {
  // Any client with the device grant will do here.
  stage = await quickStage({ env: { STEP_UP: 'autentico', STEP_UP_CLIENT_ID: deviceClientId } })
  await changeSetting(stage, 'device_code_polling_interval', '1')
  program = await startProgram(stage.env)
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

beforeEach(() => reloadEverybody(stage))

const title = 'Sign in to approve'

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
}

/** The form that somebody looks at, once it says this. */
async function formSays(incident: Pick<Case, 'as'>, person: string, words: RegExp): Promise<Form> {
  const { actor } = incident.as(person)
  const form = () => actor.views().findLast((view) => view.title === title)
  return until(
    () => [form()].find((view) => view !== undefined && words.test(wordsOfForm(view))),
    `a form that says ${String(words)}`,
  )
}

/** Presses Approve, and reads the link off the form. */
async function pressApprove(incident: Pick<Case, 'as' | 'at'>, person: string): Promise<string> {
  await incident.at(person).press(/^Approve/)
  const form = await formSays(incident, person, /[B-Z]{4}-[B-Z]{4}/)
  const [link] = /https?:\/\/[^"\s]+\/account\/device\/[A-Z-]+/.exec(JSON.stringify(form.blocks)) ?? []
  if (link === undefined) throw new Error('the form has no link')
  return link
}

test('an approval counts once the approver has signed in, and leaves nothing but claims and a digest', async () => {
  const incident = await openFor(stage, 'user-001')
  const request = await incident.ask(1)
  const link = await pressApprove(incident, 'bao')
  expect(incident.entries('StepApproved')).toEqual([])
  expect(wordsOfForm(await formSays(incident, 'bao', /This will/))).toContain(request.shown?.code)

  expect(await visitDevicePage(stage, { link, username: 'bao' })).toContain('Confirmed')
  await formSays(incident, 'bao', /Approved: Step 1 · Revoke all sessions/)
  const approved = await incident.happens('StepApproved')
  expect(approved).toMatchObject({
    actor: { name: 'bao' },
    event: {
      stepUp: {
        kind: 'autentico',
        iss: `${stage.autentico.url}/oauth2`,
        aud: deviceClientId,
        sub: stage.autentico.accounts['bao']?.id,
        tokenDigest: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      },
    },
  })
  expect(incident.entries('StepUpStarted')).toHaveLength(1)
  expect(incident.entries('StepUpFailed')).toEqual([])
  expect(incident.words()).not.toMatch(/eyJ|[B-Z]{4}-[B-Z]{4}/)
  await incident.untilProven(1)

  const db = new Database(stage.autentico.databaseFile, { readonly: true })
  onTestFinished(() => void db.close())
  const given = db.prepare(
    `SELECT access_token, refresh_token, revoked_at FROM tokens WHERE grant_type LIKE '%device%'`,
  )
  const tokens = given.all() as readonly Readonly<
    Record<'access_token' | 'refresh_token' | 'revoked_at', string | null>
  >[]
  expect(tokens).toHaveLength(1)
  expect(tokens.map(({ revoked_at }) => revoked_at)).not.toContain(null)
  const kept = [...filesIn(stage.env['DATA_DIR'] ?? ''), program.lines.join('\n')]
  // The header that all of Autentico's tokens begin with.
  expect(kept.filter((text) => text.includes('eyJhbGciOi'))).toEqual([])
})

test('whoever signs in as somebody else approves nothing, and is told as whom they did', async () => {
  const incident = await openFor(stage, 'user-002')
  await incident.ask(1)
  const link = await pressApprove(incident, 'bao')
  await visitDevicePage(stage, { link, username: 'user-030' })
  await formSays(incident, 'bao', /You signed in as `user-030`; this Slack user is `bao@acme\.test`/)
  expect(await incident.happens('StepUpFailed')).toMatchObject({
    event: { person: { name: 'bao' }, why: 'other_account' },
  })
  expect(incident.step(1).status).toBe('requested')
})

test('a stolen Slack account alone approves nothing', async () => {
  const incident = await openFor(stage, 'user-003')
  await incident.ask(1)
  await pressApprove(incident, 'bao')
  // Pressing again opens the same sign-in, however often.
  const again = await pressApprove(incident, 'bao')
  expect(again).toBe(await pressApprove(incident, 'bao'))
  expect(incident.entries('StepUpStarted')).toHaveLength(1)
  expect(incident.entries('StepApproved')).toEqual([])
  expect(incident.step(1).status).toBe('requested')
})

test('a sign-in from before the request does not count: only a new one does', async () => {
  const browser = browserAt(stage.autentico.url)
  const incident = await openFor(stage, 'user-004')
  await incident.ask(1)
  const first = await pressApprove(incident, 'chi')
  await visitDevicePage(stage, { link: first, username: 'chi' }, browser)
  await incident.untilProven(1)

  await until(() => (Date.now() % 1_000 < 100 ? true : undefined), 'the next second')
  await incident.ask(2)
  const second = await pressApprove(incident, 'chi')
  await visitDevicePage(stage, { link: second, username: 'chi' }, browser)
  await formSays(incident, 'chi', /That sign-in is older than the request/)
  expect(await incident.happens('StepUpFailed')).toMatchObject({ event: { why: 'stale' } })
  expect(incident.step(2).status).toBe('requested')

  const third = await pressApprove(incident, 'chi')
  await visitDevicePage(stage, { link: third, username: 'chi' })
  await incident.untilProven(2)
})

test('who says no at Autentico approves nothing, and may try again', async () => {
  const incident = await openFor(stage, 'user-005')
  await incident.ask(1)
  const link = await pressApprove(incident, 'bao')
  await visitDevicePage(stage, { link, username: 'bao', press: 'deny' })
  await formSays(incident, 'bao', /the answer was no/)
  expect(await incident.happens('StepUpFailed')).toMatchObject({ event: { why: 'denied' } })
  await visitDevicePage(stage, { link: await pressApprove(incident, 'bao'), username: 'bao' })
  await incident.untilProven(1)
})

test('whoever signs in for what somebody else denies meanwhile is told at once, and what they confirm after it comes to nothing', async () => {
  const incident = await openFor(stage, 'user-007')
  await incident.ask(1)
  const link = await pressApprove(incident, 'bao')
  await incident.at('chi').press('Deny…')
  await incident.as('chi').fillIn('Deny', { 'Why not': 'I am on the phone with them.' })
  await formSays(incident, 'bao', /Already denied by @chi .* You need not sign in for it any more/)
  expect(await incident.happens('StepUpFailed')).toMatchObject({ event: { person: { name: 'bao' }, why: 'refused' } })

  await visitDevicePage(stage, { link, username: 'bao' })
  expect(incident.entries('StepUpFailed')).toHaveLength(1)
  expect(incident.step(1).status).toBe('waiting')
})

test('a change of the rules counts once the approver has signed in as themselves', async () => {
  const sees = (person: string) =>
    looking(stage.slack.as(person), ({ ephemeral, text }) => ephemeral || text.includes('CHG-1'))
  const rules = { as: sees, at: sees }
  const keys = () => {
    using ledger = ledgerOf(stage)
    return activeKeys(readRulebook(ledger))
  }
  await sees('ana').actor.command('/autentico key', { channel: incidentChannel.id })
  await sees('ana').pressWhenThere('Register a key…')
  const publicKey = publicLine(generateKeyPairSync('ed25519').publicKey)
  await sees('ana').fillIn('Register a key', { 'The public key': publicKey })
  await sees('bao').reads(/a terminal key for @ana/)

  await visitDevicePage(stage, { link: await pressApprove(rules, 'bao'), username: 'user-030' })
  await formSays(rules, 'bao', /You signed in as `user-030`/)
  expect(keys()).toEqual([])

  await visitDevicePage(stage, { link: await pressApprove(rules, 'bao'), username: 'bao' })
  await formSays(rules, 'bao', /Approved: .*CHG-1/)
  expect(keys()).toMatchObject([{ person: { name: 'ana' } }])
})

test('where Autentico itself is the patient nobody is sent there: the form says how to approve', async () => {
  const incident = await openUnder(stage, 'private-key-exposed')
  await incident.askWith(1, {})
  await incident.at('bao').press(/^Approve/)
  await formSays(incident, 'bao', /Autentico itself is what this incident is about.*`responder approve INC-\d+ r1`/)
  expect(incident.entries('StepUpStarted')).toEqual([])
})

test('a sign-in that was under way when the program ended is told as lost, and can be begun again', async () => {
  const incident = await openFor(stage, 'user-006')
  await incident.ask(1)
  await pressApprove(incident, 'bao')
  await program.kill()
  program = await startProgram(stage.env)
  expect(await incident.happens('StepUpFailed')).toMatchObject({
    actor: { program: 'autentico' },
    event: { why: 'lost' },
  })
  await incident.as('bao').toldAlone(/The bot was started anew while you signed in.*Press Approve again/)
  await visitDevicePage(stage, { link: await pressApprove(incident, 'bao'), username: 'bao' })
  await incident.untilProven(1)
})
