import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seedBulk } from '#/drill/autentico/seed-bulk.ts'
import { incidentChannel } from '#/drill/cast.ts'
import { wordsOf } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { type Login, opens, refreshed, signIn } from '../../support/autentico-visits.ts'
import { type Case, complaintsOf, openUnder, quickStage, responder } from '../../support/incident-flow.ts'
import { environmentOf, expectNowhere } from '../../support/secrets.ts'

let stage: Stage
let program: Program
let incident: Case
let login: Login
let before: ReadonlyMap<string, string>
let users: number
/** What the card said while everybody's sessions were being revoked, and while the time that the law gives was passing. */
let midway: string
let clock: { readonly opened: string; readonly corrected: string; readonly over: string }

const hash = '=HYPERLINK("https://attacker.test")'

/** Somebody has the database file: the whole playbook, with an emergency stop in the middle of signing everybody out. */
beforeAll(async () => {
  stage = await quickStage()
  program = await startProgram(stage.env)
  before = environmentOf(stage)
  users = crowd()
  login = await signIn(stage, 'user-001')
  incident = await openUnder(stage, 'database-breach', { fields: { 'Aware since (UTC)': hoursAgo(30) } })
  await legalClock()

  await incident.begin(1)
  await incident.run(2)
  await revokeEverybody()
  await incident.askWith(4, {})
  await incident.approve()
  await incident.untilProven(4)
  await incident.askWith(5, {})
  await incident.approve()
  await incident.untilProven(5)
  await incident.run(6)
  await incident.begin(7)
  await incident.begin(8)
  for (const title of ['SMTP password', 'Provider secrets']) {
    await incident.didByHand(title, 'Replaced at the provider, and entered in Autentico')
    await incident.approve()
  }
  await incident.begin(9)
  await incident.file('affected-users')
  await decide()
  await incident.untilContained()

  // From here on anybody in the company can join the channel.
  stage.slack.control.openUp(incidentChannel.id)
  await incident.lookAgain(9)
  await incident.as('ana').reads(/is not here as a file/)
  await incident.close('A backup of the database lay on a public share')
  await incident.as('ana').reads(/closed, contained/)
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

/** Enough people that signing all of them out takes a while; one of them has a name that a spreadsheet would run. */
function crowd(): number {
  const db = new Database(stage.autentico.databaseFile)
  try {
    seedBulk(db, { count: 450, prefix: 'staff', now: new Date() })
    db.prepare('UPDATE users SET username = ? WHERE username = ?').run(hash, 'staff-0450')
    return db.prepare<[], number>('SELECT COUNT(*) FROM users').pluck().get() ?? 0
  } finally {
    db.close()
  }
}

function hoursAgo(hours: number): string {
  return new Date(Date.now() - hours * 3_600_000).toISOString().slice(0, 16).replace('T', ' ')
}

/** A third of the time is over, then somebody finds out that it was noticed earlier, and then much earlier. */
async function legalClock(): Promise<void> {
  const opened = wordsOf(incident.card())
  await incident.happens('LegalClockReminded', ({ event }) => event.reminder === 1)
  const corrected = await corrects(70, /decide by .*, in [12] h/)
  await incident.happens('LegalClockReminded', ({ event }) => event.reminder === 3)
  const over = await corrects(80, /Overdue/)
  await incident.happens('LegalClockReminded', ({ event }) => event.reminder === 4)
  clock = { opened, corrected, over }
}

async function corrects(hours: number, shown: RegExp): Promise<string> {
  await incident.as('chi').pressWhenThere('Put right when it was noticed…')
  await incident.as('chi').fillIn('When it was noticed', {
    'Aware since (UTC)': hoursAgo(hours),
    Why: `The log shows a download ${hours} hours ago`,
  })
  return wordsOf(await incident.as('chi').reads(shown))
}

/** Slow enough to be seen, with somebody whose sessions cannot be revoked at first, and stopped halfway. */
async function revokeEverybody(): Promise<void> {
  const { control } = stage.autentico
  const unlucky = `/admin/api/users/${stage.autentico.accounts['user-005']?.id}/revoke-sessions`
  control.fail({ method: 'POST', path: unlucky, times: 2, how: { status: 500 } })
  control.fail({ method: 'POST', path: /revoke-sessions$/, times: 700, how: { delayMs: 90 } })
  await incident.ask(3)
  await incident.approve()
  await incident.happens('WorkProgressed')
  midway = wordsOf(await incident.as('bao').reads(/step 3 is running.*\[█/s))
  await incident.as('chi').pressWhenThere('Stop…')
  await incident.as('chi').fillIn('Stop the work', { Why: 'Payroll runs in an hour' })
  await incident.happens('WorkHalted')
  control.heal()
  await incident.as('ana').pressWhenThere('Ask to resume')
  await incident.approve()
  await incident.untilProven(3)
}

/** The decision is signed by somebody else than whoever proposes it. */
async function decide(): Promise<void> {
  await incident.decide(10, { Answer: 'Notify them', Why: 'Names and addresses of everybody were in it' })
  await incident.at('ana').press(/^Approve/)
  await incident.as('ana').toldAlone(/You asked for this/)
  await incident.approve()
  await incident.happens('QuestionAnswered')
}

test('all ten points of the document are gone through, and it is contained', () => {
  const { status, containedAt, steps, playbook } = incident.state()
  expect(status).toBe('closed')
  expect(containedAt).toBeDefined()
  const ends = playbook.steps.map(({ id }) => steps.get(id)?.status)
  expect(ends).toEqual([...Array.from({ length: 9 }, () => 'proven'), 'answered'])
})

test('while everybody is being signed out the card shows how far it is and how long it takes', () => {
  expect(midway).toMatch(/3 Session tokens: revoke all sessions · running since .* · \[█+░+\] \d{3} \/ \d{3}/)
  expect(midway).toMatch(/\d+ (s|min) left/)
  const told = incident.entries('WorkProgressed').map(({ event }) => event)
  // The bot comes last, by itself.
  expect(told[0]?.total).toBe(users - 1)
  expect(told.map(({ failed }) => failed)).toContain(1)
})

test('stopped halfway and resumed by two people it goes on where it was, and nobody is forgotten', () => {
  expect(incident.entries('WorkHalted')[0]?.event.begun).toBe(true)
  expect(incident.entries('WorkResumed')[0]?.event.by.map(({ name }) => name)).toEqual(['ana', 'bao'])
  const ids = idsOf(stage)
  const revoked = new Map<string, number>()
  for (const { path, status, at } of stage.autentico.control.calls) {
    const [, id] = /\/users\/(\w+)\/revoke-sessions$/.exec(path) ?? []
    if (id !== undefined && status < 300 && at.toISOString() < doneAt(3)) revoked.set(id, (revoked.get(id) ?? 0) + 1)
  }
  expect(ids.filter((id) => !revoked.has(id))).toEqual([])
  // What was done before the stop is not done once more.
  expect([...revoked.values()].filter((times) => times > 1).length).toBeLessThan(users / 2)
})

test('nothing of before opens anything, and nobody has an authenticator or a trusted device any more', async () => {
  expect(await opens(stage, login)).toBe(false)
  expect((await refreshed(stage, login)).token).toBeUndefined()
  const db = new Database(stage.autentico.databaseFile, { readonly: true })
  try {
    const count = (sql: string) => db.prepare<[], number>(sql).pluck().get()
    expect(count(`SELECT COUNT(*) FROM users WHERE totp_secret <> '' OR totp_verified = 1`)).toBe(0)
    expect(count('SELECT COUNT(*) FROM trusted_devices')).toBe(0)
  } finally {
    db.close()
  }
})

test('the legal clock stands on the card, is put right on record, calls the commander, and says when it is over', () => {
  expect(clock.opened).toMatch(/⚖️ 72 h from .* decide by .*, in 4[12] h/)
  expect(clock.corrected).toMatch(/decide by .*, in [12] h/)
  expect(clock.over).toMatch(/⛔ \*Overdue:\* the 72 h from .* ago, and nothing is decided/)
  expect(incident.entries('AwarenessCorrected').map(({ actor }) => actor)).toMatchObject([
    { name: 'chi' },
    { name: 'chi' },
  ])
  const words = incident.words()
  expect(words).toContain('“The log shows a download 70 hours ago”')
  expect(words).toMatch(/reminds: whether to notify has to be decided before/)
  expect(words).toMatch(/the time that the law gives was over at .*, and nothing is decided.*<@U0ANA>/s)
})

test('whether to notify is decided by two people, and the clock ends with it', () => {
  expect(incident.step(10)).toMatchObject({ status: 'answered', label: 'Notify them' })
  expect(incident.step(10)).toHaveProperty('by.length', 2)
  expect(wordsOf(incident.card())).toMatch(/⚖️ decided .*: Notify them/)
})

test('the affected users are a file in the private thread that no spreadsheet runs anything of', async () => {
  const rows = (await incident.file('affected-users')).trim().split('\r\n')
  expect(rows.length).toBe(users + 1)
  expect(rows.find((row) => row.includes('HYPERLINK'))).toMatch(/,"'=HYPERLINK\(""https:\/\/attacker\.test""\)",/)
})

test('when anybody can join the channel the file is not put there, and that is said with the way to get it', async () => {
  const notice = wordsOf(await incident.as('bao').reads(/is not here as a file/))
  expect(notice).toContain('everybody in the workspace can join this channel')
  expect(notice).toContain(`npm run responder -- export ${incident.id} --files`)
  const files = incident.thread().flatMap(({ files: all }) => all)
  expect(files.filter(({ name }) => typeof name === 'string' && name.includes('affected-users'))).toHaveLength(1)
})

test('the secrets that only people can replace are listed, and two people vouch for each', () => {
  const [first, second] = [...incident.state().found.values()].flat()
  for (const one of [first, second])
    expect(incident.state().steps.get(one?.id ?? ('' as never))?.status).toBe('attested')
  expect(incident.words()).toContain('Change it there, then in the settings: whoever has it sends mail in your name.')
})

test('no key, no secret and no token lies anywhere the program has been', async () => {
  const now = environmentOf(stage)
  const names = ['AUTENTICO_PRIVATE_KEY', 'AUTENTICO_REFRESH_TOKEN_SECRET']
  const secrets = names.flatMap((name) => [before.get(name) ?? '', now.get(name) ?? ''])
  await expectNowhere(stage, program, [...secrets, login.token ?? '', login.refreshToken ?? '', 'drill-mail-password'])
})

test('none of it made the program complain, and the ledger is verified', async () => {
  expect(complaintsOf(program)).toEqual([])
  expect((await responder(stage, 'verify')).code).toBe(0)
})

function idsOf({ autentico }: Stage): readonly string[] {
  const db = new Database(autentico.databaseFile, { readonly: true })
  try {
    return db.prepare<[], string>('SELECT id FROM users').pluck().all()
  } finally {
    db.close()
  }
}

/** When the n-th step was done. */
function doneAt(n: number): string {
  const step = incident.state().playbook.steps[n - 1]?.id
  return incident.entries('StepDone').find(({ event }) => event.step === step)?.at ?? ''
}
