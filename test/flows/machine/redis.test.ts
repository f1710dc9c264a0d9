import { expect, test } from 'vitest'
import { member, until } from '#/drill/crew.ts'
import { startProgram } from '#/drill/program.ts'
import { startPrivateRedis } from '#/drill/redis.ts'
import type { Stage } from '#/drill/stage.ts'
import {
  expectFault,
  openFor,
  programForAll,
  quickStage,
  reloadEverybody,
  responder,
} from '../../support/incident-flow.ts'
import { askedFor, changes, expectThreadToAgree, idOf, matching } from './machine.ts'

/** Redis of this stage forgets everything when it ends. */
const here = programForAll()

/** Revoking this account's sessions takes a while, so that something can happen meanwhile. */
function slowRevoking({ autentico, ...on }: Stage, username: string): void {
  const path = `/admin/api/users/${idOf({ autentico, ...on }, username)}/revoke-sessions`
  autentico.control.fail({ method: 'POST', path, how: { delayMs: 700 } })
}

test('Redis is killed in mid-order and comes back empty: the step still ends, and the effect happened once', async () => {
  const incident = await askedFor(here.stage, 'user-001')
  slowRevoking(here.stage, 'user-001')
  await incident.approve()
  await incident.happens('WorkStarted')
  await here.stage.redis.kill()
  await here.stage.redis.restart()
  await incident.untilProven(1)

  expect(changes(here.stage, 'user-001')).toEqual([204])
  expect(incident.entries('StepDone')).toHaveLength(1)
  await expectThreadToAgree(here.stage, incident)
})

test('an order that waited in Redis is gone after a flush: it is issued again, an entry says so, and it is done once', async () => {
  const incident = await askedFor(here.stage, 'user-002')
  await here.stage.autentico.stop()
  await incident.approve()
  await incident.happens('WorkWaits')
  await here.stage.redis.kill()
  await here.stage.redis.restart()
  const again = await incident.happens('WorkIssuedAgain')
  expect(again.event).toMatchObject({ why: 'it was gone from Redis', order: matching(/^INC-\d+-\d+$/) })
  expect(again.actor).not.toHaveProperty('slack')

  await here.stage.autentico.restart()
  await incident.untilProven(1)
  expect(changes(here.stage, 'user-002')).toEqual([204])
  expect(incident.entries('StepDone')).toHaveLength(1)
  await expectThreadToAgree(here.stage, incident)
})

test('Redis is down when the click comes: the approval is recorded, and the step goes on when Redis is back', async () => {
  const incident = await askedFor(here.stage, 'user-003')
  await here.stage.redis.kill()
  await incident.approve()
  expect(incident.step(1).status).toBe('running')
  expect(changes(here.stage, 'user-003')).toEqual([])
  await incident.as('bao').reads(/approved: Revoke all sessions of user-003/)

  await here.stage.redis.restart()
  await incident.untilProven(1)
  expect(changes(here.stage, 'user-003')).toEqual([204])
  await expectThreadToAgree(here.stage, incident)
})

test('while Redis is down the form takes no account that it could not look up, and nothing is opened', async () => {
  reloadEverybody(here.stage)
  await here.stage.redis.kill()
  await expect(openFor(here.stage, 'user-004')).rejects.toThrow(/no incident was opened/)
  await here.stage.redis.restart()
  expect(await responder(here.stage, 'export', 'INC-4')).toMatchObject({
    code: 1,
    err: matching('no incident INC-4'),
  })
})

test('with a Redis that keeps its file, a crash of Redis in mid-order loses nothing and issues nothing again', async () => {
  await using redis = await startPrivateRedis({ appendOnly: true })
  await using own = await quickStage({ env: { REDIS_URL: redis.url } })
  await using running = await startProgram(own.env)
  const incident = await askedFor(own, 'user-005')
  slowRevoking(own, 'user-005')
  await incident.approve()
  await incident.happens('WorkStarted')
  await redis.kill()
  await redis.restart()
  await incident.untilProven(1)

  expect(changes(own, 'user-005')).toEqual([204])
  expect(incident.entries('StepDone')).toHaveLength(1)
  expect(incident.entries('WorkIssuedAgain')).toHaveLength(0)
  await expectThreadToAgree(own, incident)
  expect(await running.stop()).toBe(0)
})

test('a Redis that may evict is refused at the start, with the reason and the remedy', async () => {
  await using redis = await startPrivateRedis({ policy: 'allkeys-lru' })
  const { DATA_DIR = '', ...env } = here.stage.env
  const { code, err } = await responder(
    { ...here.stage, env: { ...env, DATA_DIR: `${DATA_DIR}-evicting`, REDIS_URL: redis.url } },
    'start',
  )
  expect(code).toBe(2)
  expect(err).toMatch(/maxmemory-policy allkeys-lru: it would drop work orders.*noeviction/)
})

/** The form and the Home tab say what is away, and the form stays. */
async function expectToldOfRedis({ slack }: Stage): Promise<void> {
  const ana = member(slack.as('ana'))
  const sent = await ana.openIncident({ target: 'user-006' })
  expectFault(sent, 'target', /^Accounts cannot be looked up right now.*The queue \(Redis\) does not answer/)
  await ana.actor.close()
  await ana.actor.openHome()
  await until(
    () => (JSON.stringify(ana.actor.home() ?? {}).includes('⛔ Redis does not answer since') ? true : undefined),
    'the Home tab to say that Redis is away',
  )
}

test('a program that starts without Redis says so, and works once Redis is there', async () => {
  await using own = await quickStage()
  await own.redis.kill()
  await using running = await startProgram(own.env)
  expect(running.lines.join('\n')).toMatch(/redis is not reachable/)
  await expectToldOfRedis(own)
  await own.redis.restart()
  // Every part has a connection of its own.
  const saying = (words: string) => running.lines.filter((line) => line.includes(words)).length
  await until(
    () => (saying('redis is reachable again') >= saying('redis is not reachable') ? true : undefined),
    'Redis to be reached',
  )
  const incident = await askedFor(own, 'user-006')
  await incident.approve()
  await incident.untilProven(1)
})
