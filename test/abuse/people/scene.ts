import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import type { Member } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Delivered } from '#/drill/slack/local-slack.ts'
import type { Stage, StageOptions } from '#/drill/stage.ts'
import type { RefusalCode } from '#/incident/refusals.ts'
import { changes } from '../../flows/machine/machine.ts'
import { type Case, type Happened, openFor, quickStage, reloadEverybody } from '../../support/incident-flow.ts'

/** One stage with the real program on it, shared by all the stories of a file. Each story takes an account that nobody has touched. */
export type Scene = {
  readonly stage: () => Stage
  readonly program: () => Program
  /** Ends the program the hard way or the soft way, and starts it again with these settings besides. */
  readonly restart: (how: 'kill' | 'stop', env?: Readonly<Record<string, string>>) => Promise<void>
  /** An incident about an account that no story has used, opened by ana unless said otherwise. */
  readonly open: (by?: string) => Promise<Case>
  /** The same, with its first step asked for and shown. */
  readonly asked: (by?: string) => Promise<Case>
}

/** `prepare`: what is so before the program starts. */
export function playedOn(
  options: StageOptions = {},
  prepare: (stage: Stage) => Promise<void> | void = () => undefined,
): Scene {
  let stage: Stage
  let program: Program
  let used = 0
  beforeAll(async () => {
    stage = await quickStage(options)
    await prepare(stage)
    program = await startProgram(stage.env)
  })
  afterAll(async () => {
    await program[Symbol.asyncDispose]()
    await stage[Symbol.asyncDispose]()
  })
  beforeEach(() => reloadEverybody(stage))
  const open = async (by = 'ana'): Promise<Case> => {
    used += 1
    return openedAtLast(stage, `user-${String(used).padStart(3, '0')}`, by)
  }
  return {
    stage: () => stage,
    program: () => program,
    async restart(how, env = {}) {
      await program[how]()
      program = await startProgram({ ...stage.env, ...env })
    },
    open,
    async asked(by = 'ana') {
      const incident = await open(by)
      await incident.ask(1, by)
      return incident
    },
  }
}

/** On a machine that is very busy a worker may not look an account up in time; then the form is sent again, as it says. */
async function openedAtLast(stage: Stage, target: string, by: string, triesLeft = 3): Promise<Case> {
  try {
    return await openFor(stage, target, { by })
  } catch (error) {
    const isLate = error instanceof Error && /no incident was opened/.test(error.message)
    if (!isLate || triesLeft === 0) throw error
    reloadEverybody(stage)
    return openedAtLast(stage, target, by, triesLeft - 1)
  }
}

/** What speaks against a click is on record, nothing came of it, and the request waits on. `user`: the Slack id of whoever clicked. */
export async function expectNoEffect(
  { stage }: Scene,
  incident: Case,
  { user, code }: { readonly user: string; readonly code: RefusalCode },
): Promise<Happened<'ClickRefused'>> {
  const refused = await incident.happens(
    'ClickRefused',
    ({ actor, event }) => event.refusal === code && 'slack' in actor && actor.slack.user === user,
  )
  expect(incident.entries('StepApproved')).toEqual([])
  expect(
    incident.entries('WorkOrdered').filter(({ event }) => event.mode === 'run' && event.step !== undefined),
  ).toEqual([])
  expect(changes(stage(), incident.username)).toEqual([])
  expect(incident.step(1).status).toBe('requested')
  return refused
}

/** Presses "Approve", which has no effect: they are told why, and it is on record. */
export async function expectTurnedDown(
  scene: Scene,
  incident: Case,
  { who, code }: { readonly who: Member; readonly code: RefusalCode },
): Promise<string> {
  await who.press(/^Approve/)
  const { event } = await expectNoEffect(scene, incident, { user: who.actor.user().id, code })
  await who.toldAlone(event.sentence.slice(0, 40))
  return event.sentence
}

/** The last delivery of this kind. */
export function lastOf(
  { stage }: Scene,
  kind: Delivered['kind'],
  fits: (one: Delivered) => boolean = () => true,
): Delivered {
  const found = stage()
    .slack.deliveries()
    .findLast((one) => one.kind === kind && fits(one))
  if (found === undefined) throw new Error(`nothing of the kind ${kind} was delivered yet`)
  return found
}

/** The last press of a button, as it was delivered. */
export function lastPress(scene: Scene): Delivered {
  return lastOf(scene, 'interactive', ({ payload }) => payload['type'] === 'block_actions')
}

let sent = 0

/** Sends a press once more as Slack would send it for somebody else, or from elsewhere: a click of its own, with a trigger of its own. */
export async function pressAgain(scene: Scene, press: Delivered, changed: object): Promise<void> {
  sent += 1
  const payload = { ...press.payload, ...changed, trigger_id: `abuse.${sent}.${press.at}` }
  await scene.stage().slack.control.redeliver({ kind: press.kind, payload })
}
