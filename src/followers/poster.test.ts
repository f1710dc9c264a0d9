import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createIncidents, type Incidents } from '#/deciders/incidents.ts'
import { incidentChannel } from '#/drill/cast.ts'
import { type LocalSlack, startLocalSlack } from '#/drill/slack/local-slack.ts'
import { partnerChannel } from '#/drill/slack/workspace.ts'
import type { AccountId } from '#/incident/account.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { Ledger } from '#/ledger/ledger.ts'
import { temporaryLedger } from '#/ledger/test-support.ts'
import { standardPolicy } from '#/policy/policy.ts'
import { openLanes } from '#/slack/lanes.ts'
import { Outbound } from '#/slack/outbound.ts'
import { alice, messageTs, opens, standing, start, writes } from '../../test/support/stories.ts'
import { createPoster, type Poster, TryLater } from './poster.ts'
import { slackThread } from './thread.ts'

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const manifest = readFileSync(join(import.meta.dirname, '../../manifest.yml'), 'utf8')

type Scene = {
  readonly slack: LocalSlack
  readonly incidents: Incidents
  readonly ledger: Ledger
  readonly lost: string[]
  readonly id: IncidentId
  /** A poster that remembers nothing, as after a start. */
  readonly poster: () => Poster
  /** Hands a poster everything since the entry. */
  readonly follow: (poster: Poster, after?: number) => Promise<void>
  readonly note: (text: string) => void
  /** The notes that stand in the thread, in order. */
  readonly notes: () => readonly string[]
}

async function scene({ spacingMs = 1 }: { readonly spacingMs?: number } = {}): Promise<Scene> {
  const store = temporaryLedger()
  const { ledger } = store
  const slack = await startLocalSlack({ manifest, rateLimit: false })
  const lanes = openLanes({ token: slack.botToken, apiUrl: slack.apiUrl, log: quiet })
  onTestFinished(async () => {
    await lanes[Symbol.asyncDispose]()
    await slack[Symbol.asyncDispose]()
    store[Symbol.dispose]()
  })
  const now = () => new Date(start)
  const incidents = createIncidents({
    ledger,
    rules: {
      policy: standardPolicy({ ttlMs: 60_000 }),
      legalDeadlineMs: 3_600_000,
      sweepDelayMs: 60_000,
    },
    now,
  })
  const opened = incidents.execute('new', opens({ channel: incidentChannel.id }))
  if (opened.kind === 'refused') throw new Error(opened.sentence)
  const { id } = opened.incident
  const lost: string[] = []
  const outbound = new Outbound({ lanes, log: quiet, apiUrl: slack.apiUrl })
  let position = 0
  const poster = () =>
    createPoster({
      find: (one) => incidents.find(one),
      timeline: (one, after) => incidents.timeline(one, after),
      startThread: (one, { channel, ts }) => void incidents.execute(one, { type: 'StartThread', channel, ts }),
      thread: slackThread({
        outbound,
        linkTo: () => undefined,
        timeline: (one) => incidents.timeline(one),
        policy: () => standardPolicy({ ttlMs: 60_000 }),
        now,
      }),
      onLost: (_one, error) => void lost.push(error.message),
      position: () => position,
      spacingMs,
    })
  return {
    slack,
    incidents,
    ledger,
    lost,
    id,
    poster,
    async follow(one, after = position) {
      const entries = ledger.read({ after, limit: 100 })
      await one.handle(entries)
      position = entries.at(-1)?.seq ?? position
    },
    note: (text) => void incidents.execute(id, { type: 'AddNote', by: standing('ana'), text }),
    notes: () =>
      slack
        .as('ana')
        .sees()
        .filter(({ thread }) => thread !== undefined)
        .flatMap(({ text }) => [...text.matchAll(/noted: (\w+)/g)].map(([, word]) => word ?? '')),
  }
}

test('every line stands in the thread once and in order, whether it came alone or with others', async () => {
  const { poster, follow, note, notes } = await scene()
  const one = poster()
  await follow(one)
  note('first')
  note('second')
  await follow(one)
  note('third')
  await follow(one)
  await follow(one, 0)
  expect(notes()).toEqual(['first', 'second', 'third'])
})

test('a poster that was started anew, and is given everything again, posts nothing twice', async () => {
  const { slack, poster, follow, note, notes } = await scene()
  note('first')
  await follow(poster())
  const before = slack.calls('chat.postMessage').length
  await follow(poster(), 0)
  expect(notes()).toEqual(['first'])
  expect(slack.calls('chat.postMessage')).toHaveLength(before)
})

test('what people write in the thread makes no call, and the card catches up when it is drawn the next time', async () => {
  const { slack, incidents, id, poster, follow, note, notes } = await scene()
  const one = poster()
  note('first')
  await follow(one)
  // That it started the thread is an entry as well.
  await follow(one)
  const before = slack.calls().length
  for (const minutes of [1, 2, 3]) incidents.execute(id, writes('gil', 'hm', messageTs(minutes)))
  await follow(one)
  expect(slack.calls()).toHaveLength(before)
  note('second')
  await follow(one)
  expect(notes()).toEqual(['first', 'second'])
  expect(JSON.stringify(slack.calls('chat.update').at(-1)?.args)).toContain(`entry ${incidents.find(id)?.lastSeq} ·`)
})

