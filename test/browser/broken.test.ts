import { afterEach, expect, test } from 'vitest'
import { drillInBrowser } from '../support/drill-page.ts'
import { approve, askFor, untilProven } from '../support/page-incident.ts'
import type { Window } from '../support/window.ts'

const drill = drillInBrowser()
/** Whatever a story left broken. */
afterEach(async () => {
  const { acts } = drill.glass()
  await Promise.all([acts.bot({ to: 'running' }), acts.redis({ to: 'running' })])
  await Promise.all([acts.autentico({ to: 'well' }), acts.slack({ to: 'connected' })])
})

const slackSays = /This app is not responding|did not respond|operation_timeout|dispatch_failed|trouble/

/** ana has asked for step 1 of a new incident, and bao sees what it will do. */
async function asked(target: string): Promise<{ readonly ana: Window; readonly bao: Window }> {
  const incident = await drill.openFor(target)
  await incident.ask(1)
  const ana = await drill.open('ana', { at: incident.place })
  const bao = await drill.open('bao', { at: incident.place })
  await bao.reads(/Step 1 ·[^]*This will/)
  return { ana, bao }
}

/** The thread says it, and says it once. */
async function expectOnce({ thread }: Window, words: RegExp): Promise<void> {
  const lines = thread.getByRole('article').filter({ hasText: words })
  await lines.first().waitFor()
  expect(await lines.count()).toBe(1)
}

function broken(window: Window): ReturnType<Window['glass']> {
  return window.glass('Break something')
}

test('a bot killed in the middle of a step comes back and goes on; a click meanwhile fails in words, and can be repeated', async () => {
  const { ana, bao } = await asked('user-001')
  await broken(bao).getByRole('radio', { name: 'Slow' }).click()
  await bao.pressAndConfirm('Approve')
  await bao.reads(/Approved by[^]*running/)
  await bao.pressGlass('Kill the bot')
  await broken(ana).getByText('The bot is dead').first().waitFor()

  await ana.press('Add note…')
  await ana.page.getByRole('alert').filter({ hasText: slackSays }).waitFor()
  expect(await ana.page.getByRole('dialog').count()).toBe(0)

  await bao.pressGlass('Start the bot')
  await broken(bao).getByRole('radio', { name: 'Well' }).click()
  await untilProven(1, bao)
  await ana.press('Add note…')
  await ana.fillIn('Add to the timeline', { Note: 'The bot had died' }, 'Add')
  await bao.reads(/noted: The bot had died/)
  await expectOnce(bao, /@bao.* approved:/)
  await expectOnce(bao, /\bproved: Revoke all sessions of user-001/)
})

test('Redis stopped: the approval counts, the step says that it waits, and runs when Redis is back', async () => {
  const { bao } = await asked('user-002')
  await bao.pressGlass('Stop Redis')
  await bao
    .glass('Queue')
    .getByText(/Redis does not answer|Redis is stopped|Redis is down/)
    .waitFor()
  await bao.pressAndConfirm('Approve')
  await bao.reads(/@bao.* approved: Revoke all sessions of user-002/)
  await bao.reads(/Step 1 ·[^]*waits/)

  await bao.pressGlass('Start Redis')
  await untilProven(1, bao)
  await expectOnce(bao, /\bproved: Revoke all sessions of user-002/)
})

test('Autentico stopped: the step says what it waits for, and runs when Autentico is back', async () => {
  const { bao } = await asked('user-003')
  await broken(bao).getByRole('radio', { name: 'Stopped' }).click()
  await bao.pressAndConfirm('Approve')
  await bao.reads(/Step 1 ·[^]*waits, and goes on by itself/)

  await broken(bao).getByRole('radio', { name: 'Well' }).click()
  await untilProven(1, bao)
  await expectOnce(bao, /\bproved: Revoke all sessions of user-003/)
})

test('Slack disconnected: clicks fail in words, approved work goes on, and the thread is filled in when Slack is back', async () => {
  const { ana, bao } = await asked('user-004')
  await broken(bao).getByRole('radio', { name: 'Slow' }).click()
  await bao.pressAndConfirm('Approve')
  await bao.reads(/Approved by[^]*running/)
  await bao.pressGlass('Disconnect Slack')
  await ana.press('Add note…')
  await ana.page.getByRole('alert').filter({ hasText: slackSays }).waitFor()
  await broken(bao).getByRole('radio', { name: 'Well' }).click()
  await bao
    .glass('Ledger')
    .getByText(/\bproved: Revoke all sessions of user-004/)
    .waitFor()
  expect(await bao.thread.getByText(/\bproved: Revoke all sessions of user-004/).count()).toBe(0)

  await bao.pressGlass('Connect Slack')
  await broken(bao).getByText('Slack is connected').first().waitFor()
  await untilProven(1, bao, 40_000)
  await bao.reads(/\bproved: Revoke all sessions of user-004/)
  await askFor(2, ana, bao)
  await approve(2, bao)
})
