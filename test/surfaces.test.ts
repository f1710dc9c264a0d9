import { describe, expect, test } from 'vitest'
import { builtIn } from '#/configuration/playbooks.ts'
import { changeRefusalCodes, changeRefusalSentence } from '#/governance/refusals.ts'
import type { IncidentId, Recorded } from '#/incident/events.ts'
import { refusalCodes, refusalSentence } from '#/incident/refusals.ts'
import { openRequests } from '#/incident/state.ts'
import { timelineLine } from '#/incident/timeline.ts'
import type { Effect, StepCheck, WorkResult } from '#/incident/work.ts'
import type { ActionName, PlaybookStep, StepId } from '#/playbook/playbook.ts'
import type { Message } from '#/slack/cards/blocks.ts'
import { closeForm, denyForm, notificationForm, secretForm } from '#/slack/cards/forms.ts'
import { homeView } from '#/slack/cards/home.ts'
import { helpMessage, incidentList, statusMessage, verifyMessage } from '#/slack/cards/lists.ts'
import { openingForm, openingLineUp } from '#/slack/cards/opening-form.ts'
import { requestMessage } from '#/slack/cards/request-message.ts'
import { attestForm, skipForm } from '#/slack/cards/step-forms.ts'
import { stopAllForm, stopForm } from '#/slack/cards/stop-forms.ts'
import { summaryMessage } from '#/slack/cards/summary-message.ts'
import { timelineForm, timelineMessage } from '#/slack/cards/timeline-message.ts'
import { aloneForOne, aloneMessages } from './support/alone-surfaces.ts'
import { execute, play } from './support/given.ts'
import { plainSurface, spokenText } from './support/plain-surface.ts'
import { rulesForOne, rulesMessages } from './support/rules-surfaces.ts'
import { signInForOne, signInMessages } from './support/sign-in-surfaces.ts'
import {
  type Act,
  approves,
  asks,
  asksToResume,
  closes,
  deletes,
  edits,
  escalates,
  facts,
  minute,
  newestRequest,
  opens,
  passes,
  person,
  reminds,
  reports,
  standing,
  steps,
  stops,
  writes,
} from './support/stories.ts'
import { card, link, newest, type Played, request, worded } from './support/surfaces.ts'
import { wholeForOne, wholeMessages } from './support/whole-surfaces.ts'

const withoutMfa =
  'This Autentico does not require MFA. After this, alice signs in with the password alone until MFA is required.'
const stillBelieved =
  'Access tokens already issued are believed until 2026-11-23 03:27 UTC by services that do not ask Autentico about each request.'

/** A step as a worker words it. */
type Wording = { readonly effect: Effect; readonly did: readonly string[]; readonly back: readonly string[] }

const nobodyIn = [
  'No live session: all 3 are deactivated.',
  'No single sign-on session: none is left.',
  'No unrevoked token: all 2 are revoked.',
]
const wording: Readonly<Record<'sessions' | 'password' | 'mfa' | 'passkeys' | 'notify', Wording>> = {
  sessions: {
    effect: worded(
      'revoke 3 sessions, 1 single sign-on session and 2 tokens of alice.',
      'Revoke every session of alice? Everybody who is signed in as alice is signed out.',
      'Revoke them',
      stillBelieved,
    ),
    did: ['Revoked 3 sessions, 1 single sign-on session and 2 tokens.'],
    back: nobodyIn,
  },
  password: {
    effect: worded(
      'set a random password for alice that nobody is shown, and revoke every session once more.',
      'Reset the password of alice? The old one stops working at once, and this cannot be undone.',
      'Reset it',
      'alice cannot sign in with a password until access is restored.',
    ),
    did: ['Set a random password that nobody was shown.', 'Revoked every session once more.'],
    back: ['Autentico confirmed the new password, and its audit log has the change.', ...nobodyIn],
  },
  mfa: {
    effect: worded(
      'clear the authenticator of alice and its secret, forget 2 trusted devices and revoke every session once more.',
      "Clear alice's authenticator? This cannot be undone: alice has to enrol a new one.",
      'Clear it',
      withoutMfa,
    ),
    did: ['Cleared the authenticator and its secret.', 'Forgot 2 trusted devices.', 'Revoked every session once more.'],
    back: [
      'No authenticator: TOTP no longer counts as verified.',
      'No half-finished login: none is left.',
      'No TOTP secret: none is left.',
      'No trusted device: none is left.',
    ],
  },
  passkeys: {
    effect: worded(
      'delete 1 passkey and 1 linked account (Workspace) of alice, and revoke every session once more.',
      'Delete the passkeys of alice and everything else that opens a new session? This cannot be undone.',
      'Delete them',
    ),
    did: ['Deleted 1 passkey and 1 linked account.', 'Revoked every session once more.'],
    back: ['No passkey: none is left.', 'No linked account: none is left.', ...nobodyIn],
  },
  notify: {
    effect: worded(
      'restore access for alice with a temporary password, shown once to the person who asked for this.',
      'Give alice access again? The temporary password is shown once, to the person who asked for it.',
      'Restore access',
    ),
    did: ['Set a temporary password, sealed for the person who asked.'],
    back: ['Autentico shows alice as active.'],
  },
}

