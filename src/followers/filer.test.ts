import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createIncidents, type Incidents, recordedOf } from '#/deciders/incidents.ts'
import { incidentChannel } from '#/drill/cast.ts'
import { text } from '#/drill/slack/json.ts'
import { type LocalSlack, startLocalSlack } from '#/drill/slack/local-slack.ts'
import { app } from '#/drill/slack/workspace.ts'
import type { AccountId, FileRef } from '#/incident/account.ts'
import type { IncidentId } from '#/incident/events.ts'
import { readEvidence, storeEvidence } from '#/ledger/evidence.ts'
import { temporaryDirectory, temporaryLedger } from '#/ledger/test-support.ts'
import { standardPolicy } from '#/policy/policy.ts'
import { type Call, openLanes } from '#/slack/lanes.ts'
import { ThreadFiles } from '#/slack/thread-files.ts'
import { Workspace } from '#/slack/workspace.ts'
import {
  type Act,
  alice,
  doneResult,
  opens,
  reports,
  running,
  snapshots,
  standing,
  start,
  steps,
} from '../../test/support/stories.ts'
import { createFiler, type Filer, type FilerDeps } from './filer.ts'
import { TryLater } from './poster.ts'

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const manifest = readFileSync(join(import.meta.dirname, '../../manifest.yml'), 'utf8')
const table = 'user,mail\r\nalice,alice@acme.test\r\n'
const digest = createHash('sha256').update(table).digest('hex')
const affected: FileRef = { name: 'affected-users.csv', digest, title: 'Users who are affected', privateOnly: true }
const sessions: FileRef = { ...affected, name: 'sessions.csv', title: 'Sessions', privateOnly: false }

type Scene = {
  readonly slack: LocalSlack
  readonly incidents: Incidents
  readonly id: IncidentId
  readonly evidence: string
  readonly lost: string[]
  /** A filer that remembers nothing, as after a start. */
  readonly filer: (change?: Partial<FilerDeps>) => Filer
  /** Hands a filer everything that it has not finished. */
  readonly follow: (filer: Filer) => Promise<void>
  readonly startThread: (id?: IncidentId) => Promise<void>
  /** The next step is done in an incident, and these files came of it. */
  readonly done: (files: readonly FileRef[], id?: IncidentId) => void
  readonly call: Call
  /** The names of the files in the channel, as somebody in it sees them. */
  readonly files: (channel?: string) => readonly unknown[]
  /** What else stands in threads. */
  readonly words: () => readonly string[]
}

async function scene(): Promise<Scene> {
  const store = temporaryLedger()
  const evidence = temporaryDirectory()
  const slack = await startLocalSlack({ manifest, rateLimit: false })
  const lanes = openLanes({ token: slack.botToken, apiUrl: slack.apiUrl, log: quiet })
  onTestFinished(async () => {
    await lanes[Symbol.asyncDispose]()
    await slack[Symbol.asyncDispose]()
    store[Symbol.dispose]()
    evidence[Symbol.dispose]()
  })
  await storeEvidence(evidence.path, Buffer.from(table))
  const { ledger } = store
  const incidents = createIncidents({
    ledger,
    rules: {
      policy: standardPolicy({ ttlMs: 60_000 }),
      sweepDelayMs: 60_000,
      legalDeadlineMs: 60_000,
    },
    now: () => new Date(start),
  })
  const play = (id: IncidentId, acts: readonly Act[]): void => {
    for (const act of acts) {
      const incident = incidents.find(id)
      if (incident === undefined || 'passes' in act || 'policy' in act) throw new Error('not in this story')
      const executed = incidents.execute(id, typeof act === 'function' ? act(incident) : act)
      if (executed.kind === 'refused') throw new Error(executed.sentence)
    }
  }
  const opened = incidents.execute('new', opens({ channel: incidentChannel.id }))
  if (opened.kind === 'refused') throw new Error(opened.sentence)
  const { id: first } = opened.incident
  play(first, [snapshots])
  const lost: string[] = []
  const files = new ThreadFiles({ lanes, workspace: new Workspace(lanes.lookUps), apiUrl: slack.apiUrl })
  let position = 0
  return {
    slack,
    incidents,
    id: first,
    evidence: evidence.path,
    lost,
    call: lanes.cards,
    filer: (change = {}) =>
      createFiler({
        find: (id) => incidents.find(id),
        timeline: (id) => incidents.timeline(id),
        evidence: async (wanted) => readEvidence(evidence.path, wanted),
        pack: async (of, seq) => Buffer.from(`the pack of ${of} up to ${seq}`),
        files,
        onLost: (_id, error) => void lost.push(error.message),
        startedAfter: 0,
        settleMs: 1_000,
        lookAfterMs: 5,
        ...change,
      }),
    async follow(filer) {
      for (;;) {
        const entries = ledger.read({ after: position, limit: 100 })
        if (entries.length === 0) return
        await filer.handle(entries.map(recordedOf))
        position = entries.at(-1)?.seq ?? position
      }
    },
    async startThread(id = first) {
      const channel = incidents.find(id)?.channel ?? ''
      const { ts } = await lanes.cards('chat.postMessage', { channel, text: 'A card' })
      play(id, [{ type: 'StartThread', channel, ts: String(ts) }])
    },
    done(refs, id = first) {
      const before = incidents.timeline(id).filter(({ event }) => event.type === 'StepDone').length
      const step = [steps.sessions, steps.password, steps.mfa, steps.passkeys][before] ?? steps.notify
      play(id, [...running(step), reports('run', doneResult({ evidence: refs, files: refs }))])
    },
    files: (channel = incidentChannel.id) =>
      slack
        .state()
        .channels.filter((one) => one.id === channel)
        .flatMap(({ messages }) => messages)
        .flatMap(({ files: shown }) => shown.map(({ name }) => name)),
    words: () =>
      slack
        .as('ana')
        .sees()
        .filter(({ thread, files: shown }) => thread !== undefined && shown.length === 0)
        .map(({ text }) => text),
  }
}

