import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readRulebook } from '#/deciders/governance.ts'
import { incidentChannel } from '#/drill/cast.ts'
import { looking, type Member, member, wordsOf } from '#/drill/crew.ts'
import { startProgram } from '#/drill/program.ts'
import type { Seen } from '#/drill/slack/acts/seen.ts'
import type { ChangeId } from '#/governance/events.ts'
import { activeKeys, type Rulebook } from '#/governance/state.ts'
import { fingerprintOf, publicLine } from '#/terminal/public-key.ts'
import { complaintsOf, expectFault, ledgerOf, programForAll, responder } from '../../support/incident-flow.ts'

const here = programForAll()

const { publicKey, privateKey } = generateKeyPairSync('ed25519')

const who = (name: string): Member => member(here.stage.slack.as(name))

async function types(name: string, line: string): Promise<Member> {
  expect(await who(name).actor.command(line, { channel: incidentChannel.id })).toMatchObject({ ok: true })
  return who(name)
}

function rulebook(): Rulebook {
  using ledger = ledgerOf(here.stage)
  return readRulebook(ledger)
}

const approvalsInForce = (): number | undefined => rulebook().adopted?.policy.rules['restore-access']?.approvals

test('what is in force is told in private, in words', async () => {
  const ana = await types('ana', '/autentico policy')
  const said = wordsOf(await ana.toldAlone(/The policy in force/))
  expect(said).toMatch(/default: one of @approvers approves.*open for 10 minutes/)
  expect(said).toMatch(/The configuration says the same/)
})

test('a guest is told nothing of the rules', async () => {
  const gil = await types('gil', '/autentico policy')
  expect(wordsOf(await gil.toldAlone(/./))).toMatch(/Guests cannot take part/)
})

test('a key is asked for by its owner, in a form, and its message says what it is', async () => {
  const ana = await types('ana', '/autentico key')
  await ana.pressWhenThere('Register a key…')
  const sent = await ana.fillIn('Register a key', { 'The public key': publicLine(publicKey) })
  expect(sent).toMatchObject({ now: 'closed' })
  expect(wordsOf(await who('bao').reads(/CHG-1 · a terminal key for @ana/))).toContain(fingerprintOf(publicKey))
  expect(activeKeys(rulebook())).toEqual([])
})

test('a private key that is pasted is refused, and nobody finds it anywhere', async () => {
  const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const chi = await types('chi', '/autentico key')
  await chi.pressWhenThere('Register a key…')
  const sent = await chi.fillIn('Register a key', { 'The public key': secret })
  expectFault(sent, 'public_key', /That is a private key/)
  await chi.actor.close()
  const words = secret.split('\n')[1] ?? ''
  using ledger = ledgerOf(here.stage)
  expect(JSON.stringify(ledger.stream('governance'))).not.toContain(words)
  expect(here.program.lines.join('\n')).not.toContain(words)
})

test('another policy in the configuration holds nothing until it is adopted, and that is said', async () => {
  expect(await here.program.stop()).toBe(0)
  const file = join(here.stage.dir, 'policy.yml')
  writeFileSync(file, 'schema: 1\nrules:\n  restore-access: { approvals: 2 }\n')
  const env = { ...here.stage.env, POLICY_FILE: file }
  here.program = await startProgram(env)
  expect(approvalsInForce()).toBeUndefined()
  const ana = await types('ana', '/autentico policy')
  expect(wordsOf(await ana.toldAlone(/says something else/))).toMatch(/restore-access: approvals 1 → 2/)
  const { out } = await responder({ ...here.stage, env }, 'doctor')
  expect(out).toMatch(/warning {2}policy .*restore-access: approvals 1 → 2/)
})

test('a button from before a restart works after it: the key counts once somebody else has approved', async () => {
  await who('bao').press(/^Approve$/)
  await who('ana').reads(/CHG-1[\s\S]*It counts since .* UTC, approved by @bao/)
  expect(activeKeys(rulebook())).toMatchObject([{ person: { name: 'ana' }, fingerprint: fingerprintOf(publicKey) }])
  expect(who('chi').button(/^(Approve|Deny…|Withdraw)$/)).toBeUndefined()
})

test('another policy holds when somebody asked and somebody else approved; whoever asked is told that they may not', async () => {
  const ana = await types('ana', '/autentico policy')
  await ana.pressWhenThere('Ask to adopt')
  await ana.toldAlone(/You asked for it as CHG-2/)
  await who('bao').reads(/CHG-2 · another policy.*[\s\S]*restore-access: approvals 1 → 2/)
  await ana.press(/^Approve$/)
  await ana.toldAlone(/You asked for this/)
  expect(approvalsInForce()).toBeUndefined()
  await who('bao').press(/^Approve$/)
  await ana.reads(/CHG-2[\s\S]*In force since .* UTC, approved by @bao/)
  expect(approvalsInForce()).toBe(2)
})

test('below its message stand who did what, and a checkpoint that covers it', async () => {
  const below = ({ thread }: Seen) => thread === rulebook().changes.get('CHG-2' as ChangeId)?.place?.ts
  const chi = looking(here.stage.slack.as('chi'), below)
  await chi.reads(/@ana\* was turned down: approve CHG-2/)
  await chi.reads(/@bao\* approved it/)
  expect(wordsOf(await chi.reads(/signed a checkpoint over \d+ entries/))).toContain('autentico-responder/')
})

test('a denial says why, and the buttons go', async () => {
  const chi = await types('chi', '/autentico key')
  await chi.pressWhenThere('Revoke')
  await who('bao').pressWhenThere('Deny…')
  expect(await who('bao').fillIn('Deny CHG-3', { 'Why not': 'Not today' })).toMatchObject({ now: 'closed' })
  await who('ana').reads(/CHG-3[\s\S]*Denied by @bao at .*: Not today/)
  expect(who('ana').button(/^Deny…$/)).toBeUndefined()
  expect(activeKeys(rulebook())).toHaveLength(1)
})

test('the owner of a key takes it away alone, and the channel is told', async () => {
  const ana = await types('ana', '/autentico key')
  await ana.pressWhenThere('Revoke')
  await ana.toldAlone(/The key is revoked/)
  await who('bao').reads(/@ana revoked the key/)
  expect(activeKeys(rulebook())).toEqual([])
})

test('none of it made the program complain', () => {
  expect(complaintsOf(here.program)).toEqual([])
})
