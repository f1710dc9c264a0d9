import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { until } from '#/drill/crew.ts'
import { approveOn, copyOf } from '../../faults/people/clicks.ts'
import { changes } from '../../flows/machine/machine.ts'
import { type Case, expectTold } from '../../support/incident-flow.ts'
import { lastPress, playedOn } from './scene.ts'

const scene = playedOn()
const slack = () => scene.stage().slack

const done = (incident: Case): readonly number[] => changes(scene.stage(), incident.username, 'revoke-sessions')

test('26. pending approvals lived in memory: killed with a request open, the bot knows it, and its button works', async () => {
  const incident = await scene.asked()
  const copy = copyOf(incident, 'bao')
  await scene.restart('kill')
  await approveOn(incident, 'bao', copy)
  await incident.untilProven(1)
  expect(incident.entries('StepRequested')).toHaveLength(1)
  expect(done(incident)).toEqual([204])
})

test('27. the first click after a restart was swallowed: it acts, and whoever may not click is told so by the first try', async () => {
  const incident = await scene.asked()
  await scene.restart('kill')
  await incident.at('ana').press(/^Approve/)
  await expectTold(incident.as('ana'), /You asked for this/)
  await incident.at('bao').press(/^Approve/)
  await incident.untilProven(1)
  expect(incident.entries('StepApproved')).toHaveLength(1)
})

test('27. nobody is left without an answer: a click while the bot is away says that it did not work, and counts once it is back', async () => {
  const incident = await scene.asked()
  const copy = copyOf(incident, 'bao')
  await scene.program().kill()
  expect(await incident.as('bao').actor.pressStale(copy, 'approve')).toMatchObject({ ok: false })
  await scene.restart('kill')
  expect(incident.entries('StepApproved')).toEqual([])
  await approveOn(incident, 'bao', copy)
  await incident.untilProven(1)
})

test('28. two clicks a moment apart read like a failure, 29. and decided twice: the second is told that it is approved, and by whom', async () => {
  const incident = await scene.asked()
  const copy = copyOf(incident, 'bao')
  await approveOn(incident, 'bao', copy)
  await approveOn(incident, 'bao', copy)
  const told = await expectTold(incident.as('bao'), /Already approved by @bao at /)
  expect(told).not.toMatch(/error|failed|wrong/i)
  await incident.untilProven(1)
  expect(incident.entries('StepApproved')).toHaveLength(1)
  expect(done(incident)).toEqual([204])
})

test('29. decided first, done afterwards: killed in the moment of the click, the record holds a decision or none, never an effect without one', async () => {
  const incident = await scene.asked()
  const copy = copyOf(incident, 'bao')
  const clicking = approveOn(incident, 'bao', copy)
  await scene.restart('kill')
  await clicking.catch(() => undefined)
  const decided = incident.entries('StepApproved').length
  expect(decided === 0 ? done(incident) : []).toEqual([])
  if (decided === 0) await approveOn(incident, 'bao', copy)
  await incident.untilProven(1)
  expect(incident.entries('StepApproved')).toHaveLength(1)
  expect(done(incident)).toEqual([204])
})

test('30. a button acted several times: Slack delivers a press again after a restart, and it has no second effect', async () => {
  const incident = await scene.asked()
  await incident.approve('bao')
  const press = lastPress(scene)
  await incident.untilProven(1)
  await scene.restart('kill')
  await slack().control.redeliver(press)
  await slack().control.redeliver(press)
  expect(incident.entries('StepApproved')).toHaveLength(1)
  expect(incident.entries('ClickRefused')).toEqual([])
  expect(done(incident)).toEqual([204])
})

test('31. decided elsewhere, and the buttons stayed live: they go from the message in the thread and from the Home tab', async () => {
  const incident = await scene.asked()
  const asked = await incident.request()
  const home = (): string => JSON.stringify(slack().as('chi').home() ?? '')
  const code = asked.shown?.code ?? ''
  await slack().as('chi').openHome()
  await until(() => (home().includes(code) ? true : undefined), 'the request on the Home tab')
  await incident.approve('bao')
  await until(
    () => (incident.at('chi', asked).button(/Approve|Deny|Withdraw/) === undefined ? true : undefined),
    'the buttons to go',
  )
  await incident.untilProven(1)
  await until(() => (home().includes(code) ? undefined : true), 'the request to leave the Home tab')
  expect(incident.at('chi', asked).button(/Approve|Deny|Withdraw/)).toBeUndefined()
})

test('32. answering an approval sent it again, in a loop: one request is one message, also after a restart', async () => {
  const incident = await scene.asked()
  const code = (await incident.request()).shown?.code ?? ''
  const shown = (): number => incident.thread().filter(({ text }) => text.includes(`code \`${code}\``)).length
  await incident.at('ana').press(/^Approve/)
  await incident.approve('bao')
  await incident.untilProven(1)
  await scene.restart('stop')
  await incident.ask(2)
  expect(shown()).toBe(1)
  expect(incident.entries('StepRequested')).toHaveLength(2)
})

test('an approval that Redis forgot is not lost and not asked for again: it is done once', async () => {
  const incident = await scene.asked()
  await scene.stage().autentico.stop()
  await incident.approve('bao')
  await incident.happens('WorkWaits')
  const redis = new Redis(scene.stage().redis.url)
  await redis.flushall()
  redis.disconnect()
  await scene.stage().autentico.restart()
  await scene.restart('kill')
  await incident.untilProven(1)
  expect(incident.entries('StepApproved')).toHaveLength(1)
  expect(done(incident)).toEqual([204])
})
