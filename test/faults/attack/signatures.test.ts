import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { recordedOf } from '#/deciders/incidents.ts'
import { cast } from '#/drill/cast.ts'
import { ledgerOf } from '../../support/incident-flow.ts'
import { fault } from '../harness/fault.ts'
import type { World } from '../harness/world.ts'
import { overHttp } from '../slack/slack-http.ts'
import { approvalOf, form, formOf, headersOf, type Letter, post, proof } from './letters.ts'

/** The same approval, each time with something about its proof that is not right, and the answer that it has to get. */
const forgeries: Readonly<Record<string, (world: World, body: string) => readonly [Letter, number]>> = {
  missing: (_world, body) => [{ body, headers: [form] }, 401],
  'without its time': (world, body) => {
    const { signature } = proof(world, body)
    return [{ body, headers: [form, ['x-slack-signature', signature]] }, 401]
  },
  'made with another secret': (world, body) => [
    { body, headers: headersOf(proof(world, body, { secret: 'what mallory guessed' })) },
    401,
  ],
  'of another body': (world, body) => [{ body: `${body}&more=1`, headers: headersOf(proof(world, body)) }, 401],
  'of a time long ago': (world, body) => [{ body, headers: headersOf(proof(world, body, { skew: -301 })) }, 401],
  'of a time to come': (world, body) => [{ body, headers: headersOf(proof(world, body, { skew: 120 })) }, 401],
  'for another time than it says': (world, body) => {
    const { at, signature } = proof(world, body, { skew: -400 })
    return [{ body, headers: headersOf({ at: String(Number(at) + 400), signature }) }, 401]
  },
  'of a later version': (world, body) => {
    const { at, signature } = proof(world, body)
    return [{ body, headers: headersOf({ at, signature: signature.replace('v0=', 'v1=') }) }, 401]
  },
  'in capitals': (world, body) => {
    const { at, signature } = proof(world, body)
    return [{ body, headers: headersOf({ at, signature: `v0=${signature.slice(3).toUpperCase()}` }) }, 401]
  },
  'cut short': (world, body) => {
    const { at, signature } = proof(world, body)
    return [{ body, headers: headersOf({ at, signature: signature.slice(0, -2) }) }, 401]
  },
  'there twice': (world, body) => {
    const { at, signature } = proof(world, body)
    const twice = [...headersOf({ at, signature: `v0=${'0'.repeat(64)}` }), ['x-slack-signature', signature] as const]
    return [{ body, headers: twice }, 401]
  },
  'right, on another kind of content': (world, body) => [
    { body, headers: [['content-type', 'text/plain'], ...headersOf(proof(world, body)).slice(1)] },
    415,
  ],
  'missing, on what calls itself a check of TLS': (_world, body) => [
    { body: `ssl_check=1&${body}`, headers: [form] },
    401,
  ],
  'of what is inside a compressed body': (world, body) => [
    { body: gzipSync(body), headers: [...headersOf(proof(world, body)), ['content-encoding', 'gzip']] },
    415,
  ],
}

fault({
  id: 'F30',
  title: 'an approval over HTTP whose signature is not right',
  ci: 2,
  nightly: 700,
  variants: Object.keys(forgeries),
  world: await overHttp(),
  async run(run) {
    const { world, variant, struck, succeeds, proves } = run
    const incident = await run.asked()
    const [letter, status] = forgeries[variant]?.(world, formOf(approvalOf(incident))) ?? []
    if (letter === undefined) throw new Error(`there is no forgery called ${variant}`)
    const before = entriesBy(world, cast.bao.user)
    expect(await post(world, letter)).toBe(status)
    struck()
    expect(incident.step(1).status).toBe('requested')
    expect(entriesBy(world, cast.bao.user)).toBe(before)
    await succeeds(async () => incident.approve())
    await proves(incident)
    expect(incident.entries('StepApproved')).toHaveLength(1)
  },
})

/** How many entries there are of what this person did. */
function entriesBy({ stage }: World, user: string): number {
  using ledger = ledgerOf(stage)
  return ledger
    .read({ after: 0, limit: 100_000 })
    .map(recordedOf)
    .filter(({ actor }) => 'slack' in actor && actor.slack.user === user).length
}
