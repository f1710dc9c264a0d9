import SQLite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { until } from '#/drill/crew.ts'
import { startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { openFor, quickStage } from '../../support/incident-flow.ts'
import { changes, edit } from './machine.ts'

test('a wrong password at the start is said in the log and at the step, is not tried hot, and locks nobody out', async () => {
  await using stage = await quickStage()
  await using before = await startProgram(stage.env)
  const incident = await openFor(stage, 'user-001')
  await incident.ask(1)
  await before.stop()
  edit(stage, `UPDATE users SET failed_login_attempts = 0 WHERE username = 'incident-bot'`)

  await using program = await startProgram({ ...stage.env, AUTENTICO_PASSWORD: 'no-longer-the-password' })
  const told = await until(
    () => program.lines.find((line) => /Check AUTENTICO_USERNAME/.test(line)),
    'a line for the operator',
  )
  expect(told).not.toContain('no-longer-the-password')

  await incident.approve()
  const failed = await incident.happens('StepFailed')
  expect(failed.event.sentence).toMatch(/does not accept the username and password\. Check AUTENTICO_USERNAME/)
  expect(failed.event.retry).toBe(true)
  // Asked for again at once, it is refused from memory: five wrong passwords would lock the account.
  await incident.as('ana').pressWhenThere(/^(Ask for|Try) step 1( again)?$/)
  await until(
    () => (incident.step(1).status === 'failed' && incident.state().requests.size > 1 ? true : undefined),
    'the second refusal',
  )
  expect(failedSignIns(stage)).toBe(1)
  expect(changes(stage, 'user-001')).toEqual([])
})

function failedSignIns({ autentico }: Stage): number {
  const db = new SQLite(autentico.databaseFile, { readonly: true })
  try {
    return Number(db.prepare(`SELECT failed_login_attempts FROM users WHERE username = 'incident-bot'`).pluck().get())
  } finally {
    db.close()
  }
}
