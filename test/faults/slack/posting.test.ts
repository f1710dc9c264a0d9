import { expect } from 'vitest'
import { incidentChannel } from '#/drill/cast.ts'
import { until } from '#/drill/crew.ts'
import type { Fault as SlackFault } from '#/drill/slack/faults.ts'
import { partnerChannel } from '#/drill/slack/workspace.ts'
import { expectCardToBeCurrent, namedInThread } from '../../flows/machine/machine.ts'
import type { Case } from '../../support/incident-flow.ts'
import { fault, type Run } from '../harness/fault.ts'
import { askedAndShown, cardsIn } from './slack-trouble.ts'

const limited = (seconds: number, times = 1): SlackFault => ({
  status: 429,
  headers: { 'retry-after': String(seconds) },
  body: { ok: false, error: 'ratelimited' },
  times,
})

/** What goes wrong with the next messages. In every case the thread has each line once, in order, in the end. */
const troubles: Readonly<Record<string, SlackFault>> = {
  '429, again in 1 s': limited(1, 2),
  '500': { status: 500, body: 'oops', times: 2 },
  '503': { status: 503, body: '', times: 2 },
  'no answer, nothing posted': { how: 'timeout' },
  'reset before it was posted': { how: 'reset', times: 2 },
  'posted, and reset': { how: 'reset-after', times: 2 },
  'posted, and reset in the body': { how: 'cut' },
  'posted, and no answer': { how: 'timeout-after' },
  'ok: false': { body: { ok: false, error: 'internal_error' }, times: 2 },
}

fault({
  id: 'F17',
  title: 'Slack does not take messages: the work goes on, and the thread catches up in order',
  ci: 1,
  nightly: 50,
  variants: Object.keys(troubles),
  async run(run) {
    const { slack } = run.world.stage
    const incident = await askedAndShown(run)
    const before = failures(run)
    slack.control.failNext('chat.postMessage', troubles[run.variant] ?? {})
    await incident.approve()
    await run.proves(incident)
    await until(() => (failures(run) > before ? true : undefined), 'a message that was not taken')
    run.struck()
  },
})

fault({
  id: 'F17',
  title: 'the first message of an incident, its card, meets the same',
  ci: 1,
  nightly: 10,
  variants: ['429, again in 1 s', 'posted, and reset', 'posted, and no answer'],
  async run(run) {
    const { slack } = run.world.stage
    const before = failures(run)
    slack.control.failNext('chat.postMessage', troubles[run.variant] ?? {})
    const incident = await run.asked()
    if (failures(run) > before) run.struck()
    await incident.approve()
    await run.proves(incident)
    await run.succeeds(() => expect(cardsIn(slack, incident)).toHaveLength(1))
  },
})

const oneLimited = {
  id: 'F17',
  title: 'one channel is limited: private answers, cards and another channel are not held up',
  budgetMs: 90_000,
  run: holdsUpNobody,
} as const
fault({ ...oneLimited, ci: 1, nightly: 10, variants: ['again in 5 s'] })
fault({ ...oneLimited, ci: 0, nightly: 3, variants: ['again in 30 s'] })

async function holdsUpNobody(run: Run): Promise<void> {
  const { world } = run
  const { slack } = world.stage
  const seconds = run.variant === 'again in 30 s' ? 30 : 5
  const here = await askedAndShown(run)
  // An incident keeps to its channel when another one is set.
  await world.program().stop()
  await world.start({ INCIDENT_CHANNEL: partnerChannel.id })
  const there = await askedAndShown(run)
  const usual = await quickest(async () => answered(run, here))

  const before = failures(run)
  slack.control.failNext('chat.postMessage', { ...limited(seconds), channel: incidentChannel.id })
  await here.approve()
  await until(() => (failures(run) > before ? true : undefined), 'a message that was not taken')
  run.struck()
  const lines = namedInThread(world.stage, here.id).length
  await run.proves(here)
  await run.succeeds(async () => expectCardToBeCurrent(here))
  await run.succeeds(async () => {
    expect((await quickest(async () => answered(run, here))) - usual).toBeLessThanOrEqual(200)
  })
  await there.approve()
  await run.proves(there)
  await run.succeeds(() => {
    // What came of the step in the other channel was said there while this one still waited.
    expect(namedInThread(world.stage, here.id)).toHaveLength(lines)
  })
  await run.succeeds(async () => {
    const [done] = there.entries('StepDone')
    const posted = await until(
      () => slack.calls('chat.postMessage').find(({ args }) => JSON.stringify(args).includes(` #${done?.seq} · `)),
      'the line in the other channel',
    )
    expect(posted.at - Date.parse(done?.at ?? '')).toBeLessThanOrEqual(seconds === 30 ? 1_000 : 500)
  })
  // The world goes on as it began.
  await world.program().stop()
  await world.start()
}

/** Milliseconds until a person has the private answer to a command. */
async function answered({ world }: Run, incident: Case): Promise<number> {
  const ana = incident.as('ana')
  const before = ana.actor.sees().filter(({ ephemeral }) => ephemeral).length
  const began = performance.now()
  await ana.actor.command(`/autentico status ${incident.id}`, { channel: incidentChannel.id })
  await until(
    () =>
      world.stage.slack
        .as('ana')
        .sees()
        .filter(({ ephemeral }) => ephemeral).length > before
        ? true
        : undefined,
    'the private answer',
  )
  return performance.now() - began
}

/** The best of three: what the machine does besides is no part of it. */
async function quickest(measure: () => Promise<number>): Promise<number> {
  const all: number[] = []
  for (let n = 0; n < 3; n += 1) all.push(await measure())
  return Math.min(...all)
}

/** How often the poster has said that it tries again later. */
function failures({ world }: Run): number {
  return world.lines().filter((line) => line.includes('"follower":"poster"')).length
}
