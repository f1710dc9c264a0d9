import { describe, expect, test } from 'vitest'
import { standardPolicy } from '#/policy/policy.ts'
import { execute, play, requestTtlMs, standard } from '../../test/support/given.ts'
import {
  allProven,
  approves,
  asks,
  asksToResume,
  beginsStepUp,
  breaks,
  breaksNow,
  brokenGlass,
  check,
  closes,
  contained,
  deletes,
  denies,
  doneResult,
  edits,
  effect,
  escalates,
  expires,
  facts,
  firstThreeProven,
  held,
  holds,
  lifted,
  minute,
  newestRequest,
  openOrder,
  opens,
  passes,
  person,
  proven,
  reminds,
  reports,
  restored,
  reviews,
  running,
  settledByWord,
  settles,
  settlesWithdrawal,
  shownRequest,
  snapshots,
  standing,
  start,
  steps,
  stops,
  swept,
  type Turn,
  tries,
  under,
  underWay,
  unproven,
  withdraws,
  withGlass,
  writes,
} from '../../test/support/stories.ts'
import { found, ids, opensWhole, reviewed, strangeClient, wholeUnderWay } from '../../test/support/whole-instance.ts'
import { amount } from './amount.ts'
import type { Command } from './commands.ts'
import type { EventType, IncidentId } from './events.ts'
import type { TimelineLine } from './line.ts'
import type { OpenedIncident } from './state.ts'
import { plainLine, timelineLine } from './timeline.ts'
import { atAndAgo, utc } from './times.ts'
import type { RequestId } from './work.ts'

function linesOf(...acts: readonly Turn[]): readonly TimelineLine[] {
  const { incident, recorded } = play(...acts)
  return recorded.map((entry) => timelineLine(entry, incident))
}

const lastLine = (...acts: readonly Turn[]) => linesOf(...acts).at(-1)

const showsSecret = (incident: OpenedIncident) => {
  if (incident.secret === undefined) throw new Error('there is no secret')
  return { type: 'ShowSecret', by: standing('ana'), order: incident.secret.order } as const
}

const threeTries = [1, 2, 3].map(() => tries(approves(standing('ana'))))
const twoApprovers = { ...standard, standard: { ...standard.standard, approvals: 2 } }

const changed = reports('run', {
  kind: 'changed',
  effect: effect('revoke 4 sessions of alice.'),
  differences: ['4 sessions instead of 3.'],
})
const failed = (sort: 'snapshot' | 'run' | 'sweep' | 'hold') =>
  reports(sort, { kind: 'failed', sentence: 'No answer.', retry: true })

const steppingUp: readonly Turn[] = [
  ...underWay,
  { policy: standardPolicy({ ttlMs: requestTtlMs, stepUp: true }) },
  ...shownRequest(steps.sessions),
  beginsStepUp(),
]

/** One story for every type of event, ending in it. */
const endingIn: Readonly<
  Record<Exclude<EventType, 'ClickRefused' | 'CommandSigned'>, readonly [acts: readonly Turn[], line: RegExp]>