/** What a file is called in the thread, with the number of the entry that names it. */
function called(incidents: Incidents, id: IncidentId, name = 'affected-users'): string {
  const entry = incidents.timeline(id).findLast(({ event }) => event.type === 'StepDone')
  return `${id}-${entry?.seq}-${name}-${digest.slice(0, 6)}.csv`
}

test('an evidence pack that somebody asked for comes into the thread once, as of that moment', async () => {
  const { slack, incidents, id, filer, follow, startThread, files } = await scene()
  await startThread()
  incidents.execute(id, { type: 'AskForPack', by: standing('ana') })
  const seq = incidents.timeline(id).at(-1)?.seq
  await follow(filer())
  await follow(filer())
  expect(files()).toEqual([`${id}-${seq}-evidence-pack.zip`])
  const [shown] = slack
    .as('bao')
    .sees()
    .filter((message) => message.files.length > 0)
  expect(shown?.text).toContain(`*Evidence pack of ${id}* · the ledger up to #${seq}`)
  const { bytes } = slack.as('bao').download(text(shown?.files[0]?.['id']))
  expect(Buffer.from(bytes).toString('utf8')).toBe(`the pack of ${id} up to ${seq}`)
})

test('a pack that cannot be made is told in the thread, with the way to fetch it', async () => {
  const { incidents, id, filer, follow, startThread, files, words } = await scene()
  await startThread()
  incidents.execute(id, { type: 'AskForPack', by: standing('ana') })
  const pack = async (): Promise<Uint8Array> => {
    throw new Error('The key cannot be read.')
  }
  await follow(filer({ pack }))
  expect(files()).toEqual([])
  expect(words().join(' ')).toMatch(/it could not be made: The key cannot be read\..*export INC-1 --out INC-1\.zip/s)
})

