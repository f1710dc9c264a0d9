import { expect, test } from 'vitest'
import { until } from '#/drill/crew.ts'
import { startProgram } from '#/drill/program.ts'
import { programForAll, responder } from '../../support/incident-flow.ts'
import {
  askedFor,
  changes,
  expectCardToBeCurrent,
  expectThreadToAgree,
  idOf,
  liveSessions,
  matching,
} from './machine.ts'

const here = programForAll()

/** Autentico revokes this account's sessions and never says so: whoever asked waits for ten seconds. */
function silentRevoking(username: string): void {
  const path = `/admin/api/users/${idOf(here.stage, username)}/revoke-sessions`
  here.stage.autentico.control.fail({ method: 'POST', path, how: 'timeout-after-effect' })
}

/** Waits until a worker is in the middle of the step: this many requests to revoke have arrived. */
async function midway(username: string, requests: number): Promise<void> {
  await until(
    () => (changes(here.stage, username, 'revoke-sessions').length >= requests ? true : undefined),
    `request ${requests} to revoke`,
  )
}

async function ledgerVerifies(): Promise<void> {
  const { code, out } = await responder(here.stage, 'verify')
  expect({ code, out }).toMatchObject({ code: 0, out: matching('ledger verified') })
}

test('killed right after the approval is recorded: the next start does what was approved, once', async () => {
  const incident = await askedFor(here.stage, 'user-001')
  await incident.approve()
  await here.program.kill()
  here.program = await startProgram(here.stage.env)
  await incident.untilProven(1)

  expect(liveSessions(here.stage, 'user-001')).toBe(0)
  expect(incident.entries('StepApproved')).toHaveLength(1)
  expect(incident.entries('StepDone')).toHaveLength(1)
  await expectThreadToAgree(here.stage, incident)
  await expectCardToBeCurrent(incident)
  await ledgerVerifies()
})

test('killed in the middle of a step, twice: the step still ends, and the thread has every line once', async () => {
  const incident = await askedFor(here.stage, 'user-002')
  silentRevoking('user-002')
  await incident.approve()
  await midway('user-002', 1)
  await here.program.kill()
  silentRevoking('user-002')
  here.program = await startProgram(here.stage.env)
  await midway('user-002', 2)
  await here.program.kill()
  here.program = await startProgram(here.stage.env)
  await incident.untilProven(1)

  expect(liveSessions(here.stage, 'user-002')).toBe(0)
  const done = incident.entries('StepDone')
  expect(done).toHaveLength(1)
  // The second worker found nothing left; what the first had found is told.
  expect(done[0]?.event.did.join(' ')).toContain('Revoked 1 session')
  await expectThreadToAgree(here.stage, incident)
  await expectCardToBeCurrent(incident)
  await ledgerVerifies()
})

test('killed while a request is open: its buttons work after the start', async () => {
  const incident = await askedFor(here.stage, 'user-003')
  await here.program.kill()
  here.program = await startProgram(here.stage.env)
  await incident.approve()
  await incident.untilProven(1)
  await expectThreadToAgree(here.stage, incident)
})

test('asked to stop in the middle of a step: it ends in order, nothing is lost, and the next start finishes it', async () => {
  const incident = await askedFor(here.stage, 'user-004')
  // Longer than the grace of five seconds, so the order has to be handed back.
  silentRevoking('user-004')
  await incident.approve()
  await midway('user-004', 1)
  const began = performance.now()
  expect(await here.program.stop()).toBe(0)
  expect(performance.now() - began).toBeLessThan(10_000)
  expect(here.program.lines.at(-1)).toContain('"msg":"stopped"')

  here.program = await startProgram(here.stage.env)
  await incident.untilProven(1)
  expect(incident.entries('StepDone')).toHaveLength(1)
  await expectThreadToAgree(here.stage, incident)
  await ledgerVerifies()
})
