import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordedOf } from '#/deciders/incidents.ts'
import { incidentChannel } from '#/drill/cast.ts'
import { member, until, wordsOf, wordsOfForm } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Form } from '#/drill/slack/acts/seen.ts'
import { text } from '#/drill/slack/json.ts'
import type { Stage } from '#/drill/stage.ts'
import { timelineLine } from '#/incident/timeline.ts'
import { verifyPack } from '#/pack/verify-pack.ts'
import { unzipped } from '#/pack/zip.ts'
import { signIn } from '../../support/autentico-visits.ts'
import { type Case, complaintsOf, ledgerOf, openFor, quickStage, responder } from '../../support/incident-flow.ts'
import { expectNowhere, leftBehind } from '../../support/secrets.ts'

let stage: Stage
let program: Program
let incident: Case
let password: string

/** The whole incident, once; every test looks at another side of it. */
beforeAll(async () => {
  stage = await quickStage()
  program = await startProgram(stage.env)
  incident = await openFor(stage, 'alice', { summary: 'Login from two countries, 03:12' })
  for (const n of [1, 2, 3, 4]) await incident.run(n)
  await incident.untilSwept()
  await incident.as('ana').pressWhenThere(/^Record how alice was told/)
  await incident.as('ana').fillIn('The user was told', {
    How: 'phone call',
    'How identity was checked': 'employee number',
  })
  await incident.run(5)
  password = await showPassword()
  await incident.close('Stolen laptop, wiped', 'bao')
  await incident.happens(
    'CheckpointSigned',
    ({ seq }) => seq > (incident.entries('IncidentClosed')[0]?.seq ?? Infinity),
  )
  await incident.as('ana').reads(/signed a checkpoint over \d\d entries/)
  await incident.as('ana').reads(/closed, contained/)
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

/** bao, who did not ask, tries first and is told that it is ana's; then ana looks, and looks again. */
async function showPassword(): Promise<string> {
  const bao = incident.as('bao')
  await bao.pressWhenThere(/^Show the temporary password/)
  expect(wordsOfForm(await formSaying('bao', /for @ana alone/))).not.toMatch(passwords)
  const ana = incident.as('ana')
  const copy = ana.button(/^Show the temporary password/)
  await ana.press(/^Show the temporary password/)
  const [shown] = passwords.exec(JSON.stringify(await formSaying('ana', /shown this once/))) ?? []
  await ana.actor.close()
  if (copy === undefined || shown === undefined) throw new Error('no temporary password was shown')
  await ana.actor.pressStale(copy, 'secret')
  expect(wordsOfForm(await formSaying('ana', /is gone/))).not.toMatch(passwords)
  await ana.actor.close()
  await bao.actor.close()
  return shown
}

const passwords = /[2-9A-Z]{5}(-[2-9A-Z]{5}){3}/

async function formSaying(person: string, words: RegExp): Promise<Form> {
  const { actor } = member(stage.slack.as(person))
  return until(() => actor.views().find((view) => words.test(wordsOfForm(view))), `a form that says ${String(words)}`)
}

test('an account is taken back step by step, each asked for by one person and approved by another', () => {
  const state = incident.state()
  expect(state.status).toBe('closed')
  expect(state.containedAt).toBeDefined()
  expect([...state.steps.values()].map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'proven'))
  for (const { requester, end } of state.requests.values()) {
    expect(requester.name).toBe('ana')
    expect(end).toMatchObject({ kind: 'approved', by: { name: 'bao' } })
  }
})

test('the card says that it is contained and closed, by whom and how long it took, and has no buttons left', async () => {
  const words = wordsOf(incident.card())
  expect(words).toMatch(/Contained, proven (?:\d{4}-\d\d-\d\d )?\d\d:\d\d UTC · closed .* by <@U0BAO>/)
  expect(words).toContain('5 of 5 proven')
  expect(incident.card().blocks.filter(({ type }) => type === 'actions')).toEqual([])
})

test('the summary says who asked, who approved, how the user was told, and that nothing stayed open', async () => {
  const words = wordsOf(await incident.as('ana').reads(/closed · .*contained and proven/))
  expect(words).toContain('Asked by @ana (5) · approved by @bao (5)')
  expect(words).toContain('Notified: phone call by @ana, identity checked by employee number')
  expect(words).toContain('Not proven: nothing · Still open: nothing')
  expect(words).toContain('Stolen laptop, wiped')
})

test('until old access tokens have died the card says when they will', () => {
  // The card has been edited since; the calls that drew it are what people saw at the time.
  const drawn = stage.slack.calls('chat.update').map(({ args }) => JSON.stringify(args))
  expect(drawn.some((card) => /old access tokens die in \d+ min \(\d\d:\d\d UTC\)/.test(card))).toBe(true)
  expect(incident.state().exposureEndsAt).toBeDefined()
})

test('every entry that people should see stands in the thread once, in order, with number, UTC time, person and hash', () => {
  const state = incident.state()
  using ledger = ledgerOf(stage)
  const wanted = ledger
    .stream(incident.id)
    .map((entry) => timelineLine(recordedOf(entry), state))
    .filter(({ forThread, text }) => forThread && !text.startsWith('shows the request'))
  const said = incident
    .thread()
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => / · #\d+ · /.test(line))
  const lines = said.map((line) => {
    const [, seq, at, hash] =
      /^\S* ?\*(?:@\w+|worker-1|the bot)\* .* · #(\d+) · (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC .* · ([0-9a-f]{4})…/.exec(
        line,
      ) ?? []
    return { seq: Number(seq), at, hash }
  })
  expect(lines).toEqual(
    wanted.map(({ seq, at, hash }) => ({ seq, at: at.slice(0, 19).replace('T', ' '), hash: hash.slice(0, 4) })),
  )
})

