import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { until } from '#/drill/crew.ts'
import type { Delivered } from '#/drill/slack/local-slack.ts'
import type { Case } from '../../support/incident-flow.ts'
import type { Fault, Run } from '../harness/fault.ts'

/** What somebody does that reaches us as one delivery, and what it should leave in the ledger, once. */
type Act = {
  readonly what: string
  readonly does: (incident: Case) => Promise<unknown>
  readonly entries: (incident: Case) => number
}

const ask: Act = {
  what: 'ask',
  does: async (incident) => incident.ask(1),
  entries: (incident) => incident.entries('StepRequested').length,
}
const approve: Act = {
  what: 'approve',
  does: async (incident) => incident.approve(),
  entries: (incident) => incident.entries('StepApproved').length,
}
const note: Act = {
  what: 'note_form',
  async does(incident) {
    await incident.as('ana').pressWhenThere(/^Add note/)
    await incident.as('ana').fillIn('Add to the timeline', { Note: 'The laptop was stolen on Sunday' })
  },
  entries: (incident) => incident.entries('NoteAdded').length,
}

/** A request that is the very same, signature and all, is refused as a replay; Slack signs each try anew, with the second in which it is. */
const sameSecond = 'in the same second'

type Again = (run: Run, redeliver: (delivery?: Delivered) => Promise<void>) => Promise<void>

/** How long after everything was done it comes again, the last first. Slack's own pauses of a minute and five are kept in the long run. */
const pausesMs: Readonly<Record<string, number>> = { 'out of order': 0, 'after 1 min': 60_000, 'after 5 min': 300_000 }

/** In which other ways the same comes again. */
const waysAgain: Readonly<Record<string, Again>> = {
  'twice in parallel': async (_run, again) => void (await Promise.all([again(), again()])),
  'four times in parallel': async (_run, again) => void (await Promise.all([again(), again(), again(), again()])),
  [sameSecond]: async (_run, again) => void (await Promise.all([again(), again()])),
  'after 3 s': async (_run, again) => {
    await pause(3_000)
    await again()
  },
  'after a restart': async ({ world }, again) => {
    await world.program().stop()
    await world.start()
    await nextSecond()
    await again()
  },
  'after a kill': async ({ world }, again) => {
    await world.program().kill()
    await world.start()
    await nextSecond()
    await again()
  },
}

export const repeated: Pick<Fault, 'id' | 'title' | 'run'> = {
  id: 'F19',
  title: 'the same delivery comes again: one effect, one entry, the same acknowledgement',
  run: comesAgain,
}

async function comesAgain(run: Run): Promise<void> {
  const { world, variant, proves, succeeds, struck } = run
  const { slack } = world.stage
  const incident = await run.open()
  const delivered: Delivered[] = []
  const pauseMs = pausesMs[variant]
  if (pauseMs !== undefined) {
    for (const act of [note, ask, approve]) delivered.push(await once(run, incident, act))
    await pause(pauseMs)
    await nextSecond()
    for (const one of delivered.toReversed()) await again(one)
  } else {
    for (const act of [note, ask, approve]) {
      const first = await once(run, incident, act)
      delivered.push(first)
      await waysAgain[variant]?.(run, async () => again(first))
    }
  }
  struck()
  await proves(incident)
  await succeeds(() => {
    expect([note, ask, approve].map(({ entries }) => entries(incident))).toEqual([1, 1, 1])
    expect(incident.entries('ClickRefused').map(({ event }) => event.sentence)).toEqual([])
  })

  async function again(delivery: Delivered): Promise<void> {
    const { kind, payload, reply } = delivery
    if (variant === sameSecond) {
      // The clock may have gone on since.
      const acked = await slack.control.redeliver({ kind, payload })
      expect(acked).toEqual(acked.ok ? { ok: true, payload: reply } : { ok: false, error: 'dispatch_failed' })
      return
    }
    expect(await slack.control.redeliver({ kind, payload })).toEqual({ ok: true, payload: reply })
  }
}

async function nextSecond(): Promise<void> {
  await pause(1_000 - (Date.now() % 1_000))
}

/** Does it, and gives what was delivered for it. */
async function once({ world }: Run, incident: Case, act: Act): Promise<Delivered> {
  const before = world.stage.slack.deliveries().length
  await act.does(incident)
  await until(() => (act.entries(incident) === 1 ? true : undefined), `the entry of ${act.what}`)
  return until(
    () =>
      world.stage.slack
        .deliveries()
        .slice(before)
        .find(({ payload }) => named(payload, act.what)),
    `the delivery of ${act.what}`,
  )
}

function named(payload: Delivered['payload'], what: string): boolean {
  return (
    new RegExp(`"(?:action_id|callback_id)":"${what}"`).test(JSON.stringify(payload)) &&
    !/"type":"block_suggestion"/.test(JSON.stringify(payload))
  )
}
