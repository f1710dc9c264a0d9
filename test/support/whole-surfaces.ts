import { builtIn } from '#/configuration/playbooks.ts'
import { instanceTarget } from '#/incident/account.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { Finding } from '#/incident/findings.ts'
import { findStep, type IncidentStep, type OpenedIncident } from '#/incident/state.ts'
import type { Effect, StepCheck, WorkResult } from '#/incident/work.ts'
import type { ActionName, Playbook, StepId } from '#/playbook/playbook.ts'
import type { Message } from '#/slack/cards/blocks.ts'
import { approvalForm } from '#/slack/cards/forms.ts'
import { inputsForm } from '#/slack/cards/inputs-form.ts'
import { awarenessForm } from '#/slack/cards/legal-clock.ts'
import { statusMessage } from '#/slack/cards/lists.ts'
import { openingForm, openingLineUp } from '#/slack/cards/opening-form.ts'
import { attestForm, decisionForm, expectForm, lookAgainForm } from '#/slack/cards/step-forms.ts'
import { summaryMessage } from '#/slack/cards/summary-message.ts'
import { play } from './given.ts'
import {
  type Act,
  approves,
  asks,
  closes,
  doneResult,
  minute,
  newestRequest,
  opens,
  passes,
  person,
  reports,
  settledByWord,
  standing,
} from './stories.ts'
import { card, link, newest, request, worded } from './surfaces.ts'
import { ids, instanceFacts, wholeUnderWay } from './whole-instance.ts'

/** What people see of incidents about Autentico as a whole: reviews, questions, fields, long work, the legal clock, follow-ups. */

const token = builtIn('admin-token-exposed')
const breach = builtIn('database-breach')
const flood = builtIn('denial-of-service')
const lineUp = openingLineUp(
  { channel: 'C0INCIDENTS', drill: false },
  { quorum: { rule: 'skip', needed: 1, able: 4, from: ['approvers'] }, about: { isPrivate: true, members: 6 } },
)

const id = (name: string) => name as StepId
const about = { of: 'incident', incident: 'INC-1' as IncidentId } as const

function begun(playbook: Playbook, change: Parameters<typeof opens>[0] = {}): readonly Act[] {
  return [passes(14), opens({ playbook, target: instanceTarget, summary: '', ...change })]
}

const read: Act = reports('snapshot', {
  kind: 'snapshot',
  instance: { ...instanceFacts, users: 10_004, accessTokensEndAt: minute(29) },
  evidence: [{ name: 'instance.json', digest: 'ab'.repeat(32) }],
  warnings: [],
})

const looked = (what: Effect): Act => reports('prepare', { kind: 'prepared', effect: what })
const started = reports('run', { kind: 'started', attempt: 1 })
const check = (action: ActionName, detail: string): StepCheck => ({ action, name: detail, proven: true, detail })
const done = (did: string, checks: readonly StepCheck[], findings: readonly Finding[] = []): Act =>
  reports('run', doneResult({ did: [did], checks, findings }))
const progressed = (change: Partial<Extract<WorkResult, { kind: 'progress' }>>): Act =>
  reports('run', { kind: 'progress', done: 6_120, total: 10_000, failed: 0, secondsLeft: 41, ...change })

// An exposed admin token: four steps, two of which come upon something.

