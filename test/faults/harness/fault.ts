import { afterAll, describe, expect, test } from 'vitest'
import { signIn } from '../../flows/machine/machine.ts'
import { type Case, ledgerOf, openFor, reloadEverybody } from '../../support/incident-flow.ts'
import { checkInvariants, type Invariant } from './invariants.ts'
import { planFrom, runsOf } from './plan.ts'
import { type Random, randomFrom } from './random.ts'
import { openWorld, type World, type WorldOptions } from './world.ts'

/** A fault of the list, and how it is tried. */
export type Fault = {
  /** As in the list: `F1`. */
  readonly id: string
  readonly title: string
  /** Runs of each variant, for each commit and in the long run. */
  readonly ci: number
  readonly nightly: number
  /** The ways in which it strikes. */
  readonly variants?: readonly string[]
  readonly world?: WorldOptions
  /** How long the program may take to get over it. Default 30 s. */
  readonly budgetMs?: number
  readonly except?: readonly Invariant[]
  /** One run: brings the fault about, and says so with `struck`. What has to hold after every run is checked afterwards. */
  readonly run: (run: Run) => Promise<void>
}

/** One run of a fault. */
export type Run = {
  readonly world: World
  readonly variant: string
  readonly seed: number
  /** Everything that is left to chance comes from here, so that the seed brings it again. */
  readonly random: Random
  /** The fault really happened. A run in which it never did has tried nothing, and fails. */
  readonly struck: () => void
  /** Opens an incident for an account that has a live session. */
  readonly open: (username?: string) => Promise<Case>
  /** An incident that was opened in another way; it is checked like the others. */
  readonly adopt: (incident: Case) => void
  /** As `open`, and the first step is asked for. */
  readonly asked: (username?: string) => Promise<Case>
  /** Waits until the step is proven. Each call is one step that should succeed (I8). */
  readonly proves: (incident: Case, step?: number) => Promise<void>
  /** One thing more that should succeed (I8): counted as tried before, and as succeeded after it. */
  readonly succeeds: (what: () => Promise<void> | void) => Promise<void>
}

/** What `npm run faults` adds up, on each test. */
export type FaultMeta = {
  readonly id: string
  readonly title: string
  readonly variant: string
  readonly seed: number
  readonly tried: number
  readonly succeeded: number
}

declare module 'vitest' {
  interface TaskMeta {
    fault?: FaultMeta
  }
}

/** Registers the planned runs of a fault as tests that share a world for as long as all goes well. */
export function fault({ variants = [''], budgetMs = 30_000, except = [], ...what }: Fault): void {
  const plan = planFrom(process.env)
  const runs = runsOf({ ...what, variants }, plan)
  if (runs.length === 0) return
  describe(`${what.id} ${what.title}`, () => {
    let world: World | undefined
    const discard = async (): Promise<void> => {
      await world?.[Symbol.asyncDispose]()
      world = undefined
    }
    afterAll(discard)

    test.for(runs)(
      '$variant (seed $seed)',
      { timeout: budgetMs * 3 + 30_000 },
      async ({ variant, seed }, { task, skip }) => {
        if (Date.now() > plan.until) skip('the time for this run was over')
        if (world !== undefined && world.accountsLeft() < 10) await discard()
        world ??= await openWorld(what.world)
        const count = { tried: 0, succeeded: 0, struck: 0 }
        const cases: Case[] = []
        const told = (): void => {
          const { id, title } = what
          task.meta.fault = { id, title, variant, seed, tried: count.tried, succeeded: count.succeeded }
        }
        told()
        const run = runIn(world, { variant, seed, count, cases, budgetMs })
        try {
          const since = sinceNow(world)
          await world.up()
          await endsWithin(budgetMs * 3 + 15_000, what.run(run))
          expect(count.struck, 'the fault never happened: this run has tried nothing').toBeGreaterThan(0)
          await checkInvariants({ world, cases, since, budgetMs, except })
          expect(count.tried, 'nothing was to succeed: this run proves nothing (I8)').toBeGreaterThan(0)
        } catch (error) {
          const log = lastLines(world)
          // Whatever it left behind is not for the next run.
          await discard()
          throw new Error(
            `${message(error)}\n\nagain: npm run faults -- --only ${what.id}${variant === '' ? '' : ` --variant '${variant}'`} --seed ${seed}\n${log}`,
            {
              cause: error,
            },
          )
        } finally {
          told()
        }
      },
    )
  })
}

/** The form says when accounts cannot be looked up in time, as on a machine that is busy, and people send it again. */
async function openedAtLast({ stage }: World, username: string): Promise<Case> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await openFor(stage, username)
    } catch (error) {
      if (tries === 3 || !(error instanceof Error) || !error.message.startsWith('no incident was opened')) throw error
      reloadEverybody(stage)
    }
  }
}

/** A run that hangs is given up before the test runner does, so that its world is taken away before the next run begins. */
async function endsWithin(ms: number, running: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`the run had not ended after ${ms / 1000} s`)), ms)
  try {
    await Promise.race([running, late.promise])
  } finally {
    clearTimeout(timer)
    running.catch(() => undefined)
  }
}

function runIn(
  world: World,
  {
    variant,
    seed,
    count,
    cases,
    budgetMs,
  }: {
    readonly variant: string
    readonly seed: number
    readonly count: { tried: number; succeeded: number; struck: number }
    readonly cases: Case[]
    readonly budgetMs: number
  },
): Run {
  const succeeds = async (what: () => Promise<void> | void): Promise<void> => {
    count.tried += 1
    await what()
    count.succeeded += 1
  }
  const open = async (username = world.nextAccount()): Promise<Case> => {
    await signIn(world.stage, username)
    const opened = await openedAtLast(world, username)
    cases.push(opened)
    return opened
  }
  return {
    world,
    variant,
    seed,
    random: randomFrom(seed),
    struck: () => {
      count.struck += 1
    },
    open,
    adopt: (incident) => void cases.push(incident),
    async asked(username) {
      const incident = await open(username)
      await incident.ask(1)
      return incident
    },
    proves: async (incident, step = 1) => succeeds(async () => incident.untilProven(step, budgetMs)),
    succeeds,
  }
}

function sinceNow({ stage }: World): { readonly calls: number; readonly deliveries: number; readonly seq: number } {
  const { autentico, slack } = stage
  return { calls: autentico.control.calls.length, deliveries: slack.deliveries().length, seq: seqNow(stage) }
}

function seqNow(stage: World['stage']): number {
  try {
    using ledger = ledgerOf(stage)
    return ledger.size()
  } catch {
    return 0 // The program has not been started yet.
  }
}

function lastLines(world: World): string {
  const lines = world.lines()
  return `the last that the program logged:\n${lines.slice(-15).join('\n')}`
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
