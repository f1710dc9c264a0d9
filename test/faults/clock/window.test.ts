import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { until } from '#/drill/crew.ts'
import { fault } from '../harness/fault.ts'
import { approveOn, copyOf } from '../people/clicks.ts'
import { overHttp } from '../slack/slack-http.ts'

const second = 1_000

/** By how much the clock of the machine is off, and what its log says of requests whose stamps it cannot believe. */
const settings: Readonly<Record<string, { readonly off: number; readonly said: string }>> = {
  'six minutes ahead': { off: 360 * second, said: 'the clock of this machine is ahead' },
  'two minutes back': { off: -120 * second, said: 'the clock of this machine is behind' },
}

const preload = join(import.meta.dirname, 'shifted-clock.ts')
const http = await overHttp()

fault({
  id: 'F25',
  title:
    'over HTTP a clock that is off by more than the window refuses what Slack signed, says why, and takes it again',
  ci: 1,
  nightly: 12,
  variants: Object.keys(settings),
  world: {
    ...http,
    before: (stage) =>
      Promise.resolve({ NODE_OPTIONS: `--import=${preload}`, CLOCK_OFFSET_FILE: join(stage.dir, 'clock-offset') }),
  },
  async run({ asked, variant, world, struck, proves, succeeds }) {
    const { off, said } = settings[variant] ?? { off: 0, said: '' }
    const file = join(world.stage.dir, 'clock-offset')
    rmSync(file, { force: true })
    const incident = await asked()
    const copy = copyOf(incident, 'chi')
    writeFileSync(file, String(off))
    await approveOn(incident, 'chi', copy)
    const { lines } = world.program()
    await until(() => (lines.some((line) => line.includes(said)) ? true : undefined), `the log to say that ${said}`)
    struck()
    expect(incident.entries('StepApproved')).toEqual([])
    rmSync(file)
    await succeeds(async () => incident.approve())
    await proves(incident)
  },
})
