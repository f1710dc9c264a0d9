import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '#/config.ts'
import { createDeciders } from '#/deciders/deciders.ts'
import { until } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { openLedger } from '#/ledger/ledger.ts'
import { expectThreadToAgree, namedInThread, signIn } from '../../flows/machine/machine.ts'
import {
  type Case,
  complaintsOf,
  dataDirOf,
  entriesOf,
  openFor,
  quickStage,
  reloadEverybody,
  responder,
} from '../../support/incident-flow.ts'
import { standing } from '../../support/stories.ts'
import { registeredKey } from '../../support/terminal-keys.ts'

let stage: Stage
let program: Program

beforeAll(async () => {
  stage = await quickStage()
  registerKeys()
  program = await startProgram(stage.env)
})

afterAll(async () => {
  await program.stop()
  await stage[Symbol.asyncDispose]()
})

const keyOf = (who: 'ana' | 'bao') => join(stage.dir, `${who}.pem`)

/** Each of the two asks for their own, and the other approves it. */
function registerKeys(): void {
  const file = join(dataDirOf(stage), 'ledger.sqlite')
  using ledger = openLedger({ file })
  const { config } = readConfig({ ...stage.env })
  const { governance } = createDeciders({ ledger, file, config, now: () => new Date() })
  registeredKey(governance, { file: keyOf('ana'), owner: standing('ana'), second: standing('bao') })
  registeredKey(governance, { file: keyOf('bao'), owner: standing('bao'), second: standing('ana') })
}

/** Does something from a terminal, with somebody's key. */
async function does(who: 'ana' | 'bao', ...args: readonly string[]): ReturnType<typeof responder> {
  return responder(stage, ...args, '--key', keyOf(who))
}

async function opened(username: string): Promise<Case> {
  reloadEverybody(stage)
  // After Slack was out of reach the bot comes back in its own time.
  await until(() => (stage.slack.state().connections > 0 ? true : undefined), 'the bot to be connected')
  await signIn(stage, username)
  const incident = await openFor(stage, username)
  await incident.happens('SnapshotTaken')
  await expectThreadToAgree(stage, incident)
  return incident
}

/** The line of an entry in the thread has the time at which it happened, not that at which it came there. */
function expectOriginalTime(incident: Case, { seq, at }: { readonly seq: number; readonly at: string }): string {
  const shown = incident.thread().find(({ text }) => text.includes(` #${seq} · `))
  expect(shown?.text).toContain(String(Math.floor(Date.parse(at) / 1000)))
  return shown?.text ?? ''
}

test('Slack is down: two people ask and approve from terminals, it is done and proven, and the thread has it afterwards with the times of then', async () => {
  const incident = await opened('user-001')
  stage.slack.control.cutOff(true)
  expect(await does('ana', 'request', incident.id, '1')).toMatchObject({ code: 0, err: '' })
  const { event } = await incident.happens('RequestShown')
  expect(await does('ana', 'approve', incident.id, 'r1', '--code', event.code)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^You asked for this/) as string,
  })
  const approved = await does('bao', 'approve', incident.id, 'r1', '--code', event.code)
  expect(approved).toMatchObject({ code: 0, err: '' })
  expect(approved.out).toMatch(/@bao \(terminal\) approved: Revoke all sessions of user-001/)
  await incident.untilProven(1)
  const [approval] = incident.entries('StepApproved')
  expect(namedInThread(stage, incident.id)).not.toContain(approval?.seq)

  stage.slack.control.cutOff(false)
  await expectThreadToAgree(stage, incident)
  if (approval === undefined) throw new Error('nothing was approved')
  expect(expectOriginalTime(incident, approval)).toContain('@bao (terminal)')
  expect(incident.entries('CommandSigned')).toHaveLength(3)
})

test('who was deactivated in Slack is refused at the terminal while Slack says so, and it is recorded', async () => {
  const incident = await opened('user-002')
  stage.slack.control.deactivate('U0BAO')
  try {
    expect(await does('bao', 'note', incident.id, 'Still here.')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/deactivated/) as string,
    })
  } finally {
    stage.slack.control.changeUser('U0BAO', { deactivated: false })
    stage.slack.control.setUsergroup('S0SECURITY', ['U0ANA', 'U0BAO', 'U0CHI'])
  }
  expect(incident.entries('ClickRefused').at(-1)?.event).toMatchObject({ refusal: 'person_is_deactivated' })
})

test('doctor names those who have registered a key', async () => {
  const { out } = await responder(stage, 'doctor')
  expect(out).toMatch(/^ok +terminal +Registered for when Slack is down: @ana, @bao\.$/m)
})

test('the socket is for the bot’s own user, and nothing that came over it made the bot complain', () => {
  expect(statSync(join(dataDirOf(stage), 'terminal.sock')).mode & 0o777).toBe(0o600)
  expect(complaintsOf(program).filter((line) => line.includes('terminal'))).toEqual([])
})

test('no bot runs: the approval is recorded all the same, and the next bot carries it out and shows it', async () => {
  const incident = await opened('user-003')
  const { shown } = await incident.ask(1)
  await program.kill()
  const approved = await does('bao', 'approve', incident.id, 'r1', '--code', shown?.code ?? '')
  expect(approved).toMatchObject({ code: 0, err: '' })
  expect(approved.out).toMatch(/No bot is running/)
  expect(incident.entries('StepDone')).toEqual([])

  program = await startProgram(stage.env)
  await incident.untilProven(1)
  await expectThreadToAgree(stage, incident)
  const [approval] = entriesOf(stage, incident.id, 'StepApproved')
  if (approval === undefined) throw new Error('nothing was approved')
  expect(expectOriginalTime(incident, approval)).toContain('@bao (terminal)')
})
