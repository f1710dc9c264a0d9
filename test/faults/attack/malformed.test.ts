import { expect } from 'vitest'
import type { JsonObject } from '#/drill/slack/json.ts'
import { fault, type Run } from '../harness/fault.ts'
import { overHttp } from '../slack/slack-http.ts'
import { form, formOf, headersOf, post, proof, signed } from './letters.ts'
import { mutated, realPayloads, rubbish } from './odd-payloads.ts'

const perRun = 50

/** Bodies that are no payload at all; each properly signed. */
const oddBodies: readonly (readonly [string, string | Buffer, string])[] = [
  ['nothing', '', form[1]],
  ['a payload that is no JSON', 'payload={', form[1]],
  ['two payloads', 'payload=%7B%7D&payload=null', form[1]],
  ['half of a character', Buffer.from([0x70, 0x61, 0x79, 0x6c, 0x6f, 0x61, 0x64, 0x3d, 0xc3, 0x28]), form[1]],
  [
    'five thousand brackets',
    formOf('').replace('%22%22', encodeURIComponent('['.repeat(5_000) + ']'.repeat(5_000))),
    form[1],
  ],
  ['JSON that is null', 'null', 'application/json'],
  ['JSON that is a list', '[1,2]', 'application/json'],
  ['JSON with five thousand braces', '{"a":'.repeat(5_000) + '1' + '}'.repeat(5_000), 'application/json'],
  ['a command without fields', 'command=%2Fautentico', form[1]],
]

async function stillWorks({ asked, proves, succeeds }: Run): Promise<void> {
  const incident = await asked()
  await succeeds(async () => incident.approve())
  await proves(incident)
}

fault({
  id: 'F33',
  title: `signed rubbish over HTTP, ${perRun} mutations and every known oddity a run: it is answered in time, and never with yes`,
  ci: 2,
  nightly: 1000,
  world: await overHttp(),
  async run(run) {
    const { world, random, struck, succeeds } = run
    const incident = await run.asked()
    const before = incident.state().lastSeq
    for (const [name, body, type] of oddBodies)
      await succeeds(async () => {
        const letter = {
          body,
          headers: [['content-type', type] as const, ...headersOf(proof(world, body.toString())).slice(1)],
        }
        // What is no UTF-8 has no signature as text; it is refused before that matters.
        expect(await post(world, letter), `${name}`).toBeGreaterThanOrEqual(400)
      })
    for (const one of rubbish)
      await succeeds(async () => {
        expect(
          await post(world, signed(world, formOf(one))),
          `${JSON.stringify(one).slice(0, 80)}`,
        ).toBeGreaterThanOrEqual(400)
      })
    const tooLong = signed(world, formOf({ type: 'block_actions', pad: 'x'.repeat(4_200_000) }))
    await succeeds(async () => {
      // It may be hung up on before all of it was sent.
      expect(await post(world, tooLong).catch(() => 413)).toBe(413)
    })
    const kinds = realPayloads(incident)
    for (let n = 0; n < perRun; n += 1)
      // A mutation may leave a payload that means something; it has to be answered, and approves nothing.
      await succeeds(async () => {
        expect(await post(world, signed(world, formOf(mutated(random.pick(kinds), random))))).toBeGreaterThanOrEqual(
          200,
        )
      })
    struck()
    expect(incident.entries('StepApproved')).toEqual([])
    expect(incident.state().lastSeq).toBeGreaterThanOrEqual(before)
    await incident.approve()
    await run.proves(incident)
    await stillWorks(run)
  },
})

fault({
  id: 'F33',
  title: `rubbish over Socket Mode, ${perRun} mutations and every known oddity a run: it goes on`,
  ci: 2,
  nightly: 1000,
  world: { slack: { ackWithin: 1_500 } },
  // A mutated form may be answered by one that says that nothing was done.
  except: ['I1'],
  async run(run) {
    const { world, random, struck } = run
    const incident = await run.asked()
    const kinds = realPayloads(incident)
    const odd = [...rubbish, ...Array.from({ length: perRun }, () => mutated(random.pick(kinds), random))]
    const acks = await Promise.all(
      odd.map(async (payload) =>
        world.stage.slack.control.redeliver({
          kind: random.pick(['interactive', 'events_api', 'slash_commands'] as const),
          payload: payload as JsonObject,
        }),
      ),
    )
    struck()
    expect(acks).toHaveLength(odd.length)
    expect(incident.entries('StepApproved')).toEqual([])
    await incident.approve()
    await run.proves(incident)
    await stillWorks(run)
  },
})