const accountCompromise = builtIn('account-compromise')
type Name = keyof typeof wording
const actionOf = (name: Name): ActionName =>
  accountCompromise.steps.find(({ id }) => id === steps[name])?.action ?? 'sweep'
const checked = (name: Name, proven: StepCheck['proven'] = true): readonly StepCheck[] =>
  wording[name].back.map((detail) => ({ action: actionOf(name), name: detail, proven, detail }))

const looked = (effect: Effect): Act => reports('prepare', { kind: 'prepared', effect })
const asked = (name: Name): readonly Act[] => [passes(1), asks(steps[name]), looked(wording[name].effect)]
const approved = (name: Name): readonly Act[] => [...asked(name), passes(1), approves()]
const started = reports('run', { kind: 'started', attempt: 1 })
const ended = (name: Name, change: Partial<Extract<WorkResult, { kind: 'done' }>> = {}): Act =>
  reports('run', {
    kind: 'done',
    did: wording[name].did,
    checks: checked(name),
    evidence: [],
    requestIds: [],
    notes: wording[name].effect.warnings,
    ...change,
  })
const proven = (name: Name): readonly Act[] => [...approved(name), started, ended(name)]
const failed = (sentence: string, retry: boolean): Act => reports('run', { kind: 'failed', sentence, retry })

const begun: readonly Act[] = [
  passes(14),
  opens({ summary: 'Login from two countries, 03:12' }),
  { type: 'StartThread', channel: 'C0INCIDENTS', ts: '1763866800.000100' },
]
const read: Act = reports('snapshot', {
  kind: 'snapshot',
  facts: facts({ accessTokensEndAt: minute(27) }),
  evidence: ['account', 'sessions', 'tokens'].map((name) => ({ name, digest: 'ab'.repeat(32) })),
  warnings: ['This Autentico does not require MFA.'],
})
const ready = [...begun, read]
const twoProven = [...ready, ...proven('sessions'), ...proven('password')]
const threeProven = [...twoProven, ...proven('mfa')]
const fourProven = [...threeProven, ...proven('passkeys')]
const told: Act = {
  type: 'RecordNotification',
  by: standing('chi'),
  channel: 'phone call',
  identityCheck: 'employee number',
  note: '',
}
const sweepOf = (proof: StepCheck['proven']): Act =>
  reports('sweep', {
    kind: 'done',
    did: [],
    checks: [
      ...(proof === true ? checked('sessions') : [found]),
      ...checked('password'),
      ...checked('mfa'),
      ...checked('passkeys'),
    ],
    evidence: [],
    requestIds: [],
    notes: [],
  })
const found: StepCheck = {
  action: 'revoke-sessions',
  name: 'no-live-sessions',
  proven: false,
  detail: 'Still there (live session): 1.',
}
const contained = [...fourProven, told, passes(10), sweepOf(true)]
const restored = [...contained, ...approved('notify'), started, ended('notify', { sealed: { expiresAt: minute(64) } })]
const unproven = [
  ...threeProven,
  ...approved('passkeys'),
  started,
  ended('passkeys', {
    did: ['Revoked every session once more; nothing else can be reached without the database.'],
    checks: ['The passkeys', 'The trusted devices', 'Pending codes and links', 'The linked accounts'].map((what) => ({
      action: 'close-doors',
      name: what,
      proven: 'unknown',
      detail: `${what} cannot be read on this worker (no \`AUTENTICO_DB_PATH\`).`,
    })),
    notes: ['Suspend alice, or delete the passkeys by hand.'],
  }),
]
const suspends = worded(
  'suspend alice: no way of signing in works, and every session ends.',
  'Suspend alice? Nobody can sign in as alice until access is restored.',
  'Suspend',
)
const suspended = [
  ...unproven,
  asks(steps.passkeys, { kind: 'suspend' }),
  looked(suspends),
  approves(),
  ended('sessions', { did: ['Suspended the account.', 'Revoked every session.'], notes: [] }),
]

