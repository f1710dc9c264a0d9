import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createGovernance } from '#/deciders/governance.ts'
import { createIncidents, type Incidents } from '#/deciders/incidents.ts'
import type { Command } from '#/incident/commands.ts'
import type { Recorded } from '#/incident/events.ts'
import { type Ledger, openLedger } from '#/ledger/ledger.ts'
import { temporaryDirectory } from '#/ledger/test-support.ts'
import { standardPolicy } from '#/policy/policy.ts'
import { alice, facts, notifies, opens, standing, steps } from '../../test/support/stories.ts'
import { endedOrder, followStory, type Story } from './drill-story.ts'

/** A ledger that somebody writes, or has not begun to write, and a story that follows it. */
function followed(): {
  readonly story: Story
  readonly news: Recorded[]
  readonly write: (work: (incidents: Incidents, ledger: Ledger) => void) => void
} {
  const directory = temporaryDirectory()
  const file = join(directory.path, 'ledger.sqlite')
  const news: Recorded[] = []
  const story = followStory({ file, onNews: (fresh) => void news.push(...fresh), everyMs: 10 })
  onTestFinished(() => {
    story[Symbol.dispose]()
    directory[Symbol.dispose]()
  })
  return {
    story,
    news,
    write: (work) => {
      using ledger = openLedger({ file })
      work(
        createIncidents({
          ledger,
          rules: {
            policy: standardPolicy({ ttlMs: 60_000 }),
            legalDeadlineMs: 3_600_000,
            sweepDelayMs: 1_000,
          },
          now: () => new Date(),
        }),
        ledger,
      )
    },
  }
}

function accepted(incidents: Incidents, command: Command): void {
  const target = command.type === 'OpenIncident' ? 'new' : (incidents.open()[0]?.id ?? 'new')
  const executed = incidents.execute(target, command)
  if (executed.kind === 'refused') throw new Error(executed.sentence)
}

test('a ledger that is not there yet is waited for, and told entry by entry with its hashes', async () => {
  const { story, news, write } = followed()
  expect(story.entries()).toEqual({})
  write((incidents) => accepted(incidents, opens()))
  await vi.waitFor(() => expect(Object.keys(story.entries())).toEqual(['1', '2']))

  const before = story.entries()
  expect(before[1]).toMatchObject({
    seq: 1,
    incident: 'INC-1',
    type: 'IncidentOpened',
    who: '@ana',
    previous: '0'.repeat(64),
  })
  expect(before[2]).toMatchObject({ seq: 2, type: 'WorkOrdered', previous: before[1]?.hash })
  expect(story.order('INC-1-2')).toMatchObject({ what: 'Read the account' })
  expect(story.incidents()).toMatchObject([{ id: 'INC-1', status: 'open', target: alice }])

  write((incidents) => accepted(incidents, notifies))
  await vi.waitFor(() => expect(story.entries()[3]).toBeDefined())
  expect(before[3]).toBeUndefined()
  expect(story.entries()[1]).toBe(before[1])
  expect(news.map(({ seq }) => seq)).toEqual([1, 2, 3])
})

test('an order is known before the next look, and its end is found', () => {
  const { story, write } = followed()
  write((incidents) => {
    accepted(incidents, opens())
    const snapshot = { kind: 'snapshot', facts: facts(), evidence: [], warnings: [] } as const
    accepted(incidents, { type: 'RecordOutcome', worker: 'worker-1', order: 'INC-1-2' as never, result: snapshot })
    accepted(incidents, { type: 'AskForStep', by: standing('ana'), step: steps.sessions, kind: 'run' })
  })
  expect(story.order('INC-1-5')).toMatchObject({ what: 'Revoke all sessions: look first' })
  expect(story.order('INC-9-9')).toBeUndefined()
})

test('refusals outside of an incident are told too, in one line', async () => {
  const { story, news, write } = followed()
  write((incidents) => void incidents.execute('new', opens({ by: standing('gil') })))
  await vi.waitFor(() => expect(story.entries()[1]).toBeDefined())

  expect(story.entries()[1]).toMatchObject({ incident: 'system', type: 'ClickRefused', who: '@gil' })
  expect(story.entries()[1]?.words).toMatch(/^was refused: [^\n]+$/)
  expect(story.incidents()).toEqual([])
  expect(news.map(endedOrder)).toEqual([undefined])
})

test('what happens to the rules is told in words', async () => {
  const { story, write } = followed()
  write((_incidents, ledger) => {
    const configured = standardPolicy({ ttlMs: 60_000 })
    createGovernance({ ledger, configured, open: () => [], now: () => new Date() })
  })
  await vi.waitFor(() => expect(story.entries()[1]).toBeDefined())
  expect(story.entries()[1]?.words).toMatch(/^put the policy with the code [A-Z0-9-]+ in force$/)
})
