import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { until } from '#/drill/crew.ts'
import { changes } from '../../flows/machine/machine.ts'
import { fault } from '../harness/fault.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

/** By how much the clock of the program is off from then on; given is the time of the moment. */
const settings: Readonly<Record<string, (now: number) => number>> = {
  'an hour ahead': () => hour,
  'an hour back': () => -hour,
  'five minutes ahead': () => 5 * minute,
  'five minutes back': () => -5 * minute,
  'ten seconds back': () => -10 * second,
  1970: (now) => Date.UTC(1970, 0, 1, 12) - now,
  2038: (now) => Date.UTC(2038, 0, 19, 3, 14, 0) - now,
  'a leap second twice': () => -second,
  // One minute later it is an hour earlier there.
  'summer time ends': (now) => Date.UTC(2026, 9, 25, 0, 59, 58) - now,
}

const preload = join(import.meta.dirname, 'shifted-clock.ts')

fault({
  id: 'F25',
  title:
    'the clock of the machine is set in the middle of an incident, and back again: entries stay in order, and it goes on',
  ci: 1,
  nightly: 12,
  variants: Object.keys(settings),
  // It compares the program's times with the true ones; the order of the entries is looked at below in its place.
  except: ['I3'],
  world: {
    before: (stage) =>
      Promise.resolve({
        NODE_OPTIONS: `--import=${preload}`,
        CLOCK_OFFSET_FILE: join(stage.dir, 'clock-offset'),
        TZ: 'Europe/Berlin',
      }),
  },
  async run({ asked, variant, world, struck, proves, succeeds }) {
    const file = join(world.stage.dir, 'clock-offset')
    rmSync(file, { force: true })
    const incident = await asked()
    const asking = incident.state().lastSeq
    const offset = settings[variant]?.(Date.now()) ?? 0
    writeFileSync(file, String(offset))
    if (offset > 10 * minute) {
      // Its time is over by the new clock: that is said, and asked for again.
      await incident.happens('RequestExpired')
      await incident.ask(1)
    }
    await incident.approve()
    await proves(incident)
    const [approved] = incident.entries('StepApproved')
    const [done] = incident.entries('StepDone')
    if (Math.abs(Date.parse(approved?.at ?? '') - Date.now() - offset) < 30 * second) struck()
    await succeeds(() => {
      expect(approved?.seq).toBeGreaterThan(asking)
      expect(done?.seq).toBeGreaterThan(approved?.seq ?? 0)
      expect(changes(world.stage, incident.username, '/revoke-sessions')).toEqual([204])
    })
    rmSync(file)
    await succeeds(async () => {
      await incident.ask(2)
      await incident.approve()
      await incident.untilProven(2)
      await until(() => (incident.card().text.includes('2 of 5 proven') ? true : undefined), 'the card of two steps')
    })
  },
})
