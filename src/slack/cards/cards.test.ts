import fc from 'fast-check'
import { expect, test } from 'vitest'
import { builtIn } from '#/configuration/playbooks.ts'
import type { AccountId } from '#/incident/account.ts'
import type { IncidentEvent, IncidentId, Recorded } from '#/incident/events.ts'
import { evolve } from '#/incident/evolve.ts'
import type { Actor, Person, UserId } from '#/incident/people.ts'
import { type Incident, type OpenedIncident, type Request, unopened } from '#/incident/state.ts'
import { timelineLine } from '#/incident/timeline.ts'
import type { OrderId, RequestId } from '#/incident/work.ts'
import type { StepId } from '#/playbook/playbook.ts'
import { play } from '../../../test/support/given.ts'
import { type Act, restored, standing } from '../../../test/support/stories.ts'
import { limitFaults } from '../limit-faults.ts'
import { limits } from '../limits.ts'
import { facts } from '../test-support.ts'
import {
  approvalForm,
  chooseIncidentForm,
  closeForm,
  denyForm,
  noteForm,
  notificationForm,
  secretForm,
} from './forms.ts'
import { homeView } from './home.ts'
import { incidentCard } from './incident-card.ts'
import { helpMessage, incidentList, statusMessage, verifyMessage } from './lists.ts'
import { openingForm, openingLineUp } from './opening-form.ts'
import { requestMessage } from './request-message.ts'
import { attestForm, skipForm } from './step-forms.ts'
import { summaryMessage } from './summary-message.ts'
import { expectHarmless, hostile, marked } from './test-harmless.ts'
import { timelineForm, timelineMessage } from './timeline-message.ts'

const accountCompromise = builtIn('account-compromise')

const id = 'INC-7' as IncidentId
const now = '2026-11-23T03:18:00.000Z'
const steps = { sessions: 'revoke-sessions' as StepId, passkeys: 'revoke-passkeys' as StepId }
const person = (name: string, user = 'U0ANA'): Person => ({ slack: { team: 'T0ACME', user: user as UserId }, name })

/** An incident with every kind of thing in it, each word of somebody else being `words`. */
function story(
  words: string,
  upTo = Number.POSITIVE_INFINITY,
): { readonly incident: OpenedIncident; readonly recorded: readonly Recorded[] } {
  const ana = person(words)
  const bao = person(words, 'U0BAO')
  const worker = { worker: words }
  const effect = { sentence: words, question: words, verb: words, warnings: [words, words], basis: {} }
  const request = (
    n: number,
    step: StepId,
    kind: 'run' | 'skip' = 'run',
  ): readonly (readonly [Actor, IncidentEvent])[] => [
    [
      ana,
      { type: 'StepRequested', request: `r${n}` as RequestId, step, kind, requester: ana, identity: {}, reason: words },
    ],
    [
      worker,
      {
        type: 'RequestShown',
        request: `r${n}` as RequestId,
        step,
        effect,
        expiresAt: '2026-11-23T03:48:00.000Z',
        digest: 'a'.repeat(64),
        code: '7QF-2K',
      },
    ],
  ]
  const check = { name: words, proven: true, detail: words, action: 'revoke-sessions' } as const
  const did = { evidence: [], requestIds: [words], notes: [words], did: [words] }
  const events: readonly (readonly [Actor, IncidentEvent])[] = [
    [
      ana,
      {
        type: 'IncidentOpened',
        playbook: accountCompromise,
        playbookDigest: '',
        severity: 'sev2',
        summary: words,
        target: { id: words as AccountId, username: words, email: words },
        channel: 'C0INCIDENTS',
        drill: true,
      },
    ],
    [ana, { type: 'WorkOrdered', mode: 'run', action: 'snapshot-account' }],
    [worker, { type: 'SnapshotTaken', order: 'INC-7-2' as OrderId, facts, evidence: [], warnings: [words, words] }],
    ...request(1, steps.sessions),
    [bao, { type: 'StepApproved', request: 'r1' as RequestId, step: steps.sessions, digest: '' }],
    [
      bao,
      { type: 'WorkOrdered', mode: 'run', action: 'revoke-sessions', step: steps.sessions, request: 'r1' as RequestId },
    ],
    [worker, { type: 'WorkWaits', order: 'INC-7-7' as OrderId, why: words }],
    [
      worker,
      {
        type: 'StepDone',
        order: 'INC-7-7' as OrderId,
        step: steps.sessions,
        action: 'revoke-sessions',
        proven: true,
        checks: [check],
        accessTokensEndAt: '2026-11-23T03:29:00.000Z',
        ...did,
      },
    ],
    ...request(2, 'reset-password' as StepId),
    [bao, { type: 'StepDenied', request: 'r2' as RequestId, step: 'reset-password' as StepId, reason: words }],
    ...request(3, 'reset-password' as StepId, 'skip'),
    [bao, { type: 'StepApproved', request: 'r3' as RequestId, step: 'reset-password' as StepId, digest: '' }],
    [bao, { type: 'StepSkipped', request: 'r3' as RequestId, step: 'reset-password' as StepId, reason: words }],
    [bao, { type: 'NoteAdded', text: `${words}\n${words}`, link: words }],
    [ana, { type: 'ClickRefused', tried: words, refusal: 'not_an_approver', sentence: words }],
    [ana, { type: 'CheckpointSigned', size: 5, note: `origin\n5\nroot=\n\n— key sig\n` }],
    ...request(4, steps.passkeys),
    [bao, { type: 'StepApproved', request: 'r4' as RequestId, step: steps.passkeys, digest: '' }],
    [
      bao,
      { type: 'WorkOrdered', mode: 'run', action: 'close-doors', step: steps.passkeys, request: 'r4' as RequestId },
    ],
    [
      worker,
      {
        type: 'StepDone',
        order: 'INC-7-23' as OrderId,
        step: steps.passkeys,
        action: 'close-doors',
        proven: false,
        checks: [{ ...check, proven: 'unknown' }],
        ...did,
      },
    ],
    [
      worker,
      { type: 'StepFailed', order: 'INC-7-23' as OrderId, step: 'reset-mfa' as StepId, sentence: words, retry: true },
    ],
    [ana, { type: 'NotificationRecorded', channel: words, identityCheck: words, note: words }],
    [ana, { type: 'IncidentClosed', reason: words }],
  ]
  const recorded = events.slice(0, upTo).map(([actor, event], index) => ({
    seq: index + 1,
    incident: id,
    at: now,
    actor,
    hash: '9f2c41'.repeat(10),
    event,
  }))
  const incident = recorded.reduce<Incident>(evolve, unopened)
  if (incident.status === 'unopened') throw new Error('the story opens no incident')
  return { incident, recorded }
}

