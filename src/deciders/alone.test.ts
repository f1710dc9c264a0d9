import { expect, onTestFinished, test } from 'vitest'
import { builtIn } from '#/configuration/playbooks.ts'
import type { Command } from '#/incident/commands.ts'
import type { IncidentId } from '#/incident/events.ts'
import { glassPending } from '#/incident/glass-state.ts'
import { holdInForce } from '#/incident/hold-state.ts'
import { temporaryLedger } from '#/ledger/test-support.ts'
import {
  applied,
  approves,
  asks,
  breaks,
  breaksNow,
  check,
  doneResult,
  effect,
  expires,
  holds,
  lifted,
  opens,
  type Pressed,
  proven,
  reports,
  settles,
  shownRequest,
  snapshots,
  start,
  steps,
  unproven,
  withGlass,
} from '../../test/support/stories.ts'
import { createIncidents } from './incidents.ts'

const minute = 60_000

/** A ledger under two clocks of ours, and a program that may be started again. */
function desk() {
  const { ledger, ...store } = temporaryLedger()
  onTestFinished(() => store[Symbol.dispose]())
  const clocks = { wall: Date.parse(start), steady: 0 }
  const rules = { policy: withGlass(), sweepDelayMs: 10 * minute, legalDeadlineMs: 72 * 60 * minute }
  const begin = () =>
    createIncidents({ ledger, rules, now: () => new Date(clocks.wall), monotonic: () => clocks.steady })
  let incidents = begin()
  const does = (id: IncidentId, ...acts: readonly (Command | Pressed)[]): void => {
    for (const act of acts) {
      const incident = incidents.find(id)
      if (incident === undefined) throw new Error(`${id} was never opened`)
      const executed = incidents.execute(id, typeof act === 'function' ? act(incident) : act)
      if (executed.kind === 'refused') throw new Error(executed.sentence)
    }
  }
  const open = (change: Parameters<typeof opens>[0] = {}): IncidentId => {
    const executed = incidents.execute('new', opens(change))
    if (executed.kind === 'refused') throw new Error(executed.sentence)
    does(executed.incident.id, snapshots as Pressed)
    return executed.incident.id
  }
  const phase = (id: IncidentId) => {
    const incident = incidents.find(id)
    return incident === undefined ? undefined : (holdInForce(incident)?.phase ?? 'over')
  }
  return {
    clocks,
    does,
    open,
    phase,
    incidents: () => incidents,
    restart: () => void (incidents = begin()),
  }
}

test('a hold lasts no longer because the clock was set back', () => {
  const { clocks, does, open, phase } = desk()
  const id = open()
  does(id, holds(), applied())
  clocks.wall -= 60 * minute
  clocks.steady += 30 * minute
  does(id, expires)
  expect(phase(id)).toBe('ending')
})

test('a hold that ran out while no program ran is over at the next start', () => {
  const { clocks, does, open, phase, restart } = desk()
  const id = open()
  does(id, holds(), applied())
  clocks.wall += 45 * minute
  restart()
  does(id, expires, settles, lifted)
  expect(phase(id)).toBe('over')
})

test('a hold in one incident lifts nothing when two people had the account suspended in another', () => {
  const { does, open, phase } = desk()
  const first = open()
  const second = open({ playbook: builtIn('admin-account-compromise') })
  const asked = [
    ...[steps.sessions, steps.password, steps.mfa].flatMap(proven),
    ...unproven(steps.passkeys),
    asks(steps.passkeys, { kind: 'suspend' }),
    reports('prepare', { kind: 'prepared', effect: effect() }),
  ]
  does(second, ...(asked as readonly (Command | Pressed)[]))
  does(first, holds(), applied())
  expect(() => does(second, holds('bao'))).toThrow('on hold already')
  does(second, approves(), reports('run', doneResult({ checks: [check('suspend-account')] })))
  expect(phase(first)).toBe('over')
})

test('a glass is not broken sooner because the clock was set ahead, but for a restart', () => {
  const { clocks, does, open, incidents, restart } = desk()
  const id = open()
  does(id, ...(shownRequest(steps.sessions) as readonly (Command | Pressed)[]), breaks())
  const isPending = () => glassPending(incidents().find(id) ?? { glass: new Map(), requests: new Map() }).length > 0
  clocks.wall += 10 * minute
  does(id, breaksNow())
  expect(isPending()).toBe(true)
  clocks.steady += 10 * minute
  does(id, breaksNow())
  expect(isPending()).toBe(false)
  expect(
    incidents()
      .find(id)
      ?.requests.get('r1' as never)?.end.kind,
  ).toBe('alone')
  restart()
  does(id, breaksNow())
  expect(
    incidents()
      .timeline(id)
      .filter(({ event }) => event.type === 'GlassBroken'),
  ).toHaveLength(1)
})