> = {
  IncidentOpened: [[opens()], /^opened: Compromised user account, SEV2, target alice\. “Odd sign-in/],
  WorkOrdered: [[opens()], /^ordered: snapshot-account$/],
  IncidentLinked: [
    [
      opensWhole(),
      { type: 'LinkIncident', to: 'INC-9' as IncidentId, playbook: 'Exposed private key', person: person('ana') },
    ],
    /^links INC-9, which @ana opened from here: Exposed private key$/,
  ],
  AwarenessCorrected: [
    [opensWhole(), { type: 'CorrectAwareness', by: standing('bao'), awareAt: minute(-60), note: 'A mail at two.' }],
    /^put right when somebody became aware: 2026-11-23 02:00:00 UTC\. “A mail at two\.” The time that the law gives is over at 2026-11-26 02:00:00 UTC\.$/,
  ],
  LegalClockReminded: [
    [opensWhole(), passes(72 * 60), { type: 'RemindOfLegalClock' }],
    /^reminds: the time that the law gives was over at 2026-11-26 03:00:00 UTC, and nothing is decided\. For @ana$/,
  ],
  WorkProgressed: [
    [...underWay, ...running(steps.sessions), reports('run', { kind: 'progress', done: 3, total: 10, failed: 1 })],
    /^is at 3 of 10: “Revoke all sessions”\. 1 did not work yet and are tried again\.$/,
  ],
  ApprovalGiven: [
    [under(twoApprovers), ...underWay, ...shownRequest(steps.sessions), approves()],
    /^approved: Revoke all sessions of alice \(code [0-9A-Z]{3}-[0-9A-Z]{2}\)\. 1 of 2 · approved by @bao · still needed: one of @approvers\.$/,
  ],
  ApprovalLapsed: [
    [
      under(twoApprovers),
      ...underWay,
      ...shownRequest(steps.sessions),
      approves(),
      approves(standing('chi'), { earlier: [standing('bao', { membership: 'guest' })] }),
    ],
    /^found that the earlier approval by @bao does not count any more: Revoke all sessions of alice\. As things stand @bao would be told: “Guests cannot take part/,
  ],
  ApprovalProbed: [
    [...underWay, ...shownRequest(steps.sessions), ...threeTries],
    /^was refused 3 approvals in this incident: approval probing\. Ask @ana, but not in Slack, whether that was them: /,
  ],
  FindingExpected: [
    [
      ...wholeUnderWay,
      ...running(ids.rotate),
      reports('run', doneResult()),
      asks(ids.review, { inputs: { since: minute(-60) } }),
      reports('run', reviewed([strangeClient])),
      asks(found[0], { kind: 'expect', reason: 'Ours.' }),
      approves(),
    ],
    /^recorded as expected: Client “Rogue”\. “Ours\.”$/,
  ],
  QuestionAnswered: [
    [
      ...wholeUnderWay,
      asks(ids.rotate, { kind: 'skip', reason: 'No token.' }),
      approves(),
      asks(ids.review, { kind: 'skip', reason: 'No token.' }),
      approves(),
      asks(ids.which, { kind: 'answer', answer: 'ours', reason: 'It is nginx.' }),
      approves(),
    ],
    /^decided “Choose the way”: It is ours\. “It is nginx\.” Left out: “Call the provider”\.$/,
  ],
  HoldPlaced: [
    [...underWay, holds()],
    /^placed a hold on alice until 2026-11-23 03:30:00 UTC\. One responder is enough/,
  ],
  HoldApplied: [held, /^proved: alice is on hold\. Did it\. hold-account is proven$/],
  HoldConfirmed: [
    [...held, approves()],
    /^confirmed the hold on alice\. The account stays suspended until two people restore access\.$/,
  ],
  HoldLifted: [
    [...held, withdraws(), settles, lifted],
    /^proved: the hold on alice is lifted\. Did it\. lift-hold is proven$/,
  ],
  HoldFailed: [[...underWay, holds(), failed('hold')], /^did not suspend alice for the hold\. No answer\.$/],
  HoldSuperseded: [
    [...held, { type: 'SupersedeHold', incident: 'INC-9' as IncidentId }],
    /^ended the hold on alice: it lifts nothing any more\. alice stays suspended, as decided in INC-9\.$/,
  ],
  GlassAnnounced: [
    [{ policy: withGlass() }, ...underWay, ...shownRequest(steps.sessions), breaks()],
    /^BREAKS THE GLASS: Revoke all sessions of alice will be done at 2026-11-23 03:10:00 UTC without a second person\. “Nobody answers/,
  ],
  GlassBroken: [
    brokenGlass,
    /^BROKE THE GLASS: Revoke all sessions of alice is done on the word of @ana alone\. “Nobody answers, and the attacker is in\.” Announced 2026-11-23 03:00:00 UTC/,
  ],
  GlassCalledOff: [
    [
      { policy: withGlass() },
      ...underWay,
      ...shownRequest(steps.sessions),
      breaks(),
      { policy: withGlass([]) },
      passes(10),
      breaksNow(),
    ],
    /^did not break the glass: Revoke all sessions of alice waits for a second person\. The policy does not name this person for it any more\.$/,
  ],
  GlassReviewed: [
    [...brokenGlass, reviews('bao', { verdict: 'not-justified' })],
    /^reviewed what was done alone: Revoke all sessions of alice was NOT justified\. “I read the log of that night\.”$/,
  ],
  ThreadStarted: [[opens(), { type: 'StartThread', channel: 'C0INCIDENTS', ts: '1.2' }], /^started the thread$/],
  CommanderNamed: [[opens(), { type: 'TakeCommand', by: standing('chi') }], /^took command$/],
  NoteAdded: [
    [opens(), { type: 'AddNote', by: standing('chi'), text: 'Two countries.', link: 'https://x.test' }],
    /^noted: Two countries\. \(https:\/\/x\.test\)$/,
  ],
  WorkIssuedAgain: [
    [opens(), (incident) => ({ type: 'IssueAgain', order: openOrder(incident, 'snapshot'), why: 'Redis was empty' })],
    /^sent the reading of the account to the queue again: Redis was empty$/,
  ],
  WorkStarted: [
    [...underWay, ...running(steps.sessions), reports('run', { kind: 'started', attempt: 1 })],
    /^started: “Revoke all sessions” \(try 1\)$/,
  ],
  WorkWaits: [
    [...underWay, ...running(steps.sessions), reports('run', { kind: 'waiting', why: 'no answer', attempt: 1 })],
    /^waits with “Revoke all sessions”\. no answer\. It goes on by itself\.$/,
  ],
  WorkStopped: [
    [opens(), stops('bao', { reason: 'It is the wrong account.' })],
    /^stopped the work\. “It is the wrong account\.” Nothing more is done until two people resume it\.$/,
  ],
  WorkHalted: [
    [...underWay, ...running(steps.sessions), stops(), reports('run', { kind: 'halted', begun: true, attempt: 1 })],
    /^halted: “Revoke all sessions”\. It had begun/,
  ],
  WorkResumed: [
    [opens(), stops(), asksToResume(), approves()],
    /^resumed the work\. Asked by @ana, approved by @bao \(request r1\)\.$/,
  ],
  SnapshotTaken: [
    underWay,
    /^read the account and kept 0 pieces of evidence\. Role user, 3 sessions, .*1 passkey, .*MFA on\.$/,
  ],
  StepRequested: [[...underWay, asks(steps.sessions)], /^asked: Revoke all sessions of alice$/],
  RequestShown: [
    [...underWay, ...shownRequest(steps.sessions)],
    /^shows the request for @ana: Revoke all sessions of alice \(code .{6}\)\. This will: revoke 3 sessions/,
  ],
  RequestReminded: [
    [...underWay, ...shownRequest(steps.sessions), passes(15), reminds(['bao', 'chi'])],
    /^reminds: Revoke all sessions of alice waits for approval until 2026-11-23 03:30:00 UTC\. Able to now: @bao, @chi$/,
  ],
  StepUpStarted: [steppingUp, /^began to sign in to Autentico, to approve: Revoke all sessions of alice/],
  StepUpFailed: [
    [
      ...steppingUp,
      {
        type: 'EndStepUp',
        request: 'r1' as RequestId,
        person: person('bao'),
        why: 'denied',
        sentence: 'You said no at Autentico.',
      },
    ],
    /^ended the sign-in of @bao without an approval: Revoke all sessions of alice\. “You said no at Autentico\.”$/,
  ],
  RequestEscalated: [
    [...underWay, ...shownRequest(steps.sessions), passes(10), escalates(['gil'], ['bao'])],
    /^calls upon security as well: Revoke all sessions of alice waits for approval until 2026-11-23 03:30:00 UTC\. Able to now: @bao\. Whoever is called upon and not named there may not approve it, but may know who can be reached\. For @gil$/,
  ],
  IncidentStale: [
    [...underWay, passes(4 * 60), { type: 'NudgeStale' }],
    /^reminds: nothing has happened here since 2026-11-23 03:00:00 UTC\. Next is “Revoke all sessions”\. For @ana$/,
  ],
  StepApproved: [
    [...underWay, ...shownRequest(steps.sessions), approves()],
    /^approved: Revoke all sessions of alice \(code .{6}\)$/,
  ],
  StepDenied: [
    [...underWay, ...shownRequest(steps.sessions), denies()],
    /^denied: Revoke all sessions of alice\. “Not this account\.”$/,
  ],
  RequestWithdrawn: [
    [...underWay, ...shownRequest(steps.sessions), withdraws()],
    /^withdrew the request: Revoke all sessions of alice$/,
  ],
  WithdrawalBegun: [
    [...underWay, ...running(steps.sessions), withdraws()],
    /^takes back what was approved: Revoke all sessions of alice$/,
  ],
  WithdrawalFailed: [
    [...underWay, ...running(steps.sessions), withdraws(), settlesWithdrawal(false)],
    /^could not take back: Revoke all sessions of alice\. A worker had begun already, so it goes on\. For @ana$/,
  ],
  RequestExpired: [
    [...underWay, ...shownRequest(steps.sessions), passes(30), expires],
    /without a decision: Revoke all sessions of alice$/,
  ],
  ApprovalVoided: [
    [...underWay, ...running(steps.sessions), changed],
    /^did nothing: the situation changed.*4 sessions instead of 3\. The approval is void\./,
  ],
  StepDone: [
    [...underWay, ...proven(steps.sessions)],
    /^proved: Revoke all sessions of alice\. Did it\. revoke-sessions is proven$/,
  ],
  StepFailed: [
    [...underWay, ...running(steps.sessions), failed('run')],
    /^did not do: Revoke all sessions of alice\. No answer\.$/,
  ],
  StepSkipped: [[...underWay, ...settledByWord(steps.sessions, 'skip')], /^skipped: Revoke all sessions\. “Its owner/],
  StepAttested: [
    [...firstThreeProven, ...unproven(steps.passkeys), ...settledByWord(steps.passkeys, 'attest')],
    /^recorded as done by hand, not proven: Revoke passkeys\./,
  ],
  ReadingFailed: [[opens(), failed('snapshot')], /^could not read the account\. No answer\.$/],
  SweepDone: [
    [...allProven, ...swept('close-doors')],
    /^swept, and the proof does not hold any more\. close-doors is open$/,
  ],
  NotificationRecorded: [
    [
      opens(),
      {
        type: 'RecordNotification',
        by: standing('ana'),
        channel: 'phone',
        identityCheck: 'called back',
        note: 'Calm.',
      },
    ],
    /^told alice by phone\. Identity checked: called back\. “Calm\.”$/,
  ],
  SecretShown: [[...restored, showsSecret], /^was shown the temporary password, once$/],
  SecretDestroyed: [
    [...restored, passes(15), expires],
    /^destroyed the temporary password: nobody looked at it in time$/,
  ],
  IncidentContained: [contained, /^contained: /],
  IncidentClosed: [[...restored, closes()], /^closed the incident\. “Over\.”$/],
  ForgeryRefused: [
    [opens(), { type: 'RecordForgery', what: 'outcome', why: 'signed by nobody known', digest: 'ab'.repeat(32) }],
    /^refused a forged outcome: signed by nobody known\. .*sha256 abababababab…$/,
  ],
  RecordDoubted: [
    [opens(), { type: 'DoubtRecord', problems: ['Entry 3 is another one.'] }],
    /^found that this thread and the ledger do not agree: .*\. Entry 3 is another one\. Do not trust either/,
  ],
  PackRequested: [[opens(), { type: 'AskForPack', by: standing('ana') }], /^asked for the evidence pack$/],
  MessageWritten: [
    [opens(), { ...writes('gil', 'I saw it\nat three.'), files: ['shot.png'] } as Command],
    /^wrote: “I saw it at three\.” With “shot\.png”\.$/,
  ],
  MessageEdited: [
    [opens(), writes('gil', 'I saw it.'), edits('gil', 'I did not see it.')],
    /^edited their message of 2026-11-23 03:01:00 UTC\. Before: “I saw it\.” After: “I did not see it\.”$/,
  ],
  MessageDeleted: [
    [opens(), writes('gil', 'I saw it.'), deletes()],
    /^noticed that a message of @gil of 2026-11-23 03:01:00 UTC was deleted\. It said: “I saw it\.”$/,
  ],
  PostsDeleted: [
    [opens(), { type: 'RecordLostPosts', entries: [33, 31, 40, 32], card: true }],
    /^noticed that the card of this incident was deleted, and lines of the record were deleted from this thread: entries 31 to 33 and 40\. The ledger still holds every entry/,
  ],
  PostsAltered: [
    [opens(), { type: 'RecordAlteredPosts', entries: [3, 4] }],
    /^noticed that lines of the record say something else in this thread than when they were posted: entries 3 to 4\. Only whoever has the token of the bot/,
  ],
  CheckpointSigned: [
    [opens(), { type: 'RecordCheckpoint', size: 7, note: 'the note' }],
    /^signed a checkpoint over 7 entries:\nthe note$/,
  ],
}