test('a poster that is stopped does not go on until everything is posted', async () => {
  const { poster, follow, note, notes } = await scene({ spacingMs: 3_600_000 })
  const one = poster()
  note('first')
  const following = follow(one)
  following.catch(() => undefined)
  // The card is there; its first line has to wait for an hour.
  one.stop()
  await expect(following).rejects.toThrow('stopping')
  expect(notes()).toEqual([])
})

test('killed between posting the card and saying so: the card is found again', async () => {
  const { slack, incidents, id, poster, follow } = await scene()
  slack.control.failNext('chat.postMessage', { how: 'reset-after' })
  await expect(follow(poster())).rejects.toThrow(TryLater)
  expect(incidents.find(id)?.thread).toBeUndefined()
  await follow(poster())
  expect(
    slack
      .as('ana')
      .sees()
      .filter(({ thread, ephemeral }) => thread === undefined && !ephemeral),
  ).toHaveLength(1)
})

test('a message that arrived although no answer came is not posted again', async () => {
  const { slack, poster, follow, note, notes } = await scene()
  const one = poster()
  await follow(one)
  note('first')
  slack.control.failNext('chat.postMessage', { how: 'reset-after' })
  await expect(follow(one)).rejects.toThrow(TryLater)
  await follow(one)
  expect(notes()).toEqual(['first'])
})

test('being limited says how long to wait', async () => {
  const { slack, poster, follow, note } = await scene()
  const one = poster()
  await follow(one)
  note('first')
  slack.control.failNext('chat.postMessage', { status: 429, headers: { 'retry-after': '7' } })
  await expect(follow(one)).rejects.toMatchObject({ name: 'TryLater', afterMs: 7_000 })
})

test('while one channel is limited it is left alone, its card goes on, and another channel is not held up', async () => {
  const { slack, incidents, id, poster, follow, note, notes } = await scene()
  const one = poster()
  await follow(one)
  slack.control.failNext('chat.postMessage', {
    channel: incidentChannel.id,
    status: 429,
    headers: { 'retry-after': '1' },
  })
  note('first')
  await expect(follow(one)).rejects.toMatchObject({ name: 'TryLater', again: false })
  const card = slack
    .as('ana')
    .sees()
    .find(({ thread, ephemeral }) => thread === undefined && !ephemeral)
  expect(card?.text).toContain(`entry ${incidents.find(id)?.lastSeq} ·`)

  const other = incidents.execute(
    'new',
    opens({ channel: partnerChannel.id, target: { ...alice, id: 'cv3kbobby' as AccountId } }),
  )
  expect(other.kind).toBe('accepted')
  const asked = slack.calls('chat.postMessage').length
  await expect(follow(one)).rejects.toMatchObject({ name: 'TryLater', again: true })
  expect(
    slack
      .calls('chat.postMessage')
      .slice(asked)
      .map(({ args }) => args['channel']),
  ).not.toContain(incidentChannel.id)
  const there = slack.state().channels.find((channel) => channel.id === partnerChannel.id)
  expect(there?.messages.length).toBeGreaterThan(0)
  await vi.waitFor(async () => follow(one), 5_000)
  expect(notes()).toEqual(['first'])
})

test('a lost thread is told of once, holds nobody up, and is filled in by the next redraw after it can be reached', async () => {
  const { slack, id, lost, poster, follow, note, notes } = await scene()
  const one = poster()
  await follow(one)
  slack.control.archive(incidentChannel.id)
  note('first')
  await follow(one)
  note('second')
  await follow(one)
  await one.redraw([id])
  expect(lost).toEqual([expect.stringMatching(/is_archived/)])
  expect(notes()).toEqual([])

  slack.control.archive(incidentChannel.id, false)
  await one.redraw([])
  expect(notes()).toEqual(['first', 'second'])
})

test('a thread that was lost before the start is filled in by the first redraw', async () => {
  const { slack, id, poster, follow, note, notes } = await scene()
  await follow(poster())
  slack.control.archive(incidentChannel.id)
  note('first')
  await follow(poster())
  slack.control.archive(incidentChannel.id, false)
  await poster().redraw([id])
  expect(notes()).toEqual(['first'])
})

test('where the thread cannot be read back, a redraw after the start repeats nothing', async () => {
  const { slack, id, poster, follow, note, notes } = await scene()
  note('first')
  await follow(poster())
  for (const scope of ['groups:history', 'channels:history']) slack.control.withholdScope(scope)
  const anew = poster()
  await anew.redraw([id])
  note('second')
  await follow(anew)
  expect(notes()).toEqual(['first', 'second'])
})
