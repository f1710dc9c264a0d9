import { expect, test } from 'vitest'
import { holdInForce } from '#/incident/hold-state.ts'
import { type Case, expectTold, openFor, programForAll } from '../../support/incident-flow.ts'
import { changes, expectThreadToAgree, liveSessions, signIn } from '../machine/machine.ts'

const here = programForAll()

/** An incident about an account with a live session, which ana puts on hold with one press. */
async function onHold(username: string): Promise<Case> {
  await signIn(here.stage, username)
  const incident = await openFor(here.stage, username)
  await incident.as('ana').pressWhenThere(`Hold ${username} for 30 minutes`)
  await incident.happens('HoldApplied', ({ event }) => event.proven)
  return incident
}

test('one press suspends the account and ends its sessions; a second person confirms, and it stays so', async () => {
  const incident = await onHold('user-001')
  expect(liveSessions(here.stage, 'user-001')).toBe(0)
  await expect(signIn(here.stage, 'user-001')).rejects.toThrow('refused')
  await incident.as('bao').reads(/user-001 is on hold\* until \d{4}-\d\d-\d\d \d\d:\d\d UTC · by <@U0ANA>/)
  await incident.as('chi').reads(/@ana\* placed a hold on user-001 until/)

  await incident.as('ana').pressWhenThere('Confirm the hold')
  await expectTold(incident.as('ana'), 'You asked for this, so somebody else has to approve it.')
  await incident.as('bao').pressWhenThere('Confirm the hold')
  await incident.happens('HoldConfirmed')
  await incident.as('ana').reads(/user-001 stays suspended\* until access is restored/)
  expect(incident.state().suspendedAt).toBeDefined()
  await expectThreadToAgree(here.stage, incident)
})

test('taken back by the one who placed it, the account is active again, and that person cannot place another', async () => {
  const incident = await onHold('user-002')
  await incident.as('ana').pressWhenThere('Lift now…')
  await incident.happens('HoldLifted', ({ event }) => event.proven)
  await signIn(here.stage, 'user-002')
  expect(holdInForce(incident.state())).toBeUndefined()

  await incident.as('ana').pressWhenThere('Hold user-002 for 30 minutes')
  await expectTold(incident.as('ana'), /You have placed a hold on user-002 before/)
  expect(changes(here.stage, 'user-002', '/reactivate')).toEqual([204])
  await expectThreadToAgree(here.stage, incident)
})