/** What is written into the thread and never edited. */
function folded({ incident, recorded }: ReturnType<typeof story>): readonly object[] {
  return [timelineMessage(recorded.map((one) => timelineLine(one, incident))).message]
}

/** Every card, message and form of an incident that may be edited. */
function everything({ incident, recorded }: ReturnType<typeof story>, words: string): readonly object[] {
  const step = incident.playbook.steps[0]
  const request = [...incident.requests.values()].at(-1)
  if (step === undefined) throw new Error('a playbook without steps')
  const about = { of: 'incident', incident: id } as const
  const lines = recorded.map((one) => timelineLine(one, incident))
  const where = { now, threadLink: () => 'https://acme.slack.com/archives/C0INCIDENTS/p1700000000000100' }
  return [
    incidentCard(incident, { now, requestLink: 'https://acme.slack.com/archives/C0INCIDENTS/p1700000000000100' }),
    ...[...incident.requests.values()].map((one) => requestMessage(incident, one)),
    summaryMessage(incident),
    statusMessage(incident, where),
    incidentList(
      Array.from({ length: 30 }, () => incident),
      where,
    ),
    verifyMessage(incident, {
      ok: false,
      entries: 3,
      head: { seq: 3, hash: words },
      checkpoints: 0,
      thread: 'compared',
      threadCheckpoints: 3,
      problems: [words],
    }),
    helpMessage(),
    homeView({
      ...where,
      viewer: person('chi', 'U0CHI'),
      waiting: [...incident.requests.values()].map((request) => ({ incident, request, link: where.threadLink() })),
      open: [incident],
      recent: Array.from({ length: 30 }, () => incident),
      drill: true,
      status: [words],
    }),
    openingForm(
      { playbooks: [accountCompromise] },
      { target: { text: words, value: `t|${words}` }, summary: words },
      openingLineUp(
        { channel: 'C0INCIDENTS', drill: true },
        { quorum: { rule: 'skip', needed: 1, able: 2, from: ['approvers'] }, about: { isPrivate: true, members: 6 } },
      ),
    ),
    timelineForm(incident, lines),
    noteForm(incident, about, words),
    notificationForm(incident, about),
    closeForm(incident, about),
    skipForm(incident, step, about),
    attestForm(incident, step, about),
    secretForm(incident, 'four-words'),
    chooseIncidentForm([incident], 'INC-7', words),
    ...(request === undefined ? [] : [denyForm(incident, request, about), approvalForm(incident, request, about)]),
  ]
}