function at(...acts: readonly Act[]): Played {
  return play(...acts)
}

/** After a refused click: its line, and what the person is told in private. */
function refusedBy(story: Played, by: Parameters<typeof approves>[0], able?: string): readonly [Message, string] {
  const command = approves(by, able === undefined ? {} : { able })(story.incident)
  const { story: after, decision } = execute(story, command)
  const line = after.recorded.at(-1)
  if (line === undefined || decision.kind === 'accepted') throw new Error('it was not refused')
  return [timelineMessage([timelineLine(line, story.incident)]).message, decision.sentence]
}

const shown = at(...ready, ...asked('sessions'))
const [ownApproval, toldAna] = refusedBy(shown, standing('ana'), '@bao, @chi')
const [guestApproval, toldGil] = refusedBy(shown, standing('gil'))
const [, toldAlice] = refusedBy(shown, standing('alice', { responder: true, approver: true }))
const [, toldChi] = refusedBy(at(...ready, ...approved('sessions')), standing('chi'))
const away = 'Autentico does not answer (connection refused).'
const waits = at(...twoProven, ...approved('mfa'), reports('run', { kind: 'waiting', why: away, attempt: 1 }))
const closed = at(...restored, passes(3), closes(standing('bao'), 'Phished password. Passkey of the attacker removed.'))
const stoppedRunning = at(
  ...ready,
  ...approved('sessions'),
  started,
  passes(1),
  stops('chi', { reason: 'It is the wrong alice.' }),
)
const halted = at(
  ...ready,
  ...approved('sessions'),
  started,
  passes(1),
  stops('chi', { reason: 'It is the wrong alice.' }),
  reports('run', { kind: 'halted', begun: true, attempt: 1 }),
)
const resuming: readonly Act[] = [...ready, ...approved('sessions'), started, passes(1), stops(), asksToResume()]
const where = { now: shown.now, threadLink: () => link }
const about = { of: 'incident', incident: 'INC-1' as IncidentId } as const

function home(story: Played, status: readonly string[]): object {
  const waiting = openRequests(story.incident).map((one) => ({ incident: story.incident, request: one, link }))
  const { now } = story
  const recent = [closed.incident]
  return homeView({
    ...where,
    now,
    viewer: person('bao'),
    waiting,
    open: [story.incident],
    recent,
    drill: false,
    status,
  })
}

const spoken = [writes('gil', 'I signed in at 02:10 from the hotel.')]
const reminded = [...ready, ...asked('sessions'), passes(2), reminds(['bao', 'chi'])]

