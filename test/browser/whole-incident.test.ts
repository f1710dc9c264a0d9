import { expect, test } from 'vitest'
import { drillInBrowser } from '../support/drill-page.ts'
import type { Window } from '../support/window.ts'

const drill = drillInBrowser()

/** One asks for the step, the other approves it, and it is proven. */
async function step(ana: Window, bao: Window, number: number): Promise<void> {
  await ana.press(`Ask for step ${number}`)
  await bao.reads(new RegExp(`Step ${number} ·.*This will`, 's'))
  await bao.pressAndConfirm('Approve')
  await bao.reads(new RegExp(`Approved by .* proven`))
}

test('two people in two windows handle the whole incident by clicking', async () => {
  const ana = await drill.open('ana')
  const bao = await drill.open('bao')

  await ana.type('/autentico incident')
  await ana.fillIn('Open an incident', { Target: 'alice', 'What happened': 'Login from two countries' }, 'Open')
  await bao.reads(/INC-1 · Compromised account · alice/)
  await ana.page.keyboard.press('Escape')
  await ana.openThread()
  await bao.openThread()
  for (const number of [1, 2, 3, 4]) await step(ana, bao, number)
  expect(await bao.thread.textContent()).toContain('proven')
})
