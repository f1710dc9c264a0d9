import type { StepId } from '#/playbook/playbook.ts'
import type { IncidentEvent, Recorded } from './events.ts'
import { type Actor, actorName } from './people.ts'
import type { OpenedIncident, Request } from './state.ts'
import type { OrderId, RequestId, StepCheck } from './work.ts'

/** One entry as a line that a person reads. Derived, never stored. `text` follows the actor's name: "approved: Reset MFA of alice". */
export type TimelineLine = {
  readonly seq: number
  readonly at: string
  readonly actor: Actor
  readonly text: string
  readonly tone: 'plain' | 'good' | 'warning' | 'bad'
  readonly hash: string
  /** Whether the line belongs in the thread. The rest is in the ledger and in the full timeline only. */
  readonly forThread: boolean
}

type Said = Pick<TimelineLine, 'text'> & Partial<Pick<TimelineLine, 'tone' | 'forThread'>>

/** Puts an entry into words. `incident` is the state after it, or any later one: names and codes do not change. */
export function timelineLine({ seq, at, actor, hash, event }: Recorded, incident: OpenedIncident): TimelineLine {
  return { seq, at, actor, hash, tone: 'plain', forThread: true, ...say(event, incident) }
}

/** The line as plain text, the way exports and terminals show it. */
export function plainLine({ seq, at, actor, text, hash }: TimelineLine): string {
  return `#${seq}  ${utc(at)}  ${actorName(actor)} ${text}  ${hash.slice(0, 4)}…`
}