test('checkpoints are signed at the opening and at the close, and both stand in the thread whole', () => {
  const signed = incident.entries('CheckpointSigned')
  const closed = incident.entries('IncidentClosed')[0]
  expect(signed[0]?.event.size).toBeLessThan(5)
  expect(signed.at(-1)?.event.size).toBeGreaterThanOrEqual(closed?.seq ?? Infinity)
  const shown = JSON.stringify(incident.thread().map(({ blocks }) => blocks))
  for (const { event } of [signed[0], signed.at(-1)].filter((one) => one !== undefined)) {
    expect(shown).toContain(JSON.stringify(event.note).slice(1, -1).trim())
  }
})

test('/autentico verify recomputes the ledger and compares it with the thread', async () => {
  await member(stage.slack.as('chi')).actor.command(`/autentico verify ${incident.id}`, { channel: incidentChannel.id })
  const words = wordsOf(await member(stage.slack.as('chi')).toldAlone(/ledger/))
  expect(words).toContain('The ledger holds')
  expect(words).toContain(`the thread of ${incident.id} agrees`)
})

test('`responder verify` beside the running program says that the ledger is verified and exits with 0', async () => {
  const { code, out } = await responder(stage, 'verify')
  expect(out).toMatch(/^ledger verified: \d+ entries, head #\d+ [0-9a-f]{64}, [2-9] checkpoints compared/)
  expect(code).toBe(0)
})

test('the temporary password opens the account again, and the old one does not', async () => {
  expect(await signIn(stage, 'alice', password)).toMatchObject({ status: 200 })
  expect((await signIn(stage, 'alice')).token).toBeUndefined()
})

test('who may not see the temporary password is told so, and that goes on record', () => {
  const [bao, again] = incident.entries('ClickRefused')
  expect(bao).toMatchObject({ actor: { name: 'bao' }, event: { refusal: 'secret_not_yours' } })
  expect(again).toMatchObject({ actor: { name: 'ana' }, event: { refusal: 'secret_gone' } })
  expect(incident.entries('SecretShown')).toHaveLength(1)
})

test('the temporary password is nowhere but in the form that ana was shown', async () => {
  const left = await leftBehind(stage, program)
  const holding = Object.entries(left).filter(([, bytes]) => bytes.includes(password))
  expect(holding.map(([where]) => where)).toEqual([])
  // It passed Slack once: in the form.
  const calls = stage.slack.calls().filter(({ args }) => JSON.stringify(args).includes(password))
  expect(calls.map(({ method }) => method)).toEqual(['views.update'])
})

test('nor does anything else that opens a door stay behind: no token, no cookie, no key of the seed', async () => {
  const { credentials, loot } = stage.autentico
  const secrets = [credentials.password, credentials.clientSecret, loot?.totpSecret, loot?.federation.secret]
  await expectNowhere(
    stage,
    program,
    secrets.map((secret) => secret ?? 'absent'),
  )
  const left = Object.values(await leftBehind(stage, program))
  for (const bytes of left) expect(bytes.toString('latin1')).not.toMatch(/eyJ[\w-]{8,}\.eyJ/)
})

test('the evidence pack comes into the thread by a button, verifies, and has no password in it', async () => {
  await incident.as('chi').pressWhenThere(/^Evidence pack/)
  const shown = await until(
    () =>
      incident
        .thread()
        .flatMap(({ files }) => files)
        .find(({ name }) => text(name).endsWith('-evidence-pack.zip')),
    'the pack in the thread',
    30_000,
  )
  const { bytes } = stage.slack.as('bao').download(text(shown['id']))
  const files = unzipped(bytes)
  expect(verifyPack(files)).toMatchObject({ ok: true, problems: [] })
  // Autentico's own record of what we did, beside the entry and the request that it came from; the sweep has kept it.
  const audit = files.get(`${incident.id}-evidence-pack/autentico-audit.csv`) ?? new Uint8Array()
  expect(Buffer.from(audit).toString('utf8')).toMatch(/^\d+,[0-9a-v]{20},[0-9a-v]{20},all_user_sessions_revoked,/m)
  expect(incident.entries('PackRequested')).toMatchObject([{ actor: { name: 'chi' } }])
  expect([...files.values()].filter((one) => Buffer.from(one).includes(password))).toEqual([])
})

test('none of it made the program complain', () => {
  expect(complaintsOf(program)).toEqual([])
})
