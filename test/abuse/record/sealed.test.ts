import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createIncidents } from '#/deciders/incidents.ts'
import { member, until, wordsOfForm } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { openLedger } from '#/ledger/ledger.ts'
import { standardPolicy } from '#/policy/policy.ts'
import { readPrivateKey } from '#/work/keys.ts'
import { open, SealBroken, type Sealed } from '#/work/seal.ts'
import { signIn } from '../../support/autentico-visits.ts'
import { type Case, dataDirOf, openFor, quickStage, reloadEverybody } from '../../support/incident-flow.ts'
import { leftBehind } from '../../support/secrets.ts'
import { standing } from '../../support/stories.ts'

const passwords = /[2-9A-Z]{5}(?:-[2-9A-Z]{5}){3}/
const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8')

let stage: Stage
let program: Program
let incident: Case
/** Everything that anybody said to Redis, and everything that was logged, by all the programs of this file. */
const said: string[] = []
const logged: string[] = []
let tap: Redis

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  program = await startProgram({
    ...stage.env,
    ...env,
    NODE_OPTIONS: `--report-on-signal --report-signal=SIGUSR2 --report-directory=${stage.dir}`,
  })
}

async function stop(): Promise<void> {
  await program.stop()
  logged.push(...program.lines)
}

/** One account, taken back up to its last step; every story gives it back once more. */
beforeAll(async () => {
  stage = await quickStage()
  const redis = new Redis(stage.redis.url)
  tap = await redis.monitor()
  redis.disconnect()
  tap.on('monitor', (_at: string, args: readonly string[]) => void said.push(args.join(' ')))
  await start()
  incident = await openFor(stage, 'alice')
  for (const n of [1, 2, 3, 4]) await incident.run(n)
  await incident.untilSwept()
  await incident.as('ana').pressWhenThere(/^Record how alice was told/)
  await incident.as('ana').fillIn('The user was told', { How: 'phone call', 'How identity was checked': 'called back' })
})
beforeEach(() => reloadEverybody(stage))
afterAll(async () => {
  tap.disconnect()
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

/** Asked for by ana, approved by bao, done; the secret waits. Gives what of it lies on the disk of the bot, and its order. */
async function restored(): Promise<{ readonly order: string; readonly sealed: Sealed; readonly key: string }> {
  const before = incident.entries('StepDone').length
  await incident.ask(5)
  await incident.approve()
  const done = await incident.happens(
    'StepDone',
    ({ event }) => event.sealed !== undefined && before < incident.entries('StepDone').length,
  )
  const order = await until(
    () => (incident.state().secret?.state === 'sealed' ? done.event.order : undefined),
    'a secret',
  )
  const file = (ending: string) => readFileSync(join(dataDirOf(stage), 'sealed', `${order}.${ending}`), 'utf8')
  return { order, sealed: JSON.parse(file('json')) as Sealed, key: file('key') }
}

const inVault = (): readonly string[] => readdirSync(join(dataDirOf(stage), 'sealed'))

/** Expects these bytes nowhere: not in Redis nor in anything that was said to it, in no file, no log, no crash report, no message. */
async function expectGone(words: string): Promise<void> {
  await crashReport()
  const left: Record<string, Buffer> = {
    ...(await leftBehind(stage, program)),
    'said to Redis': bytesOf(said.join('\n')),
    'logged before': bytesOf(logged.join('\n')),
    'everything beside the data': everyFile(stage.dir),
  }
  expect(Object.entries(left).flatMap(([where, bytes]) => (bytes.includes(words) ? [where] : []))).toEqual([])
}

/** Node's own report of a process, as it writes one when it crashes: stacks, memory figures, the whole environment. */
async function crashReport(): Promise<void> {
  const { pid } = program
  if (pid === undefined) throw new Error('the program has ended')
  const reports = () => readdirSync(stage.dir).filter((name) => /^report\..*\.json$/.test(name))
  const before = reports().length
  process.kill(pid, 'SIGUSR2')
  await until(() => (reports().length > before ? true : undefined), 'a report')
}

function everyFile(dir: string): Buffer {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath, entry.name))))
}

