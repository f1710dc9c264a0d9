import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { until } from '#/drill/crew.ts'
import { startProgram } from '#/drill/program.ts'
import { dataDirOf, entriesOf, openFor, quickStage } from '../../support/incident-flow.ts'

test('while the disk takes no evidence, it is the bot that waits, not the worker that read it', async () => {
  await using stage = await quickStage()
  await using _program = await startProgram(stage.env)
  const folder = join(dataDirOf(stage), 'evidence')
  rmSync(folder, { recursive: true, force: true })
  writeFileSync(folder, 'where a folder should be')

  const opening = openFor(stage, 'user-001')
  opening.catch(() => undefined) // It is awaited below.
  const waits = await until(() => entriesOf(stage, 'INC-1', 'WorkWaits')[0], 'an order that waits')
  expect(waits.event.why).toMatch(/cannot keep the evidence/)
  expect(waits.actor).toEqual({ program: 'autentico' })

  rmSync(folder)
  mkdirSync(folder)
  const incident = await opening
  expect(incident.entries('SnapshotTaken')).toHaveLength(1)
})