/** `2026-11-23 03:18:02 UTC` */
export function utc(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`
}

function say(event: IncidentEvent, incident: OpenedIncident): Said {
  const who = incident.target.username
  switch (event.type) {
    case 'IncidentOpened':
      return {
        text: `opened: ${event.playbook.title}, ${event.severity.toUpperCase()}, target ${who}. ${event.summary}`.trim(),
      }
    case 'ThreadStarted':
      return { text: 'started the thread', forThread: false }
    case 'CommanderNamed':
      return { text: 'took command' }
    case 'NoteAdded':
      return { text: `noted: ${event.text}${event.link === undefined ? '' : ` (${event.link})`}` }
    case 'WorkOrdered':
      return ordered(event, incident)
    case 'WorkIssuedAgain':
      return { text: `sent order ${event.order} to the queue again: ${event.why}`, tone: 'warning' }
    case 'WorkStarted':
      return {
        text: `started: ${workName(incident, event.order)} (try ${event.attempt})`,
        forThread: event.attempt > 1,
      }
    case 'WorkWaits':
      return { text: `waits: ${event.why}`, tone: 'warning' }
    case 'SnapshotTaken':
      return {
        text: `read the account and kept ${amount(event.evidence.length, 'piece')} of evidence. ${factSentence(event.facts)}${joined(event.warnings)}`,
        tone: event.warnings.length > 0 ? 'warning' : 'plain',
      }
    case 'StepRequested':
      return {
        text: `asked: ${asked(incident, event.request)}${event.replaces === undefined ? '' : ', again because the account had changed'}`,
        forThread: false,
      }
    case 'RequestShown':
      return shownLine(event, incident)
    case 'StepApproved':
      return { text: `approved: ${asked(incident, event.request)} (code ${codeOf(incident, event.request)})` }
    case 'StepDenied':
      return { text: `denied: ${asked(incident, event.request)}. ${event.reason}`, tone: 'warning' }
    case 'RequestWithdrawn':
      return { text: `withdrew the request: ${asked(incident, event.request)}` }
    case 'RequestExpired':
      return { text: `let the request end without a decision: ${asked(incident, event.request)}`, tone: 'warning' }
    case 'ApprovalVoided':
      return {
        text: `did nothing, the approval is void: the situation changed since it was shown.${joined(event.differences)} A fresh request is below`,
        tone: 'warning',
      }
    case 'StepDone':
      return {
        text: `${event.proven ? 'proved' : 'did, but could not prove'}: ${title(incident, event.step)} of ${who}. ${proof(event.did, event.checks, event.proven)}${joined(event.notes)}`,
        tone: event.proven ? 'good' : 'warning',
      }
    case 'StepFailed':
      return { text: `did not do: ${title(incident, event.step)} of ${who}. ${event.sentence}`, tone: 'bad' }
    case 'StepSkipped':
      return { text: `skipped: ${title(incident, event.step)}. ${event.reason}`, tone: 'warning' }
    case 'StepAttested':
      return {
        text: `recorded as done by hand, not proven: ${title(incident, event.step)}. ${event.note}`,
        tone: 'warning',
      }
    case 'ReadingFailed':
      return { text: `could not read the account. ${event.sentence}`, tone: 'bad' }
    case 'SweepDone':
      return event.proven
        ? { text: `swept: the proof still holds. ${details(event.checks)}`, tone: 'good' }
        : { text: `swept and found: ${details(event.checks.filter((check) => check.proven !== true))}`, tone: 'bad' }
    case 'NotificationRecorded':
      return {
        text: `told ${who} by ${event.channel}; identity checked: ${event.identityCheck}${event.note === '' ? '' : `. ${event.note}`}`,
      }
    case 'SecretShown':
      return { text: `was shown the temporary password, once` }
    case 'SecretDestroyed':
      return { text: `destroyed the temporary password: ${event.why}` }
    case 'IncidentContained':
      return { text: `contained: every containment step is proven, and the sweep found nothing`, tone: 'good' }
    case 'IncidentClosed':
      return { text: `closed the incident${event.reason === '' ? '' : `. ${event.reason}`}` }
    case 'ClickRefused':
      return { text: `was refused: ${event.tried}. ${event.sentence}`, tone: 'warning' }
    case 'ForgeryRefused':
      return {
        text: `refused a forged ${event.what}: ${event.why} (sha256 ${event.digest.slice(0, 12)}…)`,
        tone: 'bad',
      }
    case 'CheckpointSigned':
      return { text: `signed a checkpoint over ${event.size} entries:\n${event.note}` }
  }
}

function ordered(event: Extract<IncidentEvent, { type: 'WorkOrdered' }>, incident: OpenedIncident): Said {
  if (event.action === incident.playbook.sweep) return { text: `set the sweep for ${utc(event.notBefore ?? '')}` }
  return { text: `ordered: ${event.action}${event.mode === 'prepare' ? ' (looking first)' : ''}`, forThread: false }
}

function shownLine(event: Extract<IncidentEvent, { type: 'RequestShown' }>, incident: OpenedIncident): Said {
  const request = incident.requests.get(event.request)
  const by = request === undefined ? '' : ` for @${request.requester.name}`
  return {
    text: `shows the request${by}: ${asked(incident, event.request)} (code ${event.code}). ${event.effect.sentence}`,
  }
}

function factSentence({
  counts,
  mfa,
  role,
  suspended,
}: Extract<IncidentEvent, { type: 'SnapshotTaken' }>['facts']): string {
  const seen = [
    amount(counts.sessions, 'session'),
    amount(counts.ssoSessions, 'single sign-on session'),
    amount(counts.tokens, 'token'),
    ...(counts.passkeys === null ? [] : [amount(counts.passkeys, 'passkey')]),
    ...(counts.trustedDevices === null ? [] : [amount(counts.trustedDevices, 'trusted device')]),
  ]
  return `Role ${role}, ${seen.join(', ')}, MFA ${mfa.enrolled ? 'on' : 'off'}${suspended ? ', suspended' : ''}.`
}

/** `3 sessions`, `1 passkey` */
export function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function proof(did: readonly string[], checks: readonly StepCheck[], proven: boolean): string {
  const open = checks.filter((check) => check.proven !== true)
  return proven ? `${did.join(' ')} ${details(checks)}`.trim() : `${did.join(' ')} Open: ${details(open)}`.trim()
}

/** What was read back, each sentence once: two steps may promise the same. */
function details(checks: readonly StepCheck[]): string {
  return [...new Set(checks.map(({ detail }) => detail))].join(' ')
}

function joined(sentences: readonly string[]): string {
  return sentences.map((sentence) => ` ${sentence}`).join('')
}

function asked(incident: OpenedIncident, id: RequestId): string {
  const request = incident.requests.get(id)
  return request === undefined ? id : requestName(request, incident)
}

/** What a request asks for, in a few words: "Reset MFA of alice". */
export function requestName({ kind, step }: Request, incident: OpenedIncident): string {
  const what = title(incident, step)
  const who = incident.target.username
  switch (kind) {
    case 'run':
      return `${what} of ${who}`
    case 'suspend':
      return `Suspend ${who} in place of “${what}”`
    case 'attest':
      return `Record “${what}” as done by hand`
    case 'skip':
      return `Skip “${what}”`
    case 'skip-rest':
      return 'Skip every step that is left'
  }
}

function codeOf(incident: OpenedIncident, id: RequestId): string {
  return incident.requests.get(id)?.shown?.code ?? 'unknown'
}

function workName(incident: OpenedIncident, id: OrderId): string {
  const order = incident.orders.get(id)
  return order?.step === undefined ? id : title(incident, order.step)
}

function title(incident: OpenedIncident, id: StepId): string {
  return incident.playbook.steps.find((step) => step.id === id)?.title ?? id
}