const rotates = worded(
  'put a new random value for AUTENTICO_ADMIN_TOKEN into the environment file, and end the sessions and tokens of 3 administrators.',
  'Rotate the token and sign out every administrator, this bot last?',
  'Rotate it',
  'No Autentico release reads this variable: what opens the admin API are the sessions and tokens of administrators.',
)
const rotated: readonly Act[] = [
  ...begun(token, { summary: 'The token stood in a public repository since 02:40.' }),
  read,
  asks(id('rotate-admin-token')),
  looked(rotates),
  approves(),
  started,
  done('Put a new value into the environment file and ended 5 sessions.', [
    check('rotate-admin-token', 'No live session of an administrator: all 5 are deactivated.'),
  ]),
]
const since = { inputs: { since: '2026-11-23T02:40:00.000Z' } }
const audited: readonly Act[] = [
  ...rotated,
  asks(id('review-audit'), since),
  started,
  done('Read 214 entries of the audit log.', [check('review-audit', 'Auditing was on the whole time.')]),
]
const helpdesk: Finding = {
  key: 'admin:cv3khelpdesk@0011',
  kind: 'admin',
  subject: { id: 'cv3khelpdesk', name: 'helpdesk', email: 'helpdesk@acme.test' },
  title: 'Administrator “helpdesk”',
  says: 'Account made 2026-11-23 02:51 UTC, last signed in 2026-11-23 02:52 UTC.',
  flags: ['made since the exposure', 'no second factor'],
  ways: ['demote-admin', 'suspend-account'],
}
const hidden: Finding = {
  ...helpdesk,
  key: 'admin:cv3kold@2233',
  subject: { id: 'cv3kold', name: 'old-admin', email: '' },
  title: 'Administrator “old-admin”',
  says: 'Account made 2025-03-02 09:00 UTC, deactivated 2026-11-23 02:55 UTC.',
  flags: ['deactivated, so no list in Autentico shows it'],
  ways: [],
  byHand: true,
}
const reviewAdmins = id('review-admins')
const [first, second] = [id('review-admins-1'), id('review-admins-2')] as const
const found: readonly Act[] = [
  ...audited,
  asks(reviewAdmins),
  started,
  done(
    'Read 4 administrators: 2 that nobody has spoken for.',
    [check('review-admins', 'All were read.')],
    [helpdesk, hidden],
  ),
]
const demotes = worded(
  'make helpdesk an ordinary user and end 1 session and 1 token.',
  'Demote helpdesk? Whatever it did as an administrator stays done.',
  'Demote it',
)
const demoting: readonly Act[] = [...found, asks(first, { action: 'demote-admin' }), looked(demotes)]
const demoted: readonly Act[] = [
  ...demoting,
  approves(),
  started,
  done('Made helpdesk an ordinary user and ended 1 session.', [check('demote-admin', 'The role is user.')]),
]
const expecting: readonly Act[] = [
  ...demoted,
  asks(second, { kind: 'expect', reason: 'Our old break-glass account, switched off by Chi on Friday.' }),
]
const spokenFor: readonly Act[] = [...expecting, approves()]
const clients = Array.from(
  { length: 14 },
  (_, at): Finding => ({
    key: `client:billing-${at}@4455`,
    kind: 'client',
    subject: { id: `billing-${at}`, name: `Billing ${at + 1}` },
    title: `Client “Billing ${at + 1}”`,
    says: 'Registered 2026-11-23 02:53 UTC by helpdesk.',
    flags: ['registered since the exposure', 'may ask for admin tokens'],
    ways: ['disable-client'],
  }),
)
const manyFound: readonly Act[] = [
  ...spokenFor,
  asks(id('review-clients')),
  started,
  done('Read 17 clients: 14 that nobody has spoken for.', [check('review-clients', 'All were read.')], clients),
]
const settled: readonly Act[] = [
  ...manyFound,
  ...settledByWord(id('review-clients-1'), 'skip-rest'),
  passes(10),
  reports(
    'sweep',
    doneResult({ checks: [check('rotate-admin-token', 'Still so.'), check('demote-admin', 'Still so.')] }),
  ),
]
const linked: Act = {
  type: 'LinkIncident',
  to: 'INC-8' as IncidentId,
  playbook: 'Exposed private key',
  person: person('ana'),
}

// A breached database: everybody is signed out, and the law sets a time limit.

