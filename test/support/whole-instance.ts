import { type Account, type AccountId, type InstanceFacts, instanceTarget } from '#/incident/account.ts'
import type { Finding } from '#/incident/findings.ts'
import { findStep, type OpenedIncident } from '#/incident/state.ts'
import type { WorkResult } from '#/incident/work.ts'
import type { Playbook, StepId } from '#/playbook/playbook.ts'
import { type Act, check, doneResult, opens, reports, start } from './stories.ts'

/** A playbook about Autentico as a whole that has one step of every sort, for stories about the rules alone. */
export const everySort: Playbook = {
  id: 'every-sort',
  title: 'Something is wrong with Autentico',
  shortTitle: 'Every sort',
  section: 'If something is wrong',
  target: 'instance',
  snapshot: 'snapshot-instance',
  sweep: 'sweep',
  legalClock: true,
  followUps: ['account-compromise'],
  steps: [
    {
      id: 'rotate' as StepId,
      title: 'Rotate the token',
      document: 'Rotate the token.',
      does: 'Ends every administrator’s sessions.',
      kind: 'containment',
      action: 'rotate-admin-token',
      fallbacks: ['attest'],
    },
    {
      id: 'review' as StepId,
      title: 'Check for new admin users',
      document: 'Check for new admin users.',
      does: 'Lists every administrator that nobody has spoken for.',
      kind: 'containment',
      action: 'review-admins',
      inputs: [{ id: 'since', label: 'Exposed since', type: 'moment' }],
    },
    {
      id: 'which' as StepId,
      title: 'Choose the way',
      document: 'Choose.',
      does: 'Chooses what is done next.',
      kind: 'record',
      question: {
        ask: 'Is the proxy ours?',
        answers: [
          { id: 'ours', label: 'It is ours', steps: ['limit' as StepId] },
          { id: 'theirs', label: 'It is somebody else’s', steps: ['call' as StepId] },
        ],
      },
    },
    {
      id: 'limit' as StepId,
      title: 'Limit requests',
      document: 'Limit requests.',
      does: 'Limits requests.',
      kind: 'containment',
      action: 'limit-requests',
      inputs: [{ id: 'rate', label: 'Rate', type: 'number', min: 1, max: 100 }],
    },
    {
      id: 'call' as StepId,
      title: 'Call the provider',
      document: 'Call them.',
      does: 'Somebody calls.',
      kind: 'record',
      manual: { instructions: 'Call the number in the contract.' },
    },
    {
      id: 'decide' as StepId,
      title: 'Notify',
      document: 'Notify.',
      does: 'Decides whether to notify.',
      kind: 'record',
      question: {
        ask: 'Notify?',
        answers: [
          { id: 'yes', label: 'Notify' },
          { id: 'no', label: 'Do not notify' },
        ],
      },
    },
  ],
}

export const ids: Readonly<Record<'rotate' | 'review' | 'which' | 'limit' | 'call' | 'decide', StepId>> = {
  rotate: 'rotate' as StepId,
  review: 'review' as StepId,
  which: 'which' as StepId,
  limit: 'limit' as StepId,
  call: 'call' as StepId,
  decide: 'decide' as StepId,
}

/** The first finding of the review, and the second. */
export const found: readonly [StepId, StepId] = ['review-1' as StepId, 'review-2' as StepId]

export const instanceFacts: InstanceFacts = {
  readAt: start,
  users: 12,
  admins: 2,
  clients: 3,
  providers: 1,
  mfaRequired: false,
  auditing: { on: true, sentence: 'The audit log is on.' },
  database: true,
  environment: true,
  proxy: null,
  keyId: 'autentico-key-1',
  keyFingerprint: 'ab'.repeat(32),
  accessTokensEndAt: null,
}

export const stranger: Account = { id: 'cv3kstranger' as AccountId, username: 'helpdesk', email: 'chi@acme.test' }

export const strangeAdmin: Finding = {
  key: 'admin:cv3kstranger@0011',
  kind: 'admin',
  subject: { id: stranger.id, name: stranger.username, email: stranger.email },
  title: 'Administrator “helpdesk”',
  says: 'Made on 2026-11-22; nobody has spoken for it.',
  flags: ['made since the exposure'],
  ways: ['demote-admin', 'suspend-account'],
}

export const strangeClient: Finding = {
  key: 'client:rogue@2233',
  kind: 'client',
  subject: { id: 'rogue', name: 'Rogue' },
  title: 'Client “Rogue”',
  says: 'It may ask for admin tokens.',
  flags: ['asks for the admin audience'],
  ways: ['disable-client'],
}

export function opensWhole(change: Parameters<typeof opens>[0] = {}): ReturnType<typeof opens> {
  return opens({ playbook: everySort, target: instanceTarget, ...change })
}

/** Opened by Ana, and Autentico has been read. */
export const wholeUnderWay: readonly Act[] = [
  opensWhole(),
  reports('snapshot', { kind: 'snapshot', instance: instanceFacts, evidence: [], warnings: [] }),
]

/** What the review reports, with what it came upon. */
export function reviewed(findings: readonly Finding[]): WorkResult {
  return doneResult({ did: ['Read every administrator.'], checks: [check('review-admins')], findings })
}

export function stateOf(incident: OpenedIncident, step: StepId): string | undefined {
  return findStep(incident, step) === undefined ? undefined : incident.steps.get(step)?.status
}
