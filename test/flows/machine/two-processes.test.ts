import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { openFor, quickStage, reloadEverybody, responder } from '../../support/incident-flow.ts'
import { exchangeKeys, type Roles } from '../../support/roles.ts'
import { askedFor, changes, expectThreadToAgree, idOf, liveSessions } from './machine.ts'

let stage: Stage
let bot: Program
const workers: Program[] = []
let environments: Roles

beforeAll(async () => {
  stage = await quickStage()
  environments = await exchangeKeys(stage)
  bot = await startProgram(environments.bot, { args: ['start', '--role', 'bot'] })
  workers.push(await startWorker('one'))
})

afterAll(async () => {
  for (const program of [bot, ...workers]) await program.stop()
  await stage[Symbol.asyncDispose]()
})

async function startWorker(which: 'one' | 'other'): Promise<Program> {
  return startProgram(environments[which], { args: ['start', '--role', 'worker'], readyWhen: 'the worker is ready' })
}

test('bot and worker do an incident together as two processes, each with its own secrets only', async () => {
  const incident = await askedFor(stage, 'user-001')
  await incident.approve()
  await incident.untilProven(1)
  expect(incident.entries('StepDone')[0]?.actor).toEqual({ worker: 'one' })
  await expectThreadToAgree(stage, incident)
})

test('what was approved is withdrawn while no worker is there: one that comes later finds nothing to do', async () => {
  const incident = await askedFor(stage, 'user-003')
  const request = await incident.request()
  await workers.pop()?.stop()
  await incident.approve()
  await incident.at('ana', request).press(/^Withdraw$/)
  const withdrawn = await incident.happens('RequestWithdrawn')
  expect(withdrawn.event).toMatchObject({ by: { name: 'ana' }, order: expect.stringMatching(/^INC-/) as string })
  workers.push(await startWorker('one'))

  await incident.ask(1)
  await incident.approve()
  await incident.untilProven(1)
  expect(incident.entries('StepDone')).toHaveLength(1)
  expect(changes(stage, 'user-003')).toEqual([204])
  await expectThreadToAgree(stage, incident)
})

test('a worker is killed in mid-order: another one takes over by itself, and the effect is there once', async () => {
  const incident = await askedFor(stage, 'user-002')
  const path = `/admin/api/users/${idOf(stage, 'user-002')}/revoke-sessions`
  stage.autentico.control.fail({ method: 'POST', path, how: 'timeout' })
  await incident.approve()
  await until(() => (changes(stage, 'user-002').length > 0 ? true : undefined), 'the first worker to be at it')
  const other = startWorker('other')
  await workers[0]?.kill()
  workers.push(await other)
  await incident.untilProven(1)

  const done = incident.entries('StepDone')
  expect(done).toHaveLength(1)
  expect(done[0]?.actor).toEqual({ worker: 'other' })
  expect(done[0]?.event.did.join(' ')).toContain('Revoked 1 session')
  expect(changes(stage, 'user-002')).toEqual([0, 204])
  expect(liveSessions(stage, 'user-002')).toBe(0)
  await expectThreadToAgree(stage, incident)
})

test('a second bot on the same ledger refuses to start and says who holds it', async () => {
  const { code, err } = await responder({ ...stage, env: environments.bot }, 'start', '--role', 'bot')
  expect(code).toBe(2)
  expect(err).toMatch(
    new RegExp(`ledger\\.sqlite is in use by process ${bot.pid} on .* since .*: only one bot may write to a ledger`),
  )
})

test('a worker that does not know the bot refuses to start and says which file is missing', async () => {
  const { BOT_PUBLIC_KEYS_FILE: _given, ...env } = environments.one
  const { code, err } = await responder({ ...stage, env }, 'start', '--role', 'worker')
  expect(code).toBe(2)
  expect(err).toMatch(/BOT_PUBLIC_KEYS_FILE: is missing/)
})

test('with no worker left the form says that nobody answers, and nothing is opened', async () => {
  reloadEverybody(stage)
  for (const worker of workers) await worker.stop()
  await expect(openFor(stage, 'user-003')).rejects.toThrow(/no incident was opened/)
})
