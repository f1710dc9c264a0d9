import type { IncidentId } from '#/incident/events.ts'
import type { OrderId, RequestId } from '#/incident/work.ts'
import { type ActionName, actionNames } from '#/playbook/actions.ts'
import type { StepId } from '#/playbook/playbook.ts'

/**
 * What a button or a form speaks of. It comes back from the client, so it holds names only: everything that matters is
 * looked up again.
 */
export type Reference =
  | { readonly of: 'incident'; readonly incident: IncidentId }
  | StepReference
  /** `digest`: what the presser was shown. Absent while nothing was shown yet. */
  | { readonly of: 'request'; readonly incident: IncidentId; readonly request: RequestId; readonly digest?: string }
  | { readonly of: 'order'; readonly incident: IncidentId; readonly order: OrderId }
  | { readonly of: 'message'; readonly incident: IncidentId; readonly channel: string; readonly ts: string }

/** `action`: which of the ways that a finding offers. */
export type StepReference = {
  readonly of: 'step'
  readonly incident: IncidentId
  readonly step: StepId
  readonly action?: ActionName
}

export function writeReference(reference: Reference): string {
  const { incident } = reference
  switch (reference.of) {
    case 'incident':
      return incident
    case 'step':
      return `${incident}|s|${reference.step}${reference.action === undefined ? '' : `|${reference.action}`}`
    case 'request':
      return `${incident}|${reference.request}|${reference.digest ?? '-'}`
    case 'order':
      return `${incident}|o|${reference.order}`
    case 'message':
      return `${incident}|m|${reference.channel}|${reference.ts}`
  }
}

/** Reads it back, strictly. Undefined: not one of ours. */
export function readReference(text: string): Reference | undefined {
  if (text.length > 300) return undefined
  const [first = '', kind, third = '', ...rest] = text.split('|')
  const [fourth = '', ...more] = rest
  const incident = readIncidentId(first)
  if (incident === undefined || more.length > 0) return undefined
  if (kind === undefined) return { of: 'incident', incident }
  if (kind === 'm') {
    return isChannelId(third) && isStamp(fourth) ? { of: 'message', incident, channel: third, ts: fourth } : undefined
  }
  if (kind === 's') return stepReference(incident, third, rest[0])
  if (fourth !== '') return undefined
  if (kind === 'o') {
    return /^INC-\d{1,9}-\d{1,15}$/.test(third) ? { of: 'order', incident, order: third as OrderId } : undefined
  }
  if (!/^r[1-9]\d{0,5}$/.test(kind)) return undefined
  const request = kind as RequestId
  if (third === '-') return { of: 'request', incident, request }
  return /^[0-9a-f]{64}$/.test(third) ? { of: 'request', incident, request, digest: third } : undefined
}

function stepReference(incident: IncidentId, step: string, named: string | undefined): Reference | undefined {
  // The id of a finding is that of its review with a number behind it.
  if (!/^[a-z][a-z0-9-]{0,79}$/.test(step)) return undefined
  if (named === undefined) return { of: 'step', incident, step: step as StepId }
  const action = actionNames.find((known) => known === named)
  return action === undefined ? undefined : { of: 'step', incident, step: step as StepId, action }
}

/** `INC-7`, as people type it: also `inc-7` and `7`. */
export function readIncidentId(text: string): IncidentId | undefined {
  const [, number] = /^(?:INC-)?([1-9]\d{0,8})$/i.exec(text.trim()) ?? []
  return number === undefined ? undefined : (`INC-${number}` as IncidentId)
}

export function isChannelId(text: string): boolean {
  return /^[CGD][A-Z0-9]{2,30}$/.test(text)
}

export function isStamp(text: string): boolean {
  return /^\d{1,12}\.\d{6}$/.test(text)
}

/** What people press. Each is the `action_id` of a button, or the word before the bar in an option of the overflow menu. */
export const presses = {
  ask: 'ask',
  approve: 'approve',
  approveByTyping: 'approve_by_typing',
  deny: 'deny',
  withdraw: 'withdraw',
  suspend: 'suspend',
  attest: 'attest',
  expect: 'expect',
  decide: 'decide',
  lookAgain: 'look_again',
  skip: 'skip',
  notify: 'notify',
  secret: 'secret',
  hold: 'hold',
  liftHold: 'lift_hold',
  liftAgain: 'lift_again',
  breakGlass: 'break_glass',
  reviewGlass: 'review_glass',
  note: 'note',
  take: 'take_command',
  stop: 'stop',
  stopAll: 'stop_all',
  resume: 'resume',
  resumeAll: 'resume_all',
  readSnapshot: 'read_snapshot',
  readSweep: 'read_sweep',
  timeline: 'timeline',
  awareness: 'awareness',
  followUp: 'follow_up',
  close: 'close',
  pack: 'evidence_pack',
  more: 'more',
  openForm: 'open_form',
  adoptPolicy: 'adopt_policy',
  registerKey: 'register_key',
  revokeKey: 'revoke_key',
  approveChange: 'approve_change',
  approveChangeWhy: 'approve_change_why',
  denyChange: 'deny_change',
  withdrawChange: 'withdraw_change',
  /** A button that only opens a link. Slack reports the press all the same. */
  link: 'link',
} as const

/** The press for one of the ways that a finding offers. Each has its own, since a row takes every press once. */
export function wayPress(action: ActionName): string {
  return `way_${action}`
}

/** The `callback_id` of each form. */
export const forms = {
  open: 'open_incident_form',
  approveByTyping: 'approve_by_typing_form',
  deny: 'deny_form',
  inputs: 'inputs_form',
  expect: 'expect_form',
  decide: 'decide_form',
  lookAgain: 'look_again_form',
  skip: 'skip_form',
  attest: 'attest_form',
  notify: 'notify_form',
  awareness: 'awareness_form',
  note: 'note_form',
  noteFromMessage: 'note_from_message_form',
  close: 'close_form',
  breakGlass: 'break_glass_form',
  reviewGlass: 'review_glass_form',
  stop: 'stop_form',
  stopAll: 'stop_all_form',
  secret: 'secret_shown',
  registerKey: 'register_key_form',
  approveChange: 'approve_change_form',
  denyChange: 'deny_change_form',
} as const

/** The shortcuts, by the `callback_id` that the app manifest gives them. */
export const shortcuts = { openIncident: 'open_incident', addToTimeline: 'add_to_timeline' } as const

/** The fields of the forms: block id and action id are the same word. */
export const fields = {
  playbook: 'playbook',
  target: 'target',
  severity: 'severity',
  summary: 'summary',
  reason: 'reason',
  typed: 'typed',
  channel: 'channel',
  identityCheck: 'identity_check',
  note: 'note',
  incident: 'incident',
  extent: 'extent',
  step: 'step',
  answer: 'answer',
  verdict: 'verdict',
  awareSince: 'aware_since',
  publicKey: 'public_key',
} as const

/** The field for something that a step asks for. Its id is the playbook's, so it is kept apart from ours. */
export function inputField(id: string): string {
  return `input_${id}`
}
