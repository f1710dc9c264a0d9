import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Intruder, intruderAddress } from '#/drill/autentico/intruder.ts'
import { until } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import {
  ageCompany,
  anHourAgo,
  changeSetting,
  intrudeAsAdmin,
  knownCompany,
  roleOf,
} from '../../support/autentico-visits.ts'
import { type Case, complaintsOf, openUnder, quickStage, responder } from '../../support/incident-flow.ts'
import { environmentOf, expectNowhere } from '../../support/secrets.ts'

let stage: Stage
let program: Program
let incident: Case
let again: Case
let before: ReadonlyMap<string, string>
let stolen: string

/** Somebody has an administrator's session: the whole playbook once, and its reviews once more when auditing was switched off. */
beforeAll(async () => {
  stage = await quickStage(knownCompany)
  program = await startProgram(stage.env)
  ageCompany(stage)
  before = environmentOf(stage)
  const intruder = await intrudeAsAdmin(stage)
  stolen = intruder.accessToken
  await intruder.addClient()
  await intruder.addProvider()
  await changeSetting(stage, 'allow_self_signup', 'true')

  incident = await openUnder(stage, 'admin-token-exposed')
  await rotate(intruder)
  await incident.begin(2, { 'Exposed since': anHourAgo() })
  await incident.begin(3)
  await dealWithAdmins()
  await incident.begin(4)
  await dealWithClients()
  await incident.untilContained()
  await incident.close('The token stood in a public repository')
  await incident.as('ana').reads(/closed, contained/)

  await (await intrudeAsAdmin(stage)).silenceAudit()
  again = await openUnder(stage, 'admin-token-exposed')
  await again.run(1)
  await again.begin(2, { 'Exposed since': anHourAgo() })
  await again.begin(3)
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

/** While the first request waits, the intruder makes another administrator: what was approved is no longer all there is. */
async function rotate(intruder: Intruder): Promise<void> {
  await incident.ask(1)
  await intruder.promote(stage.autentico.accounts['user-001']?.id ?? '')
  await incident.approve()
  await incident.happens('ApprovalVoided')
  await incident.request()
  await incident.at('ana').press(/^Approve/)
  await incident.as('ana').toldAlone(/You asked for this/)
  await incident.approve()
  await incident.untilProven(1)
}

/** chi is an administrator of Autentico and an approver here: what is about chi is for others to decide. */
async function dealWithAdmins(): Promise<void> {
  const card = await until(() => incident.as('bao').button(/^Suspend: 3\.2 /), 'the buttons of the second finding')
  await incident.deal('chi', 'Demote')
  await incident.at('chi').press(/^Approve/)
  await incident.as('chi').toldAlone(/This account is the target/)
  await incident.at('ana').press('Withdraw')
  await incident.happens('RequestWithdrawn')
  await incident.speakFor('chi', 'Chi is our second administrator')
  await incident.approve()
  await incident.settle('user-001', 'Demote')

  // bao has not seen the card since.
  await incident.as('bao').actor.pressStale(card, 'way_suspend-account', {
    value: `${incident.id}|s|review-admins-2|suspend-account`,
  })
  await incident.as('bao').toldAlone(/Nothing to do: that step is proven already/)
  await incident.lookAgain(3)
}

async function dealWithClients(): Promise<void> {
  await incident.settle('Backup sync', 'Disable')
  await incident.settle('Corporate login', 'Disable')
  await incident.settle('allow_self_signup', 'Put right')
  for (const title of ['Company scripts', 'Meeting room', 'Workspace', 'require_mfa']) {
    await incident.speakFor(title, 'We set it up ourselves')
    await incident.approve()
  }
}

function findingsOf(one: Case): Readonly<Record<string, string | undefined>> {
  const { found, steps } = one.state()
  return Object.fromEntries(
    [...found.values()].flat().map(({ id, found: what }) => [what?.finding.subject.name ?? '', steps.get(id)?.status]),
  )
}

test('four steps and what they came upon, each change behind two people, and it is contained', () => {
  const { status, containedAt, steps, playbook, requests } = incident.state()
  expect(status).toBe('closed')
  expect(containedAt).toBeDefined()
  expect(playbook.steps.map(({ id }) => steps.get(id)?.status)).toEqual(['proven', 'proven', 'proven', 'proven'])
  const alone = [...requests.values()].filter(
    ({ end, requester }) => end.kind === 'approved' && end.by.name === requester.name,
  )
  expect(alone).toEqual([])
})

test('what really opens the admin API is closed: the stolen token is refused, and people are told that the variable opened nothing', async () => {
  const answer = await fetch(`${stage.autentico.url}/admin/api/users`, {
    headers: { authorization: `Bearer ${stolen}` },
  })
  expect(answer.status).toBe(401)
  expect(incident.words()).toContain('No release of Autentico has ever read AUTENTICO_ADMIN_TOKEN')
})

test('the variable has a new value all the same, which nobody was shown and which lies nowhere else', async () => {
  const value = environmentOf(stage).get('AUTENTICO_ADMIN_TOKEN') ?? ''
  expect(value).toMatch(/^[\w-]{43}$/)
  expect(before.get('AUTENTICO_ADMIN_TOKEN')).toBeUndefined()
  await expectNowhere(stage, program, [value, ...[...before.values()].filter((old) => old.length > 20)])
})

test('an administrator who was made while the request waited voids the approval, and is signed out by the next one', async () => {
  const [voided] = incident.entries('ApprovalVoided')
  expect(voided?.event.differences).toEqual(['There are 4 administrators now, not 3.'])
  const shown = [...incident.state().requests.values()].map((request) => request.shown?.effect.sentence)
  expect(shown[0]).toContain('admin and chi')
  expect(shown[1]).toContain('admin, chi and user-001')
})

test('the review of the log groups by who did what, gravest first, and the whole list is in the thread', async () => {
  const words = incident.words()
  expect(words).toMatch(/admin: client_created ×1 · .*federation_created ×1 · .*nobody signed in/s)
  expect(words).toContain('Auditing is on, and nothing shows that it was off in this time.')
  expect(await incident.file('audit-entries')).toMatch(
    new RegExp(`client_created,admin,.*,${intruderAddress.replaceAll('.', '\\.')},`),
  )
})

test('of the administrators only those are found whom nobody has spoken for, the new one with the reason to look', async () => {
  expect(incident.words()).toContain('Administrator “chi”')
  const found = incident.state().found.get('review-admins' as never) ?? []
  expect(found.map(({ title }) => title)).toEqual(['Administrator “chi”', 'Administrator “user-001”'])
  expect(found[1]?.found?.finding.flags).toEqual([
    'an older account, changed since the exposure: it may have been promoted',
  ])
  expect(found[0]?.found?.finding.flags).toEqual([])
})

test('whom a finding is about cannot approve what is done about it, and whoever asked cannot either', () => {
  const refused = incident.entries('ClickRefused').map(({ actor, event }) => [actor, event.refusal])
  expect(refused).toMatchObject([
    [{ name: 'ana' }, 'approver_is_requester'],
    [{ name: 'chi' }, 'person_is_target'],
    [{ name: 'bao' }, 'step_settled'],
  ])
})

test('each finding is dealt with in its own way, and Autentico shows it', async () => {
  expect(findingsOf(incident)).toEqual({
    chi: 'expected',
    'user-001': 'proven',
    'Backup sync': 'proven',
    'Corporate login': 'proven',
    allow_self_signup: 'proven',
    'Company scripts': 'expected',
    'Meeting room screen': 'expected',
    Workspace: 'expected',
    require_mfa: 'expected',
  })
  expect(await roleOf(stage, 'user-001')).toBe('user')
  expect(await roleOf(stage, 'chi')).toBe('admin')
})

test('looking again finds nothing new, and keeps what was decided', () => {
  const reviews = incident.entries('StepDone').filter(({ event }) => event.step === 'review-admins')
  expect(reviews.map(({ event }) => event.findings?.length)).toEqual([2, 0])
})

test('what was accepted once is not asked again by the next incident', async () => {
  expect(again.words()).toContain('1 was accepted in an earlier review')
  expect([...again.state().found.values()].flat()).toEqual([])
})

test('auditing that was switched off is said, and what was read does not count as whole', async () => {
  expect(again.step(2).status).toBe('unproven')
  const words = again.words()
  expect(words).toContain('Auditing is off now')
})

test('the ledger is verified, with both threads', async () => {
  const { code, out } = await responder(stage, 'verify')
  expect(out).toMatch(/^ledger verified/)
  expect(code).toBe(0)
})

test('none of it made the program complain', () => {
  expect(complaintsOf(program)).toEqual([])
})