describe('every entry in words', () => {
  test.each(Object.entries(endingIn))('%s', (type, [acts, words]) => {
    const { incident, recorded } = play(...acts)
    const entry = recorded.findLast(({ event }) => event.type === type)
    if (entry === undefined) throw new Error(`the story has no ${type}`)
    expect(timelineLine(entry, incident)).toMatchObject({
      seq: entry.seq,
      at: entry.at,
      actor: entry.actor,
      text: expect.stringMatching(words) as unknown,
    })
  })

  test('a refused click stands in the timeline with the person and the reason', () => {
    const story = play(...underWay, ...shownRequest(steps.sessions))
    const { story: after } = execute(story, approves(standing('ana'))(story.incident))
    const entry = after.recorded.at(-1)
    if (entry === undefined) throw new Error('nothing was recorded')
    expect(timelineLine(entry, story.incident)).toMatchObject({
      actor: { name: 'ana' },
      tone: 'warning',
      text: 'was refused: approve Revoke all sessions of alice. You asked for this, so somebody else has to approve it.',
    })
  })

  test('what was signed at a terminal names the key, and says with the person where it came from', () => {
    const { incident, recorded } = play(opens())
    const [entry] = recorded
    if (entry === undefined) throw new Error('nothing was recorded')
    const fingerprint = `SHA256:${'k'.repeat(43)}`
    const event = { type: 'CommandSigned', text: '{}', signature: 'AAAA', fingerprint } as const
    const line = timelineLine({ ...entry, actor: { ...person('bao'), key: fingerprint }, event }, incident)
    expect(plainLine(line)).toContain(`@bao (terminal) signed what follows with the key ${fingerprint}`)
    expect(line.forThread).toBe(false)
  })

  test('no line says “undefined”', () => {
    const texts = Object.values(endingIn).flatMap(([acts]) => linesOf(...acts).map(({ text }) => text))
    expect(texts.filter((text) => /undefined|\[object|NaN/.test(text))).toEqual([])
  })
})

describe('a line', () => {
  test('always has its date, not only the time', () => {
    const [line] = linesOf(opens())
    if (line === undefined) throw new Error('there is no line')
    expect(plainLine(line)).toBe(`#1  2026-11-23 03:00:00 UTC  @ana ${line.text}  ${line.hash.slice(0, 4)}…`)
  })

  test('names a worker and the program by themselves', () => {
    const story = linesOf(...underWay, ...shownRequest(steps.sessions), passes(30), expires)
    expect(story.map(plainLine).join('\n')).toMatch(/worker-1 read the account[^]*the bot let the request end/)
  })

  test('stays as it is when the incident goes on', () => {
    const early = play(...underWay, ...shownRequest(steps.sessions))
    const late = play(...restored, closes())
    const [entry] = early.recorded.filter(({ event }) => event.type === 'RequestShown')
    if (entry === undefined) throw new Error('nothing was shown')
    expect(timelineLine(entry, late.incident)).toEqual(timelineLine(entry, early.incident))
  })

  test('of something done but not proven says what is open, and is no good news', () => {
    const line = linesOf(...underWay, ...unproven(steps.sessions)).findLast(({ text }) => text.startsWith('did'))
    expect(line).toMatchObject({
      tone: 'warning',
      text: expect.stringContaining('Open: close-doors is open') as unknown,
    })
  })

  test('of a proven step is good news', () => {
    expect(linesOf(...underWay, ...proven(steps.sessions)).at(-1)?.tone).toBe('good')
  })

  test('names both the requester and the approver', () => {
    const { incident, recorded } = play(...underWay, ...running(steps.sessions))
    const text = recorded.map((entry) => plainLine(timelineLine(entry, incident))).join('\n')
    expect(text).toMatch(/for @ana: Revoke all sessions[^]*@bao approved: Revoke all sessions/)
  })

  test('of an approval carries the code that the request was shown with', () => {
    const { incident, recorded } = play(...underWay, ...running(steps.sessions))
    const approval = recorded.find(({ event }) => event.type === 'StepApproved')
    if (approval === undefined) throw new Error('nothing was approved')
    expect(timelineLine(approval, incident).text).toContain(newestRequest(incident).shown?.code ?? 'no code')
  })

  test('of a snapshot without the database does not count what it cannot see', () => {
    const blind = facts({ counts: { ...facts().counts, passkeys: null, trustedDevices: null }, suspended: true })
    const line = lastLine(
      opens(),
      reports('snapshot', { kind: 'snapshot', facts: blind, evidence: [], warnings: ['No database.'] }),
    )
    expect(line).toMatchObject({
      tone: 'warning',
      text: expect.stringMatching(/2 tokens, MFA on, suspended\. No database\.$/) as unknown,
    })
  })

  test('of a sweep says when it will be', () => {
    expect(lastLine(...allProven)).toMatchObject({ headline: 'set the sweep for 2026-11-23 03:10:00 UTC' })
  })

  test('of a clean sweep is good news', () => {
    const line = linesOf(...contained).find(({ text }) => text.startsWith('swept'))
    expect(line?.tone).toBe('good')
  })

  test('that only matters to the record stays out of the thread', () => {
    const quiet = linesOf(opens(), snapshots, asks(steps.sessions)).filter(({ forThread }) => !forThread)
    expect(quiet.map(({ text }) => text)).toEqual([
      'ordered: snapshot-account',
      'asked: Revoke all sessions of alice',
      'ordered: revoke-sessions (looking first)',
    ])
  })

  test('of a second try comes into the thread', () => {
    const tries = (attempt: number) =>
      lastLine(...underWay, ...running(steps.sessions), reports('run', { kind: 'started', attempt }))
    expect([tries(1)?.forThread, tries(2)?.forThread]).toEqual([false, true])
  })

  test('of a suspension says that it is in place of the step', () => {
    const story = [
      ...firstThreeProven,
      ...unproven(steps.passkeys),
      ...shownRequest(steps.passkeys, { kind: 'suspend' }),
    ]
    expect(lastLine(...story)?.text).toContain('Suspend alice in place of “Revoke passkeys”')
  })

  test('of what is done about a step with notes carries them', () => {
    const line = linesOf(
      ...underWay,
      ...running(steps.sessions),
      reports('run', doneResult({ checks: [check('revoke-sessions')], notes: ['MFA is off now.'] })),
    ).at(-1)
    expect(line?.text).toMatch(/ MFA is off now\.$/)
  })
})

test('moments are written as absolute UTC', () => {
  expect(utc(start)).toBe('2026-11-23 03:00:00 UTC')
  expect(utc(minute(1500))).toBe('2026-11-24 04:00:00 UTC')
})

test.each([
  [0, '0 sessions'],
  [1, '1 session'],
  [2, '2 sessions'],
])('%i is %s', (count, words) => {
  expect(amount(count, 'session')).toBe(words)
})

test.each([
  [start, minute(0), 'at 2026-11-23 03:00:00 UTC, just now'],
  [start, '2026-11-23T03:00:04.000Z', 'at 2026-11-23 03:00:00 UTC, 4 seconds ago'],
  [start, minute(1), 'at 2026-11-23 03:00:00 UTC, 1 minute ago'],
  [start, minute(125), 'at 2026-11-23 03:00:00 UTC, 2 hours ago'],
  [start, minute(1500), 'at 2026-11-23 03:00:00 UTC'],
  [minute(1), start, 'at 2026-11-23 03:01:00 UTC'],
])('%s seen at %s is %s', (at, now, words) => {
  expect(atAndAgo(at, now)).toBe(words)
})
