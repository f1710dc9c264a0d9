import { expect, test } from 'vitest'
import { until } from '#/drill/crew.ts'
import type { Stage } from '#/drill/stage.ts'
import { programForAll } from '../../support/incident-flow.ts'
import { askedFor, changes, edit, expectThreadToAgree, idOf, liveSessions, signIn } from './machine.ts'

const here = programForAll()

type How = Parameters<Stage['autentico']['control']['fail']>[0]['how']

/** The next request to revoke this account's sessions goes wrong. */
function spoilRevoking(username: string, how: How, times = 1): void {
  const path = `/admin/api/users/${idOf(here.stage, username)}/revoke-sessions`
  here.stage.autentico.control.fail({ method: 'POST', path, how, times })
}

test('Autentico stops half-way with 500: the step says so, reads what is true, and does it', async () => {
  const incident = await askedFor(here.stage, 'user-001')
  spoilRevoking('user-001', { status: 500 })
  await incident.approve()
  await incident.untilProven(1)

  expect(changes(here.stage, 'user-001')).toEqual([500, 204])
  expect(liveSessions(here.stage, 'user-001')).toBe(0)
  const [waits] = incident.entries('WorkWaits')
  expect(waits?.event.why).toMatch(/answered 500 .* Read the state first/)
  expect(incident.entries('StepDone')).toHaveLength(1)
  await expectThreadToAgree(here.stage, incident)
})

test('the answer is lost after it was done: the step reads back, reports what it had found, and ends once', async () => {
  const incident = await askedFor(here.stage, 'user-002')
  spoilRevoking('user-002', 'reset-after-effect')
  await incident.approve()
  await incident.untilProven(1)

  expect(incident.entries('WorkWaits')[0]?.event.why).toMatch(
    /may or may not have happened.* read before anything is done again/,
  )
  const done = incident.entries('StepDone')
  expect(done).toHaveLength(1)
  // Nothing was left to revoke when it was tried again; people are told what there was.
  expect(done[0]?.event.did.join(' ')).toContain('Revoked 1 session')
  expect(liveSessions(here.stage, 'user-002')).toBe(0)
  await expectThreadToAgree(here.stage, incident)
})

test('an answer that breaks off in the middle counts as unknown, not as done', async () => {
  const incident = await askedFor(here.stage, 'user-003')
  await incident.approve()
  await incident.untilProven(1)
  await incident.ask(2)
  const path = `/admin/api/users/${idOf(here.stage, 'user-003')}`
  here.stage.autentico.control.fail({ method: 'PUT', path, how: 'truncate' })
  await incident.approve()
  await incident.untilProven(2)

  expect(incident.entries('WorkWaits')[0]?.event.why).toMatch(/No whole answer came to PUT/)
  const [password] = incident.entries('StepDone').filter(({ event }) => event.step === 'reset-password')
  expect(password?.event.proven).toBe(true)
  await expect(signIn(here.stage, 'user-003')).rejects.toThrow(/refused with 40/)
  await expectThreadToAgree(here.stage, incident)
})

test('a page with 200 is no success: the step fails and says that it did not happen', async () => {
  const incident = await askedFor(here.stage, 'user-004')
  spoilRevoking('user-004', 'html')
  await incident.approve()
  const failed = await incident.happens('StepFailed')

  expect(failed.event.sentence).toMatch(/answered with 200 and text\/html, not as documented, so it did not happen/)
  expect(incident.entries('StepDone')).toHaveLength(0)
  expect(liveSessions(here.stage, 'user-004')).toBe(1)
  expect(changes(here.stage, 'user-004')).toHaveLength(1)
  await expectThreadToAgree(here.stage, incident)
})

test('Autentico is down: the step says that it waits, and goes on by itself once Autentico is back', async () => {
  const incident = await askedFor(here.stage, 'user-005')
  await here.stage.autentico.stop()
  await incident.approve()
  const waits = await incident.happens('WorkWaits')
  expect(waits.event.why).toMatch(/could not be reached .*ECONNREFUSED.*nothing was sent/)
  expect(incident.step(1)).toMatchObject({ status: 'running', waits: waits.event.why })
  await until(
    () =>
      incident.card().text.includes('waits') || JSON.stringify(incident.card().blocks).includes('waits')
        ? true
        : undefined,
    'the card that says that the step waits',
  )

  await here.stage.autentico.restart()
  await incident.untilProven(1)
  expect(changes(here.stage, 'user-005')).toEqual([204])
  await expectThreadToAgree(here.stage, incident)
})

test('a token that is refused once is renewed once, and nobody notices', async () => {
  const incident = await askedFor(here.stage, 'user-006')
  spoilRevoking('user-006', { status: 401, body: '{"error":"unauthorized"}' })
  await incident.approve()
  await incident.untilProven(1)

  expect(changes(here.stage, 'user-006')).toEqual([401, 204])
  expect(incident.entries('WorkWaits')).toHaveLength(0)
})

test('the bot is demoted: the step ends with what to do, and can be tried again once that is done', async () => {
  const incident = await askedFor(here.stage, 'user-007')
  edit(here.stage, `UPDATE users SET role = 'user' WHERE username = 'incident-bot'`)
  await incident.approve()
  const failed = await incident.happens('StepFailed')
  expect(failed.event.sentence).toMatch(/403.*The bot needs the role admin/)
  expect(failed.event.retry).toBe(true)
  expect(changes(here.stage, 'user-007')).toEqual([])

  edit(here.stage, `UPDATE users SET role = 'admin' WHERE username = 'incident-bot'`)
  await incident.run(1)
  expect(changes(here.stage, 'user-007')).toEqual([204])
  await expectThreadToAgree(here.stage, incident)
})

test("somebody revokes the bot's own session in mid-incident: the bot signs in again and goes on", async () => {
  const incident = await askedFor(here.stage, 'user-008')
  edit(
    here.stage,
    `UPDATE sessions SET deactivated_at = CURRENT_TIMESTAMP WHERE user_id = (SELECT id FROM users WHERE username = 'incident-bot')`,
  )
  edit(
    here.stage,
    `UPDATE tokens SET revoked_at = CURRENT_TIMESTAMP WHERE user_id = (SELECT id FROM users WHERE username = 'incident-bot')`,
  )
  await incident.approve()
  await incident.untilProven(1)
  expect(changes(here.stage, 'user-008')).toEqual([204])
  expect(liveSessions(here.stage, 'user-008')).toBe(0)
})

test('no answer ever comes although it was done: after the time limit the step reads back, and ends once', async () => {
  const incident = await askedFor(here.stage, 'user-009')
  spoilRevoking('user-009', 'timeout-after-effect')
  await incident.approve()
  await until(() => (liveSessions(here.stage, 'user-009') === 0 ? true : undefined), 'the effect')
  expect(incident.step(1).status).toBe('running')
  await incident.untilProven(1)
  expect(incident.entries('StepDone')).toHaveLength(1)
  await expectThreadToAgree(here.stage, incident)
})