/** Messages that stand in the channel or the thread: their text has to say all that their blocks say. */
const messages: readonly (readonly [string, Message])[] = [
  ['The card, while the account is read', card(at(...begun))],
  ['The card, ready', card(at(...ready))],
  ['The thread begins', newest(at(...ready), 2)],
  ['The card, while a worker looks at the account', card(at(...ready, passes(1), asks(steps.sessions)))],
  ['A request', request(shown)],
  ['The card, while a request is open', card(shown)],
  ['The requester presses Approve', ownApproval],
  ['A guest presses Approve', guestApproval],
  ['Nobody decides for two minutes', newest(at(...reminded))],
  ['Nobody decides for four minutes more', newest(at(...reminded, passes(4), reminds(['bao', 'chi'])))],
  ['The next group is called upon', newest(at(...reminded, passes(8), escalates(['chi', 'gil'], ['bao', 'chi'])))],
  ['Nobody can decide', newest(at(...ready, ...asked('sessions'), passes(2), reminds([])))],
  ['Somebody edits what they wrote', newest(at(...ready, ...spoken, edits('gil', 'I was at lunch at 02:10.')))],
  ['Somebody deletes what they wrote', newest(at(...ready, ...spoken, deletes()))],
  [
    'Somebody deletes lines of the record',
    newest(at(...ready, { type: 'RecordLostPosts', entries: [3, 4], card: false })),
  ],
  ['Nothing happens for four hours', newest(at(...ready, passes(4 * 60), { type: 'NudgeStale' }))],
  ['Approved, and not taken by a worker yet: the request', request(at(...ready, ...approved('sessions')))],
  ['No worker takes it: the card', card(at(...ready, ...approved('sessions'), passes(1)))],
  ['Running: the request', request(at(...ready, ...approved('sessions'), started))],
  ['Running: the card', card(at(...ready, ...approved('sessions'), started))],
  ['Proven: the request', request(at(...ready, ...proven('sessions')))],
  ['Proven: the thread', newest(at(...ready, ...proven('sessions')), 2)],
  ['Step 3 waits for approval: the card', card(at(...twoProven, ...asked('mfa')))],
  ['Autentico is away: the card', card(waits)],
  ['Autentico is away: the request', request(waits)],
  ['Autentico is away: the thread', newest(waits)],
  [
    'Not done, and trying again may help: the card',
    card(
      at(
        ...twoProven,
        ...approved('mfa'),
        failed('Autentico refused (403, admin access required). Give the bot’s account back its role.', true),
      ),
    ),
  ],
  [
    'Not done, and trying again would not help: the request',
    request(at(...threeProven, ...approved('passkeys'), failed('The database is not the one of this server.', false))),
  ],
  [
    'Not done, and trying again would not help: the card',
    card(at(...threeProven, ...approved('passkeys'), failed('The database is not the one of this server.', false))),
  ],
  ['Done, not proven: the request', request(at(...unproven))],
  ['Done, not proven: the thread', newest(at(...unproven), 2)],
  ['Done, not proven: the card', card(at(...unproven))],
  ['Suspended instead: the request', request(at(...suspended))],
  ['Suspended instead: the card', card(at(...suspended))],
  ['The account changed after the approval: the request', requestMessage(...voided())],
  ['Waiting for the sweep: the card', card(at(...fourProven, passes(4)))],
  ['Contained: the thread', newest(at(...contained), 2)],
  ['The sweep finds something: the card', card(at(...fourProven, told, passes(10), sweepOf(false)))],
  ['The sweep finds something: the thread', newest(at(...fourProven, told, passes(10), sweepOf(false)))],
  ['Contained, access can be given back: the card', card(at(...contained))],
  ['Access given back: the card', card(at(...restored))],
  ['Nobody saw the temporary password: the card', card(at(...restored, passes(40), { type: 'ExpireRequests' }))],
  ['Stopped, and the worker is about to halt: the card', card(stoppedRunning)],
  ['Stopped: the thread', newest(halted, 2)],
  ['Stopped halfway: the card', card(halted)],
  ['Stopped halfway: the request that was approved', request(halted)],
  ['Everything is stopped: the card', card(at(...ready, stops('chi', { all: true })))],
  ['Somebody asks to resume: the request', request(at(...resuming))],
  ['Somebody asks to resume: the card', card(at(...resuming))],
  ['Two people let it go on: the request', request(at(...resuming, approves()))],
  ['Two people let it go on: the thread', newest(at(...resuming, approves()), 2)],
  ['Closed: the summary', summaryMessage(closed.incident)],
  ['Closed: the card', card(closed)],
  ...wholeMessages,
  ...rulesMessages,
  ...signInMessages,
  ...aloneMessages,
]

function voided(): Parameters<typeof requestMessage> {
  const changed: WorkResult = {
    kind: 'changed',
    effect: wording.sessions.effect,
    differences: ['alice now has 4 sessions, not 3.'],
  }
  const { incident } = at(...ready, ...approved('sessions'), reports('run', changed))
  const first = [...incident.requests.values()][0]
  if (first === undefined) throw new Error('nothing was asked for')
  return [incident, first]
}