/** What is left of it in places that are not ours to wipe, such as the queue, opens with no key that is left. */
function expectNoKeyLeft({ order, sealed }: { readonly order: string; readonly sealed: Sealed }): void {
  const { privateKey: bots } = readPrivateKey(join(dataDirOf(stage), 'keys', 'bot-sealing.pem'), 'x25519')
  expect(() => open(sealed, bots, order)).toThrow(SealBroken)
  expect(inVault().filter((name) => name.startsWith(order))).toEqual([])
}

async function shownTo(who: string): Promise<string> {
  await incident.as(who).pressWhenThere(/^Show the temporary password/)
  const { actor } = member(stage.slack.as(who))
  const form = await until(() => actor.views().find((view) => passwords.test(wordsOfForm(view))), 'the password')
  const [password = ''] = passwords.exec(wordsOfForm(form)) ?? []
  await actor.close()
  return password
}

test('the temporary password is shown once, to one person, in one form; and then it is nowhere, not even closed', async () => {
  const waits = await restored()
  // Before anybody has looked it is closed everywhere.
  expect(waits.key).toContain('PRIVATE KEY')
  const password = await shownTo('ana')
  expect(await signIn(stage, 'alice', password)).toMatchObject({ status: 200 })
  expect((await incident.happens('SecretShown')).actor).toMatchObject({ name: 'ana' })

  await expectGone(password)
  await expectGone(password.replaceAll('-', ''))
  const [, keyLine = ''] = waits.key.split('\n')
  await expectGone(keyLine)
  await expectGone(bytesOf(password).toString('base64').slice(0, 28))
  expectNoKeyLeft(waits)
  const calls = stage.slack.calls().filter(({ args }) => JSON.stringify(args).includes(password))
  expect(calls.map(({ method }) => method)).toEqual(['views.update'])
})

test('where Slack does not say whether it took the form nobody is shown the password again, and no complaint repeats it', async () => {
  const waits = await restored()
  stage.slack.control.failNext('views.update', { how: 'reset-after', times: 2 })
  const password = await shownTo('ana')
  await incident.as('ana').toldAlone(/Slack did not show the temporary password, and it is destroyed now/)
  expect(program.lines.some((line) => /views.update/.test(line))).toBe(true)
  await expectGone(password)
  expectNoKeyLeft(waits)
})

test('killed after it was recorded as shown and before anybody saw it, the bot destroys it at its next start', async () => {
  const waits = await restored()
  await stop()
  // What the click writes, without what comes right after it.
  using ledger = openLedger({ file: join(dataDirOf(stage), 'ledger.sqlite') })
  const rules = {
    requestTtlMs: 600_000,
    sweepDelayMs: 0,
    legalDeadlineMs: 0,
    policy: standardPolicy({ ttlMs: 600_000 }),
  }
  const incidents = createIncidents({ ledger, rules, now: () => new Date() })
  const executed = incidents.execute(incident.id, {
    type: 'ShowSecret',
    by: standing('ana'),
    order: waits.order as never,
  })
  expect(executed.kind).toBe('accepted')
  ledger[Symbol.dispose]()
  expect(inVault()).toHaveLength(2)
  await start({ SECRET_TTL: '12s' })
  await until(() => (inVault().length === 0 ? true : undefined), 'an empty vault')
  expectNoKeyLeft(waits)
})

test('nobody looks: it dies at its time, and the button says so', async () => {
  const waits = await restored()
  await incident.happens('SecretDestroyed', ({ event }) => event.order === waits.order, 40_000)
  await until(() => (inVault().length === 0 ? true : undefined), 'an empty vault')
  expectNoKeyLeft(waits)
  await incident.as('bao').reads(/destroyed the temporary password: nobody looked at it in time/)
  await until(
    () => (incident.as('ana').button(/^Show the temporary password/) === undefined ? true : undefined),
    'the button to go',
  )
})
