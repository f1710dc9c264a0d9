import { afterAll, beforeAll, expect, test } from 'vitest'
import { until, wordsOf, wordsOfForm } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { ageCompany, anHourAgo, intrudeAsAdmin, knownCompany, roleOf, signIn } from '../../support/autentico-visits.ts'
import { type Case, complaintsOf, openUnder, quickStage, responder } from '../../support/incident-flow.ts'
import { expectNowhere } from '../../support/secrets.ts'

let stage: Stage
let program: Program
let incident: Case
let stolen: string
let password: string

/** Somebody signs in as the administrator, makes a second one of an ordinary account, and is thrown out. */
beforeAll(async () => {
  stage = await quickStage(knownCompany)
  program = await startProgram(stage.env)
  ageCompany(stage)
  const intruder = await intrudeAsAdmin(stage)
  stolen = intruder.accessToken
  await intruder.promote(stage.autentico.accounts['user-001']?.id ?? '')
  incident = await openUnder(stage, 'admin-account-compromise', { target: 'admin', summary: 'Sign-in from abroad' })

  for (const n of [1, 2, 3, 4]) await incident.run(n)
  await incident.begin(5, { 'Compromised since': anHourAgo() })
  await incident.begin(6)
  await dealWithAdmins()
  await incident.begin(7)
  for (const title of ['Company scripts', 'Meeting room', 'Workspace', 'require_mfa']) {
    await incident.speakFor(title, 'We set it up ourselves')
    await incident.approve()
  }
  await incident.untilContained()
  await incident.as('bao').pressWhenThere(/^Record how admin was told/)
  await incident.as('bao').fillIn('The user was told', { How: 'in person', 'How identity was checked': 'passport' })
  await incident.run(8)
  password = await showPassword()
  await incident.close('The password was reused elsewhere')
  await incident.as('ana').reads(/closed, contained/)
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

/** chi is an administrator too: chi approves what is done about others, and nothing that is done about chi. */
async function dealWithAdmins(): Promise<void> {
  await incident.deal('chi', 'Suspend')
  await incident.at('chi').press(/^Approve/)
  await incident.as('chi').toldAlone(/This account is the target/)
  await incident.at('ana').press('Withdraw')
  await incident.happens('RequestWithdrawn')
  await incident.speakFor('chi', 'Chi is our second administrator')
  await incident.approve()
  await incident.deal('user-001', 'Suspend')
  await incident.approve('chi')
  await incident.happens('StepDone', ({ event }) => event.action === 'suspend-account')
}

async function showPassword(): Promise<string> {
  await incident.as('ana').pressWhenThere(/^Show the temporary password/)
  const words = await until(
    () =>
      stage.slack
        .as('ana')
        .views()
        .map(wordsOfForm)
        .find((form) => form.includes('shown this once')),
    'the temporary password',
  )
  await stage.slack.as('ana').close()
  return /[2-9A-Z]{5}(-[2-9A-Z]{5}){3}/.exec(words)?.[0] ?? ''
}

test('the account is taken back, what was done with it is reviewed, and only then it is given back', () => {
  const { status, containedAt, steps, playbook } = incident.state()
  expect(status).toBe('closed')
  expect(containedAt).toBeDefined()
  expect(playbook.steps.map(({ id }) => steps.get(id)?.status)).toEqual(Array.from({ length: 8 }, () => 'proven'))
  const contained = incident.entries('IncidentContained')[0]?.seq ?? Infinity
  const restored = incident.entries('StepDone').find(({ event }) => event.action === 'restore-access')?.seq ?? 0
  expect(restored).toBeGreaterThan(contained)
})

test('the intruder is out, with the account and with the one that was promoted', async () => {
  const answer = await fetch(`${stage.autentico.url}/admin/api/users`, {
    headers: { authorization: `Bearer ${stolen}` },
  })
  expect(answer.status).toBe(401)
  expect((await signIn(stage, 'admin')).token).toBeUndefined()
  expect((await signIn(stage, 'user-001')).token).toBeUndefined()
  expect((await signIn(stage, 'admin', password)).token).toBeDefined()
  expect(await roleOf(stage, 'admin')).toBe('admin')
})

test('the reviews find what was done since then, and whom they are about decides nothing of it', () => {
  const words = incident.words()
  expect(words).toMatch(/admin: user_updated ×1/)
  expect(words).toContain('it may have been promoted')
  expect(words).toMatch(/proved: Suspend administrator “user-001”/)
  expect(incident.entries('ClickRefused')).toMatchObject([
    { actor: { name: 'chi' }, event: { refusal: 'person_is_target' } },
  ])
})

test('the temporary password was in one form and lies nowhere else', async () => {
  expect(password).toMatch(/^[2-9A-Z-]{23}$/)
  const calls = stage.slack.calls().filter(({ args }) => JSON.stringify(args).includes(password))
  expect(calls.map(({ method }) => method)).toEqual(['views.update'])
  const old = stage.autentico.accounts['admin']?.password ?? ''
  await expectNowhere(stage, program, [old, stolen])
})

test('the summary names the findings and how the administrator was told', async () => {
  const words = wordsOf(await incident.as('ana').reads(/closed · .*contained and proven/))
  expect(words).toContain('Findings: 6 · ')
  expect(words).toContain('Notified: in person by @bao, identity checked by passport')
})

test('none of it made the program complain, and the ledger is verified', async () => {
  expect(complaintsOf(program)).toEqual([])
  expect((await responder(stage, 'verify')).code).toBe(0)
})
