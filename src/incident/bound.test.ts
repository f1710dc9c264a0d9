import { expect, test } from 'vitest'
import type { Rule } from '#/policy/policy.ts'
import { around, given, play, standard } from '../../test/support/given.ts'
import {
  approves,
  asks,
  doneResult,
  effect,
  minute,
  newestRequest,
  reports,
  running,
  shownRequest,
  standing,
  start,
  steps,
  underWay,
} from '../../test/support/stories.ts'
import { found, ids, reviewed, strangeClient, wholeUnderWay } from '../../test/support/whole-instance.ts'
import { shown } from './requests.ts'
import type { OpenedIncident, Request } from './state.ts'
import type { Surroundings } from './surroundings.ts'
import type { Effect } from './work.ts'

const asked = [...underWay, ...shownRequest(steps.sessions)]
const { incident } = play(...asked)
const request = newestRequest(incident)
const world = around(start)

type Picture = {
  readonly incident: OpenedIncident
  readonly request: Request
  readonly effect: Effect
  readonly world: Surroundings
}
const picture: Picture = { incident, request, effect: effect(), world }

function digestOf(change: Partial<Picture>): string {
  const now = { ...picture, ...change }
  const event = shown(now.incident, { request: now.request, effect: now.effect }, now.world)
  return event.type === 'RequestShown' ? event.digest : ''
}

const rule = (change: Partial<Rule>): Partial<Picture> => ({
  world: { ...world, policy: { ...standard, standard: { ...standard.standard, ...change } } },
})
const asking = (change: Partial<Request>): Partial<Picture> => ({ request: { ...request, ...change } })
const does = (change: Partial<Effect>): Partial<Picture> => ({ effect: { ...effect(), ...change } })

/** Everything that an approval is bound to, each changed by itself. */
const changes: Readonly<Record<string, Partial<Picture>>> = {
  'the incident': { incident: { ...incident, id: 'INC-2' as never } },
  'the playbook': { incident: { ...incident, playbookDigest: 'f'.repeat(64) } },
  'the target': { incident: { ...incident, target: { ...incident.target, id: 'cv3kother' as never } } },
  'the request': asking({ id: 'r2' as never }),
  'the step': asking({ step: steps.password }),
  'what is asked for': asking({ kind: 'suspend' }),
  'the action': asking({ action: 'reset-password' }),
  'what was filled in': asking({ inputs: { since: start } }),
  'the answer': asking({ answer: 'yes' }),
  'the reason': asking({ reason: 'Because.' }),
  'what it will do': does({ sentence: 'revoke 4 sessions of alice.' }),
  'the question': does({ question: 'Really?' }),
  'the word on the button': does({ verb: 'Go' }),
  'the warnings': does({ warnings: ['It hurts.'] }),
  'what has to be typed': does({ confirmByTyping: 'alice' }),
  'what the snapshot saw': does({ basis: { sessions: 4 } }),
  'how many have to approve': rule({ approvals: 2 }),
  'who may approve': rule({ from: ['responders'] }),
  'who has to be among them': rule({ including: 'security' }),
  'who may deny': rule({ deny: ['responders'] }),
  'how long it lives': rule({ ttlMs: 1 }),
  'whether it takes a sign-in': rule({ stepUp: true }),
  'whether it takes a reason': rule({ reason: true }),
  'the rest of the policy': { world: { ...world, policyDigest: 'f'.repeat(64) } },
}

test('the same picture has the same digest', () => {
  expect(digestOf({})).toBe(request.shown?.digest)
})

test.each(Object.entries(changes))('an approval is bound to %s', (_what, change) => {
  const digest = digestOf(change)
  expect(digest).not.toBe(request.shown?.digest)
  given(...asked)
    .when(approves(standing('bao'), { digest }))
    .isRefused('shown_differs')
})

test('an approval of what is done about a finding is bound to the finding', () => {
  const story = [
    ...wholeUnderWay,
    ...running(ids.rotate),
    reports('run', doneResult()),
    asks(ids.review, { inputs: { since: minute(-60) } }),
    reports('run', reviewed([strangeClient])),
    asks(found[0], { kind: 'expect', reason: 'Ours.' }),
  ]
  const { incident: whole } = play(...story)
  const one = newestRequest(whole)
  const other = new Map(
    [...whole.found].map(([id, all]) => [
      id,
      all.map((step) =>
        step.found === undefined
          ? step
          : { ...step, found: { ...step.found, finding: { ...step.found.finding, key: 'client:other' } } },
      ),
    ]),
  )
  const effectThen = one.shown?.effect ?? effect()
  const then = digestOf({ incident: whole, request: one, effect: effectThen })
  expect(then).toBe(one.shown?.digest)
  expect(digestOf({ incident: { ...whole, found: other }, request: one, effect: effectThen })).not.toBe(then)
})
