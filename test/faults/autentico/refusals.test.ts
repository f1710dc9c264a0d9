import { expect } from 'vitest'
import type { RecordedCall } from '#/drill/autentico/control.ts'
import type { How } from '#/drill/autentico/faults.ts'
import { fault, type Run } from '../harness/fault.ts'
import { callsOf, spoil, toldThatItFailed, tryAgain, wasReadBetween } from './spoiling.ts'

type Answer = {
  readonly how: Extract<How, { readonly status: number }>
  readonly times?: number
  /** At least so many milliseconds lie between a refusal and the next try. */
  readonly leastMs: number
}

/** It may work later: tried again by itself. */
const passing: Readonly<Record<string, Answer>> = {
  '500': { how: { status: 500 }, times: 2, leastMs: 250 },
  '502 with a page of a proxy': {
    how: { status: 502, body: '<html>Bad gateway</html>', headers: { 'Content-Type': 'text/html' } },
    times: 2,
    leastMs: 250,
  },
  '503': { how: { status: 503 }, times: 2, leastMs: 250 },
  '503 with Retry-After': { how: { status: 503, headers: { 'Retry-After': '2' } }, leastMs: 2_000 },
  '504': { how: { status: 504 }, times: 3, leastMs: 250 },
  '429 with Retry-After': { how: { status: 429, headers: { 'Retry-After': '4' } }, leastMs: 4_000 },
  '429 without Retry-After': { how: { status: 429 }, leastMs: 3_000 },
}

const passes = {
  id: 'F13',
  title: 'Autentico refuses for the moment: it is tried again, not before it may',
  run: waitsItsTurn,
} as const

fault({ ...passes, ci: 1, nightly: 50, variants: Object.keys(passing) })
fault({ ...passes, ci: 0, nightly: 5, variants: ['429 with Retry-After 30'], budgetMs: 60_000 })

/** It stays so until somebody does something: nothing is tried again by itself, and people are told what to do. */
const lasting: Readonly<Record<string, Answer['how'] & { readonly calls: number; readonly said: RegExp }>> = {
  // The first one may only mean that the token is too old.
  '401': { status: 401, body: '{"error":"unauthorized"}', calls: 2, said: /Check that AUTENTICO_URL names the server/ },
  '403': { status: 403, body: '{"error":"forbidden"}', calls: 1, said: /needs the role admin/ },
  '404': { status: 404, body: '{"error":"not_found"}', calls: 1, said: /refused .* with 404 not_found/ },
  '409': { status: 409, body: '{"error":"conflict"}', calls: 1, said: /refused .* with 409 conflict/ },
  '400': { status: 400, body: '{"error":"invalid_request"}', calls: 1, said: /refused .* with 400 invalid_request/ },
}

fault({
  id: 'F13',
  title: 'Autentico refuses for good: it stops, and tells a person',
  ci: 1,
  nightly: 50,
  variants: Object.keys(lasting),
  async run(run) {
    const refused = lasting[run.variant]
    if (refused === undefined) throw new Error(`there is no answer ${run.variant}`)
    const { calls: tries, said, ...how } = refused
    const incident = await run.asked()
    spoil(run, incident, { how, times: tries })
    await incident.approve()
    expect(await toldThatItFailed(incident)).toMatch(said)
    run.struck()
    const before = callsOf(run, incident).map(({ status }) => status)
    await tryAgain(incident)
    await run.proves(incident)
    await run.succeeds(() => {
      expect(before).toEqual(Array.from({ length: tries }, () => how.status))
      // Between the failure and the second approval nothing was tried.
      expect(callsOf(run, incident).map(({ status }) => status)).toEqual([...before, 204])
    })
  },
})

async function waitsItsTurn(run: Run): Promise<void> {
  const {
    how,
    times = 1,
    leastMs,
  } = passing[run.variant] ?? { how: { status: 429, headers: { 'Retry-After': '30' } }, leastMs: 30_000 }
  const incident = await run.asked()
  spoil(run, incident, { how, times })
  await incident.approve()
  await incident.happens('WorkWaits', ({ event }) => event.why.includes(String(how.status)))
  run.struck()
  await run.proves(incident)
  const calls = callsOf(run, incident)
  await run.succeeds(() => {
    expect(calls.map(({ status }) => status)).toEqual([...Array.from({ length: times }, () => how.status), 204])
    for (const [n, waited] of gaps(calls).entries())
      expect(waited).toBeGreaterThanOrEqual(leastMs * 2 ** (leastMs === 250 ? n : 0) - 50)
    for (const [n, call] of calls.slice(1).entries()) expect(wasReadBetween(run, calls[n] ?? call, call)).toBe(true)
  })
}

function gaps(calls: readonly RecordedCall[]): readonly number[] {
  return calls.slice(1).map(({ at }, n) => at.getTime() - (calls[n]?.at ?? at).getTime())
}