/** What one person alone sees. */
const forOne: readonly (readonly [string, object])[] = [
  [
    'The form, `/autentico incident`',
    openingForm(
      { playbooks: [accountCompromise] },
      { target: { text: 'alice · alice@acme.test · 3 sessions · MFA on', value: 'a|id|alice' } },
      openingLineUp(
        { channel: 'C0INCIDENTS', drill: false },
        { quorum: { rule: 'skip', needed: 1, able: 4, from: ['approvers'] }, about: { isPrivate: true, members: 6 } },
      ),
    ),
  ],
  ['Deny…', denyForm(shown.incident, newestRequest(shown.incident), about)],
  ['Skip step 1…', skipForm(shown.incident, stepOf('revoke-sessions'), about)],
  ['I did step 4 by hand…', attestForm(shown.incident, stepOf('revoke-passkeys'), about)],
  ['Record how alice was told…', notificationForm(shown.incident, about)],
  ['Show the temporary password…', secretForm(shown.incident, 'HK95U-GBT9U-VFY5S-UBJW3')],
  ['Stop…', stopForm(shown.incident, about)],
  ['Stop everything…', stopAllForm(3)],
  ['Close…', closeForm(at(...restored).incident, about)],
  [
    'Timeline',
    timelineForm(
      shown.incident,
      shown.recorded.map((one: Recorded) => timelineLine(one, shown.incident)),
    ),
  ],
  [
    'Home, somebody waits for bao',
    home(shown, [
      '✅ Redis answers.',
      '⚠️ worker-1: Autentico answers; not everything can be proven.',
      '⚠️ worker-1: No database (`AUTENTICO_DB_PATH`): passkeys, trusted devices, pending codes and links cannot be removed; such steps offer suspension and stay not proven.',
    ]),
  ],
  [
    'Home, Redis is away',
    home(at(...twoProven), [
      '⛔ Redis does not answer since 2026-11-23 03:20:11 UTC. What is approved waits, and goes on by itself. The workers are not known.',
    ]),
  ],
  ['Home, everything is stopped', home(at(...ready, stops('chi', { all: true })), [])],
  ['/autentico list', incidentList([shown.incident], where)],
  ['/autentico status', statusMessage(shown.incident, where)],
  [
    '/autentico verify INC-1',
    verifyMessage(shown.incident, {
      ok: true,
      entries: 52,
      head: { seq: 52, hash: '4be7'.repeat(16) },
      checkpoints: 2,
      thread: 'compared',
      threadCheckpoints: 3,
      problems: [],
    }),
  ],
  ...wholeForOne,
  ...rulesForOne,
  ...signInForOne,
  ...aloneForOne,
  ['/autentico help', helpMessage()],
]

function stepOf(id: string): PlaybookStep {
  const step = accountCompromise.steps.find((one) => one.id === (id as StepId))
  if (step === undefined) throw new Error(`no step ${id}`)
  return step
}

const privately = [toldAna, toldGil, toldAlice, toldChi]

test('what people see is as it stands in surfaces.md', async () => {
  const sections = [...messages, ...forOne].map(
    ([title, surface]) => `## ${title}\n\n\`\`\`text\n${plainSurface(surface)}\n\`\`\``,
  )
  const named = { who: '@ana', what: '…', able: '@bao, @chi' }
  const refusals = [
    ...refusalCodes.map((code) => refusalSentence({ code, about: named })),
    ...changeRefusalCodes.map((code) => changeRefusalSentence({ code, about: named })),
  ].map((sentence) => `- ${sentence}`)
  const document = [
    '# What people see',
    'The whole story of one incident, and of some about Autentico as a whole, as plain text, one surface below the other. Written by `test/surfaces.test.ts`; `npx vitest run --project unit test/surfaces.test.ts -u` writes it anew.',
    ...sections,
    '## Told in private',
    privately.map((sentence) => `- ${sentence}`).join('\n'),
    '## Every refusal',
    refusals.join('\n'),
    '',
  ]
  await expect(document.join('\n\n')).toMatchFileSnapshot('./surfaces.md')
})

describe('a message', () => {
  test.each(messages)('says all that its blocks say in its text as well: %s', (_title, surface) => {
    const words = (said: string): readonly string[] => said.match(/[\p{L}\p{N}]{3,}/gu) ?? []
    const blocks = surface.blocks.filter(({ type }) => type === 'section' || type === 'context')
    const spoken = new Set(words(spokenText(surface)))
    expect(words(plainSurface({ blocks })).filter((word) => !spoken.has(word))).toEqual([])
  })

  test.each(messages)('begins with three lines that are no wall of text: %s', (_title, surface) => {
    const first = plainSurface(surface).replaceAll(/[*`]/g, '').split('\n').slice(0, 3)
    expect(first.filter((line) => line.length > 150)).toEqual([])
  })
})
