import { expect, test } from 'vitest'
import { cast, type Person } from '#/drill/cast.ts'
import { until } from '#/drill/crew.ts'
import { approveOn, copyOf, timesTold } from '../../faults/people/clicks.ts'
import { changes } from '../../flows/machine/machine.ts'
import { complaintsOf } from '../../support/incident-flow.ts'
import { playedOn } from './scene.ts'

const people = 50
const clicksEach = 20

/** Approvers without a part in any other story. */
const crowd = Array.from({ length: people - 2 }, (_, index): Person => {
  const handle = `approver-${String(index + 1).padStart(2, '0')}`
  const user = `U0${handle.toUpperCase().replace('-', '')}`
  return { user, handle, name: `Approver ${index + 1}`, email: `${handle}@acme.test`, part: 'responder' }
})

const scene = playedOn({ slack: { people: [...Object.values(cast), ...crowd] } })

test(`${people * clicksEach} clicks by ${people} people on one request, all at once: one outcome, one effect, and every click is answered`, {
  timeout: 150_000,
}, async () => {
  const incident = await scene.asked()
  const copy = copyOf(incident, 'bao')
  const clickers = ['bao', 'chi', ...crowd.map(({ user }) => user)]
  const clicks = clickers.flatMap((who) =>
    Array.from({ length: clicksEach }, async () => approveOn(incident, who, copy)),
  )
  await Promise.all(clicks)

  await incident.untilProven(1)
  await until(
    () => (incident.entries('ClickRefused').length >= clicks.length - 1 ? true : undefined),
    'every other click on record',
    100_000,
  )
  const approved = incident.entries('StepApproved')
  const refused = incident.entries('ClickRefused')
  expect(approved).toHaveLength(1)
  expect(refused).toHaveLength(clicks.length - 1)
  // A Slack that is this busy may not say in time who somebody is; that is an answer, and it lets nobody through.
  for (const { event } of refused) expect(['already_decided', 'standing_unknown']).toContain(event.refusal)
  expect(refused.filter(({ event }) => event.refusal === 'already_decided').length).toBeGreaterThan(0)
  expect(changes(scene.stage(), incident.username, 'revoke-sessions')).toEqual([204])

  const byWhom = [...approved, ...refused].map(({ actor }) => ('slack' in actor ? actor.slack.user : ''))
  for (const who of clickers) {
    const { id } = scene.stage().slack.as(who).user()
    const own = byWhom.filter((user) => user === id).length
    expect(own).toBe(clicksEach)
    const wins = approved.filter(({ actor }) => 'slack' in actor && actor.slack.user === id).length
    await until(
      () =>
        timesTold(incident, who, /Already approved by @|Slack did not say who you are/) >= clicksEach - wins
          ? true
          : undefined,
      `${who} to be told ${clicksEach - wins} times`,
      100_000,
    )
  }
  expect(complaintsOf(scene.program())).toEqual([])
})

test('as many at once, half of them to deny it: one outcome, and it is what the first entry says', async () => {
  const incident = await scene.asked()
  const copy = copyOf(incident, 'bao')
  const some = ['bao', 'chi', ...crowd.slice(0, 18).map(({ user }) => user)]
  const yes = some.filter((_, index) => index % 2 === 0)
  const no = some.filter((_, index) => index % 2 === 1)
  await Promise.all(no.map(async (who) => incident.as(who).actor.pressStale(copy, 'deny')))
  await Promise.all([
    ...yes.map(async (who) => approveOn(incident, who, copy)),
    ...no.map(async (who) => incident.as(who).fillIn('Deny', { 'Why not': 'Not this one' })),
  ])
  await until(() => (incident.entries('ClickRefused').length >= some.length - 1 ? true : undefined), 'the other clicks')
  const outcomes = [...incident.entries('StepApproved'), ...incident.entries('StepDenied')]
  expect(outcomes).toHaveLength(1)
  expect(incident.entries('ClickRefused')).toHaveLength(some.length - 1)
  const denied = outcomes[0]?.event.type === 'StepDenied'
  if (!denied) await incident.untilProven(1)
  expect(changes(scene.stage(), incident.username, 'revoke-sessions')).toEqual(denied ? [] : [204])
})
