import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readRulebook, recordedChange } from '#/deciders/governance.ts'
import { cast, incidentChannel } from '#/drill/cast.ts'
import { looking, type Member, until, wordsOf } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Seen } from '#/drill/slack/acts/seen.ts'
import type { Stage } from '#/drill/stage.ts'
import type { ChangeId, RecordedChange } from '#/governance/events.ts'
import type { ChangeRefusalCode } from '#/governance/refusals.ts'
import { activeKeys, type Rulebook } from '#/governance/state.ts'
import { publicLine } from '#/terminal/public-key.ts'
import { approveOn, copyOf, edited } from '../../faults/people/clicks.ts'
import {
  complaintsOf,
  expectTold,
  ledgerOf,
  openFor,
  quickStage,
  reloadEverybody,
} from '../../support/incident-flow.ts'

/** What takes two people in the policy that is in force. */
const strict = 'schema: 1\nrules:\n  revoke-sessions: { approvals: 2 }\n'
const loose = 'schema: 1\ndefault: { approvals: 1 }\n'

let stage: Stage
let program: Program
let file: string
let env: Stage['env']

beforeAll(async () => {
  stage = await quickStage()
  file = join(stage.dir, 'policy.yml')
  env = { ...stage.env, POLICY_FILE: file }
  writeFileSync(file, strict)
  program = await startProgram(env)
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

beforeEach(() => reloadEverybody(stage))

/** With eyes for changes of the rules, and for what they are told alone. */
const who = (name: string): Member =>
  looking(stage.slack.as(name), ({ ephemeral, text }) => ephemeral || text.includes('CHG-'))
const approve = /^Approve$/

function rulebook(): Rulebook {
  using ledger = ledgerOf(stage)
  return readRulebook(ledger)
}

function governance(): readonly RecordedChange[] {
  using ledger = ledgerOf(stage)
  return ledger.stream('governance').map(recordedChange)
}

const approvalsInForce = (): number | undefined => rulebook().adopted?.policy.rules['revoke-sessions']?.approvals

async function types(name: string, line: string): Promise<Member> {
  expect(await who(name).actor.command(line, { channel: incidentChannel.id })).toMatchObject({ ok: true })
  return who(name)
}

/** Somebody was refused for this reason, and that is on record. */
async function expectRefused(name: keyof typeof cast, code: ChangeRefusalCode): Promise<void> {
  await until(
    () =>
      governance().findLast(
        ({ actor, event }) =>
          event.type === 'ChangeRefused' &&
          event.refusal === code &&
          'slack' in actor &&
          actor.slack.user === cast[name].user,
      ),
    `a refusal of ${name} for ${code}`,
  )
}

/** ana asks for a new key; what everybody sees of it, and which change it is. */
async function keyAsked(): Promise<{ readonly copy: Seen; readonly id: ChangeId }> {
  const before = rulebook().changes.size
  const ana = await types('ana', '/autentico key')
  await ana.pressWhenThere('Register a key…')
  await ana.fillIn('Register a key', { 'The public key': publicLine(generateKeyPairSync('ed25519').publicKey) })
  const id = `CHG-${before + 1}` as ChangeId
  const copy = await until(
    () =>
      who('bao')
        .actor.sees()
        .find((message) => message.text.includes(`${id} ·`)),
    `the message of ${id}`,
  )
  return { copy, id }
}

const isOpen = (id: ChangeId): boolean => rulebook().changes.get(id)?.ended === undefined

test('the policy file is swapped under the running bot: what is in force stays, and what it says then is not even looked at', async () => {
  writeFileSync(file, loose)
  const ana = await types('ana', '/autentico policy')
  const said = wordsOf(await ana.toldAlone(/The policy in force/))
  expect(said).toContain('revoke-sessions: 2 of')
  expect(said).toContain('The configuration says the same')
  const incident = await openFor(stage, 'user-001')
  await incident.ask(1)
  await incident.at('bao').press(approve)
  await incident.happens('ApprovalGiven')
  expect(incident.entries('StepApproved')).toEqual([])
})

test('the bot is killed and started over the swapped file: two people are needed still, and everybody can see what differs', async () => {
  await program.kill()
  program = await startProgram(env)
  expect(approvalsInForce()).toBe(2)
  const ana = await types('ana', '/autentico policy')
  expect(wordsOf(await ana.toldAlone(/says something else/))).toContain('revoke-sessions: approvals 2 → 1')
})

test('one of the two is not enough to loosen what takes two, nor the one twice, nor who asked', async () => {
  const ana = await types('ana', '/autentico policy')
  await ana.pressWhenThere('Ask to adopt')
  await who('bao').pressWhenThere(approve)
  await who('chi').reads(/approved by @bao/)
  await who('bao').press(approve)
  await expectRefused('bao', 'change_approved_already')
  await who('ana').press(approve)
  await expectRefused('ana', 'change_requester')
  expect(approvalsInForce()).toBe(2)
})

test('a request that was shown under the old policy is not approved under the new one', async () => {
  const incident = await openFor(stage, 'user-002')
  await incident.ask(1)
  const copy = copyOf(incident, 'bao')
  await who('chi').press(approve)
  await until(() => (rulebook().adopted?.change === 'CHG-1' ? true : undefined), 'the other policy')
  await approveOn(incident, 'bao', copy)
  await incident.happens('ClickRefused')
  expect(incident.entries('StepApproved')).toEqual([])
})

test('a button that was kept does nothing once the change is decided', async () => {
  const { copy, id } = await keyAsked()
  await who('bao').pressWhenThere('Deny…')
  await who('bao').fillIn(`Deny ${id}`, { 'Why not': 'Nobody asked me' })
  await until(() => (isOpen(id) ? undefined : true), 'the denial')
  await who('chi').actor.pressStale(copy, 'approve_change')
  await expectTold(who('chi'), /that request was denied at/)
  expect(activeKeys(rulebook())).toEqual([])
})

const edits: Readonly<Record<string, (copy: Seen, id: ChangeId) => Seen>> = {
  'another digest': (copy, id) => edited(copy, digestOf(id), 'f'.repeat(64)),
  'another change': (copy, id) => edited(copy, `${id}|`, 'CHG-1|'),
  'a change that is not there': (copy, id) => edited(copy, `${id}|`, 'CHG-999|'),
  'no digest': (copy, id) => edited(copy, `|${digestOf(id)}`, ''),
  'a request of an incident': (copy, id) => edited(copy, `${id}|`, 'INC-1|r1|'),
}

test.for(Object.entries(edits))(
  'the value of the button is edited to %s: nothing is approved, and chi is told',
  async ([, edit]) => {
    const { copy, id } = await keyAsked()
    await who('chi').actor.pressStale(edit(copy, id), 'approve_change')
    await expectTold(who('chi'), /\S/)
    expect(isOpen(id)).toBe(true)
    expect(activeKeys(rulebook())).toEqual([])
    await who('ana').actor.pressStale(copy, 'withdraw_change')
    await until(() => (isOpen(id) ? undefined : true), 'the withdrawal')
  },
)

test('a guest, and somebody who was deactivated after it was shown, approve nothing', async () => {
  const { copy, id } = await keyAsked()
  stage.slack.control.deactivate(cast.chi.user)
  await pressAs('chi', copy)
  await expectRefused('chi', 'person_is_deactivated')
  await pressAs('gil', copy)
  await expectRefused('gil', 'person_is_guest')
  expect(isOpen(id)).toBe(true)
})

test('none of it made the program complain', () => {
  expect(complaintsOf(program)).toEqual([])
})

function digestOf(id: ChangeId): string {
  return rulebook().changes.get(id)?.digest ?? ''
}

/** As Slack would deliver it for somebody whose client does not show it any more. */
async function pressAs(name: keyof typeof cast, copy: Seen): Promise<void> {
  await who('ana').actor.pressStale(copy, 'approve_change')
  const press = stage.slack.deliveries().findLast(({ payload }) => payload['type'] === 'block_actions')
  if (press === undefined) throw new Error('nothing was pressed')
  const user = { id: cast[name].user, username: name, team_id: 'T0ACME' }
  const payload = { ...press.payload, user, response_url: '', trigger_id: `rules.${name}.${press.at}` }
  await stage.slack.control.redeliver({ kind: press.kind, payload })
}
