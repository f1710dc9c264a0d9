import { expect, test } from 'vitest'
import type { Command } from '#/incident/commands.ts'
import type { Person } from '#/incident/people.ts'
import { around, digestOf, execute, play, type Story, standard } from '../../test/support/given.ts'
import {
  type Act,
  minute,
  passes,
  person,
  restored,
  running,
  shownRequest,
  start,
  steps,
  underWay,
} from '../../test/support/stories.ts'
import { expire, remind } from './reminder.ts'

function expiredAt(now: string, ...acts: readonly Act[]): readonly string[] {
  const { incident } = play(...acts)
  const expired: string[] = []
  expire([incident], { now, outlived: () => false, policyDigest: digestOf(standard) }, (id) => void expired.push(id))
  return expired
}

test('a request that nobody decided ends at its time, and not before', () => {
  const acts = [...underWay, ...shownRequest(steps.sessions)]
  expect(expiredAt(minute(29), ...acts)).toEqual([])
  expect(expiredAt(minute(30), ...acts)).toEqual(['INC-1'])
})

test('a request ends by the clock that never goes back, although the other one was set back', () => {
  const { incident } = play(...underWay, ...shownRequest(steps.sessions))
  const expired: string[] = []
  expire(
    [incident],
    { now: start, outlived: () => true, policyDigest: digestOf(standard) },
    (id) => void expired.push(id),
  )
  expect(expired).toEqual(['INC-1'])
})

test('a request that was decided does not end once more', () => {
  expect(expiredAt(minute(600), ...underWay, ...running(steps.sessions))).toEqual([])
})

test('a temporary password that nobody looked at ends at its time', () => {
  expect(expiredAt(start, ...restored)).toEqual([])
  expect(expiredAt(minute(600), ...restored)).toEqual(['INC-1'])
})

/** Lets the follower look at a story as it stands at a moment, with nothing else to go by. Gives what it did. */
async function lookedAt(
  story: Story & { readonly incident: ReturnType<typeof play>['incident'] },
  now: string,
  {
    able = [person('bao')],
    members = [person('chi')],
  }: { able?: readonly Person[] | 'silent'; members?: readonly Person[] } = {},
): Promise<readonly Command[]> {
  const done: Command[] = []
  await remind({
    open: () => [story.incident],
    able: async () => (able === 'silent' ? undefined : able),
    members: async () => members,
    execute: (_id, command) => void done.push(command),
    around: () => around(now),
  })
  return done
}

test('what is due follows from the ledger alone: after a restart it is neither forgotten nor repeated', async () => {
  const asked = play(...underWay, ...shownRequest(steps.sessions))
  const due = await lookedAt(asked, minute(2))
  expect(due.map(({ type }) => type)).toEqual(['RemindOfRequest'])
  const [command] = due
  if (command === undefined) throw new Error('nothing was due')
  const recorded = execute({ ...asked, now: minute(2) }, command).story
  expect(recorded.recorded.at(-1)?.event.type).toBe('RequestReminded')
  const folded = { ...recorded, incident: recorded.incident as typeof asked.incident }
  expect(await lookedAt(folded, minute(2))).toEqual([])
  expect((await lookedAt(folded, minute(6))).map(({ type }) => type)).toEqual(['RemindOfRequest'])
})

test('the next group is called upon when nobody has decided for long', async () => {
  const asked = play(...underWay, ...shownRequest(steps.sessions))
  const due = await lookedAt(asked, minute(10))
  expect(due).toEqual([
    { type: 'RemindOfRequest', request: 'r1', able: [person('bao')] },
    { type: 'EscalateRequest', request: 'r1', group: 'security', members: [person('chi')], able: [person('bao')] },
  ])
})

test('while Slack does not say who could approve, it waits and loses nothing', async () => {
  const asked = play(...underWay, ...shownRequest(steps.sessions))
  expect(await lookedAt(asked, minute(10), { able: 'silent' })).toEqual([])
})

test('an incident in which nothing happens is spoken of', async () => {
  const quiet = play(...underWay, passes(1))
  expect(await lookedAt(quiet, minute(239))).toEqual([])
  expect(await lookedAt(quiet, minute(240))).toEqual([{ type: 'NudgeStale' }])
})

test('a request that was shown under other rules than hold now is taken up at once', () => {
  const { incident } = play(...underWay, ...shownRequest(steps.sessions))
  const taken: string[] = []
  expire([incident], { now: start, outlived: () => false, policyDigest: 'another' }, (id) => void taken.push(id))
  expect(taken).toEqual(['INC-1'])
})
