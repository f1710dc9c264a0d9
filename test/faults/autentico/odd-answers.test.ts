import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { How } from '#/drill/autentico/faults.ts'
import { until } from '#/drill/crew.ts'
import { liveSessions } from '../../flows/machine/machine.ts'
import { fault, type Run } from '../harness/fault.ts'
import { callsOf, spoil, toldThatItFailed, tryAgain, wasReadBetween } from './spoiling.ts'
import { openTrap } from './trap.ts'

type Unknown = {
  readonly how: How
  /** What people are told while it is not known whether it happened. */
  readonly waits: RegExp
}

/** No whole answer came, so nobody knows whether it happened: it is read, and only then done again. */
const unknown: Readonly<Record<string, Unknown>> = {
  'never answers': { how: 'timeout', waits: /may or may not have happened/ },
  'never answers, and it was done': { how: 'timeout-after-effect', waits: /may or may not have happened/ },
  'answers after the time limit': { how: { delayMs: 11_000 }, waits: /may or may not have happened/ },
  'answers after 30 s': { how: { delayMs: 30_000 }, waits: /may or may not have happened/ },
  'reset before it was done': { how: 'reset-before', waits: /may or may not have happened/ },
  'reset in the middle of the answer': { how: 'truncate', waits: /may or may not have happened/ },
  'reset in place of the answer': { how: 'reset-after-effect', waits: /may or may not have happened/ },
}

const isUnknown = {
  id: 'F14',
  title: 'no whole answer comes: what is true is read before anything is done again',
  budgetMs: 60_000,
  run: readsBeforeRepeating,
} as const

fault({
  ...isUnknown,
  ci: 1,
  nightly: 50,
  variants: Object.keys(unknown).filter((name) => name !== 'answers after 30 s'),
})
fault({ ...isUnknown, ci: 0, nightly: 5, variants: ['answers after 30 s'] })

/** A whole answer that is not the documented one to this call: it did not happen, and a person looks into it. */
const strange: Readonly<Record<string, How>> = {
  'a page with 200': 'html',
  '200 and the body of an error': { status: 200, body: '{"error":"server_error"}' },
}

fault({
  id: 'F14',
  title: 'an answer that is not the documented one is no success',
  ci: 1,
  nightly: 50,
  variants: Object.keys(strange),
  async run(run) {
    const incident = await run.asked()
    spoil(run, incident, { how: strange[run.variant] ?? 'html' })
    await incident.approve()
    expect(await toldThatItFailed(incident)).toMatch(/not as documented, so it did not happen/)
    run.struck()
    expect(liveSessions(run.world.stage, incident.username)).toBe(1)
    await tryAgain(incident)
    await run.proves(incident)
    await run.succeeds(() => expect(callsOf(run, incident)).toHaveLength(2))
  },
})

fault({
  id: 'F14',
  title: 'a redirect to another host is not followed, by a call or by a sign-in',
  ci: 1,
  nightly: 25,
  variants: ['302', '307'],
  async run(run) {
    await using trap = await openTrap()
    const { control } = run.world.stage.autentico
    const how = { status: Number(run.variant), headers: { Location: `${trap.url}/oauth2/token` } }
    const incident = await run.asked()
    spoil(run, incident, { how })
    await incident.approve()
    expect(await toldThatItFailed(incident)).toMatch(/answered with a redirect .* not followed\. Check AUTENTICO_URL/)
    run.struck()

    // The password of the bot would go along with a sign-in.
    await incident.ask(1)
    spoil(run, incident, { how: { status: 401 } })
    control.fail({ method: 'POST', path: '/oauth2/token', how })
    await incident.approve()
    await incident.happens('StepFailed', ({ event }) => /token was answered with a redirect/.test(event.sentence))
    await tryAgain(incident)
    await run.proves(incident)
    await run.succeeds(() => expect(trap.caught).toEqual([]))
  },
})

const flood = 100 * 1024 * 1024

fault({
  id: 'F14',
  title: 'an answer of 100 MB is not taken in',
  ci: 1,
  nightly: 25,
  variants: ['to a change', 'to a read-back'],
  async run(run) {
    const incident = await run.asked()
    if (run.variant === 'to a change') spoil(run, incident, { how: { floodBytes: flood } })
    // The first read is of what is there before.
    else spoil(run, incident, { method: 'GET', ending: '/idp-sessions', how: { floodBytes: flood }, letThrough: 1 })
    const before = mostMemoryOf(run)
    await incident.approve()
    if (run.variant === 'to a change') {
      await incident.happens('WorkWaits', ({ event }) => /larger than the limit.* Read the state first/.test(event.why))
    } else {
      const done = await incident.happens('StepDone')
      expect(done.event.proven).toBe(false)
      await tryAgain(incident)
    }
    run.struck()
    await run.proves(incident)
    await run.succeeds(() => expect(mostMemoryOf(run) - before).toBeLessThan(64 * 1024 * 1024))
  },
})

fault({
  id: 'F14',
  title: 'a connection that dies after the answer: the next call takes another one',
  ci: 1,
  nightly: 50,
  async run(run) {
    const incident = await run.asked()
    spoil(run, incident, { how: 'reset-after-answer' })
    await incident.approve()
    await run.proves(incident)
    run.struck()
    await run.succeeds(() => expect(callsOf(run, incident)).toHaveLength(1))
  },
})

async function readsBeforeRepeating(run: Run): Promise<void> {
  const { how, waits } = unknown[run.variant] ?? { how: 'timeout', waits: /^/ }
  const incident = await run.asked()
  spoil(run, incident, { how })
  await incident.approve()
  await incident.happens('WorkWaits', ({ event }) => waits.test(event.why))
  run.struck()
  await run.proves(incident)
  // A late one is still on its way there; it must not find anything to do.
  const late = typeof how === 'object' ? 2 : 1
  const calls = await until(() => atLeast(callsOf(run, incident), late), 'the late call to end', 40_000)
  await run.succeeds(() => {
    expect(calls.filter(({ changed }) => changed)).toHaveLength(1)
    expect(incident.entries('StepDone')).toHaveLength(1)
    expect(liveSessions(run.world.stage, incident.username)).toBe(0)
    const [first, second] = calls
    if (late === 1 && first !== undefined && second !== undefined) expect(wasReadBetween(run, first, second)).toBe(true)
  })
}

/** The most memory the program has ever held, in bytes. */
function mostMemoryOf({ world }: Run): number {
  const status = readFileSync(`/proc/${world.program().pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

function atLeast<T>(all: readonly T[], count: number): readonly T[] | undefined {
  return all.length >= count ? all : undefined
}