const aware = { awareAt: '2026-11-23T03:12:00.000Z' }
const skip = (name: string): readonly Act[] => settledByWord(id(name), 'skip')
const beforeRevoke: readonly Act[] = [
  ...begun(breach, aware),
  read,
  asks(id('review-passwords')),
  started,
  done('Read how passwords are kept: bcrypt, cost 10.', [check('review-passwords', 'bcrypt.')]),
  ...skip('reset-everybodys-mfa'),
]
const revoking: readonly Act[] = [
  ...beforeRevoke,
  asks(id('revoke-everybody')),
  looked({
    ...worded(
      'end every session and token of 10,004 accounts, those of this bot last.',
      'Sign everybody out? 10,004 people have to sign in again.',
      'Sign everybody out',
    ),
    confirmByTyping: '10,004',
  }),
]
const running: readonly Act[] = [...revoking, approves(standing('bao'), { typed: '10,004' }), started, progressed({})]
const runningLate: readonly Act[] = [...running, progressed({ done: 9_990, failed: 12, secondsLeft: 3 })]
const beforeDecision: readonly Act[] = [
  ...runningLate,
  done('Revoked 10,004 of 10,004 accounts.', [check('revoke-everybody', 'No live session.')]),
  ...[
    'make-signing-key',
    'replace-signing-key',
    'invalidate-tokens',
    'check-signing-key',
    'review-secrets',
    'list-affected',
  ].flatMap(skip),
]
const deciding: readonly Act[] = [
  ...beforeDecision,
  asks(id('notify'), { kind: 'answer', answer: 'notify', reason: 'Addresses of 10,004 people were in it.' }),
]
const corrected: Act = {
  type: 'CorrectAwareness',
  by: standing('chi'),
  awareAt: '2026-11-23T01:30:00.000Z',
  note: 'The night shift saw the alert at 01:30.',
}

// Too many requests: what is filled in is part of what is approved.

const limits = { inputs: { proxy: 'nginx', rate: '20', burst: '40', networks: '192.0.2.7' } }
const limiting: readonly Act[] = [
  ...begun(flood),
  read,
  asks(id('limit-requests'), limits),
  looked(
    worded(
      'write /etc/nginx/conf.d/autentico-limits.conf with 20 requests a second and 40 at once, have nginx test it, and reload.',
      'Limit requests at nginx? It is taken back by itself when the probe fails.',
      'Limit them',
    ),
  ),
]
const networks = ['198.51.100.0/24', '203.0.113.0/24', '2001:db8:1::/48', '2001:db8:2::/48', '192.0.2.7'].join(' ')
const restricting: readonly Act[] = [
  ...begun(flood),
  read,
  asks(id('limit-requests'), { inputs: { ...limits.inputs, networks } }),
  looked(
    worded(
      'limit requests at nginx, and let only the networks named reach the admin API.',
      'Change nginx? Whoever comes from elsewhere is turned away from the admin API.',
      'Limit them',
    ),
  ),
]

// People do it themselves, or leave it out.

const answered: readonly Act[] = [
  ...wholeUnderWay,
  ...settledByWord(ids.rotate, 'skip'),
  asks(ids.review, since),
  started,
  done('Read every administrator.', [check('review-admins', 'All were read.')]),
  asks(ids.which, { kind: 'answer', answer: 'theirs', reason: 'It is the provider’s.' }),
  approves(),
]
const called: readonly Act[] = [
  ...answered,
  asks(ids.call, { kind: 'attest', reason: 'Called them at 03:40; they limit to 50 a second.' }),
]

function stepIn(acts: readonly Act[], step: StepId): readonly [OpenedIncident, IncidentStep] {
  const { incident } = play(...acts)
  const found = findStep(incident, step)
  if (found === undefined) throw new Error(`no step ${step}`)
  return [incident, found]
}