test('a file is in the thread once, under a name that says where it belongs, with what it is over it', async () => {
  const { slack, incidents, id, filer, follow, startThread, done, files, words } = await scene()
  await startThread()
  done([affected])
  await follow(filer())
  const name = called(incidents, id)
  expect(files()).toEqual([name])

  const [shown] = slack
    .as('bao')
    .sees()
    .filter((message) => message.files.length > 0)
  expect(shown?.thread).toBe(incidents.find(id)?.thread?.ts)
  expect(shown?.text).toMatch(/^\*Users who are affected\* · evidence of #\d+ · 2026-11-23 03:00:00 UTC/)
  expect(shown?.text).toContain(`SHA-256 ${digest}`)
  expect(shown?.text).toContain('do not pass it on')
  expect(shown?.files).toMatchObject([{ title: 'Users who are affected', mimetype: 'text/csv', size: table.length }])
  expect(slack.as('bao').download(text(shown?.files[0]?.['id']))).toEqual({ name, bytes: Buffer.from(table) })
  expect(words()).toEqual([])
})

test('several files of one entry all come, the same one named twice comes once', async () => {
  const { incidents, id, filer, follow, startThread, done, files } = await scene()
  await startThread()
  done([affected, sessions, sessions])
  await follow(filer())
  expect(files()).toEqual([called(incidents, id), called(incidents, id, 'sessions')])
})

test('what was done before the thread was started comes when it is; an incident without a thread holds up no other', async () => {
  const { incidents, id, filer, follow, startThread, done, files } = await scene()
  const one = filer()
  done([affected])
  const other = incidents.execute('new', opens({ target: { ...alice, id: 'cv3kbobby' as AccountId } }))
  if (other.kind === 'refused') throw new Error(other.sentence)
  incidents.execute(other.incident.id, snapshots instanceof Function ? snapshots(other.incident) : opens())
  await startThread(other.incident.id)
  done([sessions], other.incident.id)
  await follow(one)
  expect(files()).toEqual([called(incidents, other.incident.id, 'sessions')])

  await startThread()
  await follow(one)
  expect(files()).toEqual([called(incidents, other.incident.id, 'sessions'), called(incidents, id)])
})

test('killed after Slack took the file and before that was written down: it is found, not put twice', async () => {
  const { incidents, id, filer, follow, startThread, done, files, slack } = await scene()
  await startThread()
  done([affected])
  const entries = incidents.timeline(id)
  await filer().handle(entries)
  await follow(filer({ startedAfter: entries.at(-1)?.seq ?? 0 }))
  expect(files()).toHaveLength(1)
  expect(slack.calls('files.completeUploadExternal')).toHaveLength(1)
})

test('killed while Slack was still looking at the file: the next start waits for it to come', async () => {
  const { slack, incidents, id, filer, follow, startThread, done, files } = await scene()
  await startThread()
  done([affected])
  const entries = incidents.timeline(id)
  slack.control.holdFiles(true)
  const killed = filer()
  const cut = follow(killed)
  await vi.waitFor(() => expect(slack.calls('files.completeUploadExternal')).toHaveLength(1))
  killed.stop()
  await expect(cut).rejects.toThrow('stopping')
  expect(files()).toEqual([])

  const looks = slack.calls('conversations.replies').length
  const next = follow(filer({ startedAfter: entries.at(-1)?.seq ?? 0, settleMs: 3_600_000 }))
  await vi.waitFor(() => expect(slack.calls('conversations.replies').length).toBeGreaterThan(looks + 1))
  slack.control.holdFiles(false)
  await next
  expect(files()).toHaveLength(1)
})

test('after a start, what Slack never got is put once the time to show it is over', async () => {
  const { incidents, id, filer, follow, startThread, done, files } = await scene()
  await startThread()
  done([affected])
  await follow(filer({ startedAfter: incidents.timeline(id).at(-1)?.seq ?? 0, settleMs: 20 }))
  expect(files()).toHaveLength(1)
})

test('taken although no answer came: it is looked for, and put once', async () => {
  const { slack, filer, follow, startThread, done, files } = await scene()
  await startThread()
  done([affected])
  const one = filer()
  slack.control.failNext('files.completeUploadExternal', { how: 'reset-after' })
  await expect(follow(one)).rejects.toThrow(TryLater)
  await follow(one)
  expect(files()).toHaveLength(1)
  expect(slack.calls('files.completeUploadExternal')).toHaveLength(1)
})

test('taken without an answer and shown late: nothing is given to Slack a second time meanwhile', async () => {
  const { slack, filer, follow, startThread, done, files } = await scene()
  await startThread()
  done([affected])
  const one = filer({ settleMs: 3_600_000 })
  slack.control.holdFiles(true)
  slack.control.failNext('files.completeUploadExternal', { how: 'reset-after' })
  await expect(follow(one)).rejects.toThrow(TryLater)
  const looks = slack.calls('conversations.replies').length
  const again = follow(one)
  await vi.waitFor(() => expect(slack.calls('conversations.replies').length).toBeGreaterThan(looks + 2))
  slack.control.holdFiles(false)
  await again
  expect(files()).toHaveLength(1)
  expect(slack.calls('files.completeUploadExternal')).toHaveLength(1)
})

test('Slack says yes and shows nothing: it is given again, and after the third time that is told', async () => {
  const { slack, filer, follow, startThread, done, files, words } = await scene()
  await startThread()
  const one = filer({ settleMs: 10 })
  const dropped = { status: 200, body: { ok: true, files: [] } }
  slack.control.failNext('files.completeUploadExternal', dropped)
  done([sessions])
  await follow(one)
  expect(files()).toHaveLength(1)

  slack.control.failNext('files.completeUploadExternal', { ...dropped, times: 3 })
  done([affected])
  await follow(one)
  expect(files()).toHaveLength(1)
  expect(words()).toEqual([expect.stringContaining('Slack took it, more than once, and does not show it')])
})

test.each([
  ['files.getUploadURLExternal', { how: 'reset' }],
  ['upload', { how: 'reset' }],
  ['upload', { how: 'reset-after' }],
  ['upload', { status: 500, body: 'busy' }],
  ['files.completeUploadExternal', { how: 'reset' }],
  ['conversations.info', { status: 200, body: { ok: false, error: 'internal_error' } }],
  ['conversations.replies', { status: 503, body: 'busy', times: 2 }],
] as const)('%s fails (%j): it is tried again and is there once', async (method, fault) => {
  const { slack, filer, follow, startThread, done, files, words } = await scene()
  await startThread()
  done([affected])
  const one = filer({ settleMs: 20 })
  slack.control.failNext(method, fault)
  await expect(follow(one)).rejects.toThrow(TryLater)
  await follow(one)
  expect(files()).toHaveLength(1)
  expect(words()).toEqual([])
})

test.each(['files.getUploadURLExternal', 'upload', 'files.completeUploadExternal'])(
  'being limited at %s says how long to wait, and the file comes afterwards',
  async (method) => {
    const { slack, filer, follow, startThread, done, files } = await scene()
    await startThread()
    done([affected])
    const one = filer()
    slack.control.failNext(method, { status: 429, headers: { 'retry-after': '7' }, body: { ok: false } })
    await expect(follow(one)).rejects.toMatchObject({ name: 'TryLater', afterMs: 7_000 })
    await follow(one)
    expect(files()).toHaveLength(1)
  },
)

test('what was finished before a failure is not given to Slack again', async () => {
  const { slack, filer, follow, startThread, done, files } = await scene()
  await startThread()
  done([sessions])
  done([affected])
  const one = filer()
  slack.control.failNext('conversations.info', { status: 429, headers: { 'retry-after': '1' } })
  await expect(follow(one)).rejects.toThrow(TryLater)
  const looks = slack.calls('conversations.replies').length
  await follow(one)
  expect(slack.calls('conversations.replies')).toHaveLength(looks + 2)
  expect(files()).toHaveLength(2)
  expect(slack.calls('files.completeUploadExternal')).toHaveLength(2)
})

test.each([
  [
    'everybody can join',
    (slack: LocalSlack) => slack.control.openUp(incidentChannel.id),
    'everybody in the workspace can join',
  ],
  [
    'another company is in',
    (slack: LocalSlack) => slack.control.share(incidentChannel.id),
    'shared with another workspace',
  ],
  ['Slack does not describe', (slack: LocalSlack) => slack.control.withholdScope('groups:read'), 'missing_scope'],
] as const)(
  'a file that names people does not leave the bot for a channel that %s, and the thread says why, once',
  async (_what, change, why) => {
    const { slack, id, filer, follow, startThread, done, files, words } = await scene()
    await startThread()
    change(slack)
    done([affected, sessions])
    await follow(filer())
    expect(files()).toEqual([expect.stringContaining('sessions')])
    expect(slack.calls('files.getUploadURLExternal')).toHaveLength(1)
    const [told, ...more] = words()
    expect(told).toContain(why)
    expect(told).toContain(`npm run responder -- export ${id} --files`)
    expect(more).toEqual([])
  },
)

test('of an organisation of several workspaces, or with an invitation out to another company, a channel counts as shared', async () => {
  const { slack, filer, follow, startThread, done, files, words } = await scene()
  await startThread()
  const one = filer()
  for (const flag of [{ is_org_shared: true }, { is_pending_ext_shared: true }, { pending_shared: ['T0OTHER'] }]) {
    const channel = { is_private: true, is_ext_shared: false, ...flag }
    slack.control.failNext('conversations.info', { status: 200, body: { ok: true, channel } })
    done([affected])
    await follow(one)
  }
  expect(files()).toEqual([])
  expect(words()).toHaveLength(3)
  slack.control.failNext('conversations.info', { status: 200, body: { ok: true, channel: { is_private: true } } })
  done([affected])
  await follow(one)
  expect(files()).toEqual([])
  expect(words().at(-1)).toContain('does not say who can join')
})

test('shared with another company while the bytes are on their way: nobody is shown them', async () => {
  const { slack, filer, follow, startThread, done, files, words } = await scene()
  await startThread()
  done([affected])
  for (const is_ext_shared of [false, true])
    slack.control.failNext('conversations.info', {
      status: 200,
      body: { ok: true, channel: { is_private: true, is_ext_shared } },
    })
  await follow(filer())
  expect(slack.calls('upload')).toHaveLength(1)
  expect(slack.calls('files.completeUploadExternal')).toEqual([])
  expect([files(), words().length]).toEqual([[], 1])
})

test('told that it cannot be there, a filer that was started anew and sees the entry again says nothing twice', async () => {
  const { slack, incidents, id, filer, startThread, done, files, words } = await scene()
  await startThread()
  slack.control.openUp(incidentChannel.id)
  done([affected])
  await filer().handle(incidents.timeline(id))
  await filer({ startedAfter: 1_000 }).handle(incidents.timeline(id))
  expect([files(), words().length]).toEqual([[], 1])
})

test('without the scope the thread says which one, and nothing is held up', async () => {
  const { slack, filer, follow, startThread, done, words, lost } = await scene()
  await startThread()
  slack.control.withholdScope('files:write')
  done([sessions])
  await follow(filer())
  expect(words()).toEqual([
    expect.stringMatching(
      /Sessions\* is not here as a file: Slack refuses it: missing_scope. Add the scope files:write/,
    ),
  ])
  expect(lost).toEqual([])
})

test('evidence that is gone, or whose bytes are others, is not put into the thread, and the thread says so', async () => {
  const { slack, evidence, filer, follow, startThread, done, files, words } = await scene()
  await startThread()
  const one = filer()
  writeFileSync(join(evidence, digest), 'user,mail\r\n')
  done([sessions])
  await follow(one)
  rmSync(join(evidence, digest))
  done([sessions])
  await follow(one)
  expect(files()).toEqual([])
  expect(slack.calls('files.getUploadURLExternal')).toEqual([])
  expect(words()).toEqual([
    expect.stringContaining('are not the ones that were recorded'),
    expect.stringContaining('is not in the evidence folder'),
  ])
  expect(words().join()).toContain(`DATA_DIR/evidence/${digest}`)
})

test('a file of the same name that somebody else put there does not count', async () => {
  const { slack, incidents, id, filer, follow, startThread, done, files, call } = await scene()
  await startThread()
  done([sessions])
  const { channel = '', ts = '' } = incidents.find(id)?.thread ?? {}
  const name = called(incidents, id, 'sessions')
  const messages = [{ ts: '2.000100', thread_ts: ts, files: [{ name, user: 'U0GIL' }] }]
  slack.control.failNext('conversations.replies', { status: 200, body: { ok: true, messages } })
  await follow(filer())
  expect(files()).toEqual([name])
  expect(await call('conversations.replies', { channel, ts })).toMatchObject({
    messages: [{ ts }, { user: app.user, files: [{ name, user: app.user }] }],
  })
})

test('a thread that takes nothing is told of once, holds nobody up, and gets its files when it can be reached again', async () => {
  const { slack, filer, follow, startThread, done, files, words, lost } = await scene()
  await startThread()
  const one = filer()
  slack.control.archive(incidentChannel.id)
  done([sessions])
  await follow(one)
  done([affected])
  await follow(one)
  await one.again()
  expect(lost).toEqual([expect.stringContaining('is_archived')])

  slack.control.archive(incidentChannel.id, false)
  await one.again()
  await one.again()
  expect(files()).toHaveLength(2)
  expect(words()).toEqual([])
})

test('with a token that was revoked nothing is given up: the file comes when there is another', async () => {
  const { slack, filer, follow, startThread, done, files } = await scene()
  await startThread()
  done([sessions])
  const one = filer()
  slack.control.revokeTokens(true)
  await expect(follow(one)).rejects.toThrow(TryLater)
  slack.control.revokeTokens(false)
  await follow(one)
  expect(files()).toHaveLength(1)
})

test('an address for the bytes that is not one of Slack gets none of them', async () => {
  const { slack, filer, follow, startThread, done, words } = await scene()
  const elsewhere = createServer((_request, response) => response.end(String((reached += 1))))
  let reached = 0
  elsewhere.listen(0, '127.0.0.1')
  await once(elsewhere, 'listening')
  onTestFinished(() => void elsewhere.close())
  await startThread()
  const { port } = elsewhere.address() as AddressInfo
  const body = { ok: true, upload_url: `http://127.0.0.1:${port}/upload/v1/F1`, file_id: 'F1' }
  slack.control.failNext('files.getUploadURLExternal', { status: 200, body })
  done([affected])
  await follow(filer())
  expect(reached).toBe(0)
  expect(words()).toEqual([expect.stringContaining('unknown_upload_address')])
})

test('where the thread cannot be read, a file is given to Slack once and its word is taken', async () => {
  const { slack, filer, follow, startThread, done, files } = await scene()
  await startThread()
  slack.control.withholdScope('groups:history')
  done([sessions])
  await follow(filer())
  expect(files()).toHaveLength(1)
})
