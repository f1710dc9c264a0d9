import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createIncidents } from '#/deciders/incidents.ts'
import { incidentChannel } from '#/drill/cast.ts'
import type { IncidentId } from '#/incident/events.ts'
import { openLedger } from '#/ledger/ledger.ts'
import { temporaryDirectory } from '#/ledger/test-support.ts'
import { standardPolicy } from '#/policy/policy.ts'
import { openLanes } from '#/slack/lanes.ts'
import { ThreadFiles } from '#/slack/thread-files.ts'
import { Workspace } from '#/slack/workspace.ts'
import { localSlack } from '../../test/support/real-bolt.ts'
import { type Act, doneResult, opens, reports, running, snapshots, steps } from '../../test/support/stories.ts'
import { startFiler } from './start-filer.ts'

const table = 'user\r\nalice\r\n'
const digest = createHash('sha256').update(table).digest('hex')

test('from the ledger into the thread, and after a restart nothing twice', async () => {
  const directory = temporaryDirectory()
  onTestFinished(() => directory[Symbol.dispose]())
  const dataDir = directory.path
  mkdirSync(join(dataDir, 'evidence'))
  writeFileSync(join(dataDir, 'evidence', digest), table)
  const slack = await localSlack()
  const log = pino({ level: 'silent' })
  const lanes = openLanes({ token: slack.botToken, apiUrl: slack.apiUrl, log })
  onTestFinished(async () => lanes[Symbol.asyncDispose]())
  const files = new ThreadFiles({ lanes, workspace: new Workspace(lanes.lookUps), apiUrl: slack.apiUrl })

  /** Runs the follower over the ledger until it has finished everything, with what happens meanwhile. */
  const run = async (meanwhile: (play: (id: IncidentId, ...acts: readonly Act[]) => void) => Promise<void>) => {
    using ledger = openLedger({ file: join(dataDir, 'ledger.sqlite') })
    const rules = {
      policy: standardPolicy({ ttlMs: 60_000 }),
      sweepDelayMs: 60_000,
      legalDeadlineMs: 60_000,
    }
    const incidents = createIncidents({ ledger, rules, now: () => new Date() })
    const warn = vi.spyOn(log, 'warn')
    await using _filer = startFiler({ ledger, incidents, slack: { files }, dataDir, log })
    await meanwhile((id, ...acts) => {
      for (const act of acts) {
        const incident = incidents.find(id)
        if ('passes' in act || 'policy' in act) throw new Error('not in this story')
        if (typeof act !== 'function') incidents.execute(incident === undefined ? 'new' : id, act)
        else if (incident !== undefined) incidents.execute(id, act(incident))
      }
    })
    await vi.waitFor(() => expect(ledger.cursor('filer')).toBe(ledger.head()?.seq), 10_000)
    expect(warn).not.toHaveBeenCalled()
  }
  const names = () =>
    slack
      .as('ana')
      .sees()
      .flatMap((message) => message.files.map(({ name }) => name))

  const id = 'INC-1' as IncidentId
  const file = { name: 'affected.csv', digest, title: 'Affected', privateOnly: true }
  const result = doneResult({ evidence: [file], files: [file] })
  const name = expect.stringMatching(/^INC-1-\d+-affected-[0-9a-f]{6}\.csv$/) as string
  await run(async (play) => {
    play(id, opens({ channel: incidentChannel.id }), snapshots)
    play(id, ...running(steps.sessions), reports('run', result))
    const { ts } = await lanes.cards('chat.postMessage', { channel: incidentChannel.id, text: 'A card' })
    play(id, { type: 'StartThread', channel: incidentChannel.id, ts: String(ts) })
  })
  expect(names()).toEqual([name])

  await run(async (play) => play(id, ...running(steps.password), reports('run', result)))
  expect(names()).toEqual([name, name])
  expect(new Set(names()).size).toBe(2)
})