function requestOf(incident: OpenedIncident): Request {
  const request = incident.requests.get('r1' as RequestId)
  if (request === undefined) throw new Error('the story has no first request')
  return request
}

function expectAllHarmless(told: ReturnType<typeof story>, words: string): void {
  expectHarmless(everything(told, words))
  expectHarmless(folded(told), limits.crowdedText)
}

test.each(hostile)('%j neither calls, links nor breaks anything', (words) => {
  for (const upTo of [1, 3, 4, 5, 7, 8, 9, 14, 20, 22, 23, 24, 99]) expectAllHarmless(story(words, upTo), words)
})

test.each(hostile)('40,000 characters of %j stay within what Slack takes', (words) => {
  const long = words.repeat(Math.ceil(40_000 / Math.max(1, words.length))).slice(0, 40_000)
  for (const upTo of [5, 9, 22, 99]) expectAllHarmless(story(long, upTo), long)
})

test('any words at all stay within what Slack takes and call nobody', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 5000 }), fc.integer({ min: 1, max: 25 }), (words, upTo) => {
      expectAllHarmless(story(words, upTo), words)
    }),
    { numRuns: 60 },
  )
})

test('the first three lines of the card say what it is, who is next and how far it is', () => {
  const { incident } = story('alice', 5)
  const { blocks, text } = incidentCard(incident, { now })
  const [first] = marked(blocks)
  expect(first?.split('\n')).toEqual([
    '🔴 *🧪 DRILL · INC-7 · Compromised account · alice*',
    '*Next:* somebody other than <@U0ANA> approves step 1.',
    '░░░░░░░░░░ 0 of 5 proven',
    '⏳ access tokens are renewed until the sessions are revoked',
  ])
  expect(text).toMatch(/DRILL.* open\nNext: somebody other than <@U0ANA>/)
})

test('buttons are there while a request is open and gone afterwards, and the text stays', () => {
  const open = story('alice', 5).incident
  const approved = story('alice', 7).incident
  const request = (incident: OpenedIncident) => requestMessage(incident, requestOf(incident))
  expect(JSON.stringify(request(open).blocks)).toContain('"action_id":"approve"')
  expect(JSON.stringify(request(approved).blocks)).not.toContain('"action_id":"approve"')
  expect(JSON.stringify(request(approved).blocks)).toContain('This will')
  expect(request(approved).text).toMatch(/⏳ Approved by <@U0BAO> 03:18 UTC → \*waits for a worker since 03:18 UTC\*/)
})

test('a step that is done but not proven offers the other ways', () => {
  const { incident } = story('alice', 24)
  const card = JSON.stringify(incidentCard(incident, { now }).blocks)
  expect(card).toContain('Suspend alice instead')
  expect(card).toContain('I did step 4 by hand…')
  expect(card).toContain('old access tokens die in 11 min (03:29 UTC)')
})

test('a temporary password that was taken out can be made anew, since nobody knows whether it could be read', () => {
  const shows: Act = ({ secret }) => ({
    type: 'ShowSecret',
    by: standing('ana'),
    order: secret?.order ?? ('' as OrderId),
  })
  const card = (...acts: readonly Act[]) => JSON.stringify(incidentCard(play(...restored, ...acts).incident, { now }))
  expect(card()).not.toContain('Ask for step 5 again')
  expect(card(shows)).toContain('Ask for step 5 again')
})

test('a closed incident has no buttons', () => {
  const { incident } = story('alice')
  expect(JSON.stringify(everything({ incident, recorded: [] }, 'alice').slice(0, 5))).not.toContain('"type":"button"')
})

test('many lines are folded into few messages, none is lost and none is cut apart', () => {
  const { incident, recorded } = story('alice')
  const lines = Array.from({ length: 20 }, () => recorded.map((one) => timelineLine(one, incident))).flat()
  let rest = lines
  let messages = 0
  while (rest.length > 0) {
    const { message, taken } = timelineMessage(rest)
    expect(limitFaults(message, limits.crowdedText)).toEqual([])
    rest = rest.slice(taken)
    messages += 1
  }
  expect(messages).toBeLessThan(lines.length / 5)
})

test('a checkpoint stays readable letter for letter', () => {
  const { incident, recorded } = story('alice')
  const [line] = recorded
    .filter(({ event }) => event.type === 'CheckpointSigned')
    .map((one) => timelineLine(one, incident))
  expect(JSON.stringify(timelineMessage(line === undefined ? [] : [line]).message.blocks)).toContain(
    JSON.stringify('origin\n5\nroot=\n\n— key sig\n').slice(1, -1),
  )
})