export const wholeMessages: readonly (readonly [string, Message])[] = [
  ['Autentico as a whole: the card, while it is read', card(play(...begun(token)))],
  ['Autentico as a whole: the card, ready', card(play(...begun(token), read))],
  ['Autentico as a whole: the thread begins', newest(play(...begun(token), read), 2)],
  ['What only looks begins at once: the card', card(play(...rotated))],
  ['What only looks begins at once: the thread', newest(play(...rotated, asks(id('review-audit'), since)))],
  ['A review came upon something: the card', card(play(...found))],
  ['A review came upon something: the thread', newest(play(...found))],
  ['Something is asked for about a finding: the request', request(play(...demoting))],
  ['Something is asked for about a finding: the card', card(play(...demoting))],
  ['A finding dealt with: the request', request(play(...demoted))],
  ['Somebody says that a finding is expected: the request', request(play(...expecting))],
  ['Two people say that a finding is expected: the request', request(play(...spokenFor))],
  ['Every finding settled: the card', card(play(...spokenFor))],
  ['Very many findings: the card', card(play(...manyFound))],
  ['Another incident follows: the card', card(play(...spokenFor, linked))],
  ['Another incident follows: the thread', newest(play(...spokenFor, linked))],
  ['Closed, and something follows: the summary', summaryMessage(play(...settled, linked, closes()).incident)],
  ['Closed, and something follows: the card', card(play(...settled, linked, closes()))],
  [
    'The law sets a time limit: the card',
    card(play(...begun(breach, { ...aware, from: 'INC-6' as IncidentId }), read)),
  ],
  ['Long work is approved by typing: the request', request(play(...revoking))],
  ['Long work: the card', card(play(...running))],
  ['Long work: the request', request(play(...running))],
  ['Long work, some of which did not work: the card', card(play(...runningLate))],
  ['A decision is due: the card', card(play(...beforeDecision))],
  ['A decision is asked for: the request', request(play(...deciding))],
  ['A decision is asked for: the card', card(play(...deciding))],
  ['A decision is signed: the request', request(play(...deciding, approves()))],
  ['A decision is signed: the card', card(play(...deciding, approves()))],
  ['A decision is signed: the thread', newest(play(...deciding, approves()))],
  ['When it was noticed is put right: the thread', newest(play(...beforeDecision, corrected))],
  [
    'Nobody has decided for a day: the thread',
    newest(play(...beforeDecision, passes(1_440), { type: 'RemindOfLegalClock' })),
  ],
  ['The time of the law is over: the card', card(play(...beforeDecision, passes(4_330)))],
  [
    'The time of the law is over: the thread',
    newest(play(...beforeDecision, passes(4_330), { type: 'RemindOfLegalClock' })),
  ],
  ['Fields were filled in: the request', request(play(...limiting))],
  ['Much was filled in: the request', request(play(...restricting))],
  ['An answer chose the steps: the card', card(play(...answered))],
  ['Somebody did a step by hand: the request', request(play(...called))],
  ['Somebody did a step by hand: the card', card(play(...called, approves()))],
]

const opened = play(...spokenFor).incident
const waiting = play(...revoking).incident

export const wholeForOne: readonly (readonly [string, object])[] = [
  ['The form, for a playbook about Autentico as a whole', openingForm({ playbooks: [breach] }, {}, lineUp)],
  [
    'The form, where a target was named all the same',
    openingForm({ playbooks: [token] }, { target: { text: 'alice', value: 't|alice' } }, lineUp),
  ],
  [
    'Start a follow-up…',
    openingForm(
      { playbooks: [builtIn('account-compromise'), breach, builtIn('private-key-exposed')], from: opened },
      {},
      lineUp,
    ),
  ],
  ['Begin step 2…', inputsForm(...stepIn(rotated, id('review-audit')), about)],
  ['Ask for step 1…', inputsForm(...stepIn(begun(flood), id('limit-requests')), about)],
  ['Ask for step 2…', inputsForm(...stepIn(begun(flood), id('restrict-admin-api')), about)],
  ['Expected…', expectForm(...stepIn(found, first), about)],
  ['I did it by hand…', attestForm(...stepIn(found, second), about)],
  ['I did step 5…', attestForm(...stepIn(answered, ids.call), about)],
  ['Decide step 3…', decisionForm(...stepIn(wholeUnderWay, ids.which), about)],
  ['Decide step 10…', decisionForm(...stepIn(beforeDecision, id('notify')), about)],
  ['Look again…', lookAgainForm(opened, about) ?? {}],
  ['Put right when it was noticed…', awarenessForm(play(...begun(breach, aware)).incident, about)],
  ['Approve… (typing)', approvalForm(waiting, newestRequest(waiting), about)],
  ['/autentico status, with findings', statusMessage(opened, { now: minute(30), threadLink: () => link })],
]
