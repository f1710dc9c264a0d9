import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { expect } from 'vitest'
import { fault } from '../harness/fault.ts'
import type { World } from '../harness/world.ts'
import { overHttp } from '../slack/slack-http.ts'
import { approvalOf, formOf, type Letter, portOf, post, signed } from './letters.ts'

const program = `
  const { url, body, headers } = JSON.parse(process.argv[1])
  const answer = await fetch(url, { method: 'POST', body, headers })
  console.log(answer.status)
`

/** Sends it from a process that the program has never heard of. */
async function postElsewhere(world: World, { body, headers }: Letter): Promise<number> {
  const url = `http://127.0.0.1:${portOf(world)}/slack/events`
  const what = JSON.stringify({ url, body: body.toString(), headers: Object.fromEntries(headers) })
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, what], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return Number(await text(child.stdout))
}

const ways: Readonly<Record<string, (world: World, letter: Letter) => Promise<readonly number[]>>> = {
  'on another connection': async (world, letter) => [await post(world, letter)],
  'ten times at once': async (world, letter) =>
    Promise.all(Array.from({ length: 10 }, async () => post(world, letter))),
  'from another process': async (world, letter) => [await postElsewhere(world, letter)],
  'as a retry of Slack': async (world, { body, headers }) => [
    await post(world, { body, headers: [...headers, ['x-slack-retry-num', '1']] }),
  ],
  'after a restart': async (world, letter) => {
    await world.program().stop()
    await world.start()
    return [await post(world, letter)]
  },
  'after a kill': async (world, letter) => {
    await world.program().kill()
    await world.start()
    return [await post(world, letter)]
  },
}

fault({
  id: 'F31',
  title: 'an approval that was accepted, sent again byte for byte',
  ci: 2,
  nightly: 170,
  variants: Object.keys(ways),
  world: await overHttp(),
  async run(run) {
    const { world, variant, struck, succeeds, proves } = run
    const incident = await run.asked()
    const letter = signed(world, formOf(approvalOf(incident)))
    await succeeds(async () => {
      expect(await post(world, letter)).toBe(200)
    })
    await proves(incident)
    const answers = (await ways[variant]?.(world, letter)) ?? []
    struck()
    expect(answers.length).toBeGreaterThan(0)
    expect(new Set(answers)).toEqual(new Set([401]))
    // It is not that nothing is let in any more.
    await succeeds(async () => void (await incident.ask(2)))
    expect(incident.entries('StepApproved')).toHaveLength(1)
    expect(incident.entries('ClickRefused')).toEqual([])
  },
})
