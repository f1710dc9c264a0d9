import { afterAll, beforeAll, expect, test } from 'vitest'
import { cast } from '#/drill/cast.ts'
import { until, wordsOf } from '#/drill/crew.ts'
import { approveOn, copyOf } from '../../faults/people/clicks.ts'
import { changes } from '../../flows/machine/machine.ts'
import { type Case, expectTold, reloadEverybody } from '../../support/incident-flow.ts'
import { playedOn } from './scene.ts'

const { chi, bao } = cast

/** Long enough to act in on a busy machine, short enough to be waited for. */
const requestTtl = '8s'

const scene = playedOn({ env: { REQUEST_TTL: requestTtl, APPROVERS: `S0SECURITY,${cast.alice.user},U0GONE` } })
const slack = () => scene.stage().slack

/** Requests that nobody decides. All of them run out while the stories before are played. */
let ignored: Case
let watched: Case
let restarted: Case

beforeAll(async () => {
  ignored = await scene.asked()
  watched = await scene.asked()
  restarted = await scene.asked()
})

afterAll(() => slack().control.changeUser(chi.user, { deactivated: false }))

test('17. no sign of who approved: message, thread and record name the person, and the record their ids', async () => {
  const incident = await scene.asked()
  const asked = await incident.request()
  await incident.approve('bao')
  await incident.untilProven(1)
  await incident.at('ana', asked).reads(/Approved by <@U0BAO> \d\d:\d\d UTC → \*proven\*/)
  await incident.as('ana').reads(/@bao\* approved: Revoke all sessions/)
  expect(incident.entries('StepApproved')[0]?.actor).toEqual({ slack: { team: 'T0ACME', user: bao.user }, name: 'bao' })
})

test('18. the requester was not told of the decision: the message that names them says it, with the reason of a denial', async () => {
  const incident = await scene.asked()
  const asked = await incident.request()
  await incident.at('bao').press('Deny…')
  await incident.as('bao').fillIn('Deny', { 'Why not': 'That is the wrong person' })
  const told = wordsOf(
    await incident.at('ana', asked).reads(/\*Denied\* by <@U0BAO> \d\d:\d\d UTC: That is the wrong person/),
  )
  expect(told).toContain('Asked by <@U0ANA>')
})

test('19. approvers could not see how urgent it was: the request says until when, in UTC, with the date', async () => {
  const incident = await scene.asked()
  const words = wordsOf(copyOf(incident, 'bao'))
  const { expiresAt = '' } = (await incident.request()).shown ?? {}
  expect(words).toMatch(new RegExp(`until (${expiresAt.slice(0, 10)} )?${expiresAt.slice(11, 16)} UTC`))
  expect(words).toMatch(/Asked by <@U0ANA> · \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/)
})

test('20. the clock started at the request: what is approved at the last moment has its full time to be done', async () => {
  const incident = await scene.asked()
  const { shown } = await incident.request()
  const end = Date.parse(shown?.expiresAt ?? '')
  await until(() => (Date.now() > end - 2_500 ? true : undefined), 'the last moment of the request')
  await incident.approve('bao')
  await incident.untilProven(1)
  expect(incident.entries('RequestExpired')).toEqual([])
})

test('24. an approver who has left broke the whole request: it is asked for, names those who are there, and is approved by them', async () => {
  // U0GONE was never there; chi is leaving.
  slack().control.changeUser(chi.user, { deactivated: true })
  reloadEverybody(scene.stage())
  const incident = await scene.asked()
  await incident.at('ana').press(/^Approve/)
  const told = await expectTold(incident.as('ana'), /You asked for this.*Able to now: /)
  expect(told).toMatch(/@bao/)
  expect(told).not.toMatch(/@chi/)
  await incident.approve('bao')
  await incident.untilProven(1)
})

test('22. dead requests hung in the channel for ever, 25. and expiry was off by default: it ends by itself, visibly, and can be asked for again', async () => {
  await ignored.happens('RequestExpired')
  const [dead] = [...ignored.state().requests.values()]
  await ignored.at('ana', dead).reads(/⌛ \*Ended\* \d\d:\d\d UTC without a decision/)
  expect(ignored.at('ana', dead).button(/Approve|Deny|Withdraw/)).toBeUndefined()
  expect(ignored.entries('RequestExpired')[0]?.actor).toHaveProperty('program')
  expect((await ignored.ask(1)).id).not.toBe(dead?.id)
})

test('31. timed out, and Slack still showed live buttons: an old copy of one approves nothing after the end', async () => {
  await watched.happens('RequestExpired')
  await watched.ask(1)
  const copy = copyOf(watched, 'bao')
  await watched.at('ana').press('Withdraw')
  await watched.happens('RequestWithdrawn')
  await approveOn(watched, 'bao', copy)
  await expectTold(watched.as('bao'), /Already withdrawn by @ana/)
  expect(watched.entries('StepApproved')).toEqual([])
  expect(changes(scene.stage(), watched.username)).toEqual([])
})

test('a request that ran out while the bot was away is not approved by the first click after it', async () => {
  const copy = copyOf(await again(restarted), 'bao')
  const end = Date.parse((await restarted.request()).shown?.expiresAt ?? '')
  await scene.program().kill()
  await until(() => (Date.now() > end + 200 ? true : undefined), 'the end of the request')
  await scene.restart('kill')
  await approveOn(restarted, 'bao', copy)
  await expectTold(restarted.as('bao'), /That request ended at .* without a decision/)
  expect(restarted.entries('StepApproved')).toEqual([])
  expect(changes(scene.stage(), restarted.username)).toEqual([])
})

/** The same incident with a fresh request. */
async function again(incident: Case): Promise<Case> {
  await incident.happens('RequestExpired')
  await incident.ask(1)
  return incident
}
