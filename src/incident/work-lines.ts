import { onlyReads } from '#/playbook/actions.ts'
import { amount } from './amount.ts'
import type { IncidentEvent } from './events.ts'
import type { Said } from './line.ts'
import { insteadOf, nameOfStep, workTitle } from './names.ts'
import { openOf, readBack, unique } from './read-back.ts'
import { inputDetails } from './request-lines.ts'
import type { OpenedIncident } from './state.ts'
import { utc } from './times.ts'

/** Only what was begun without a request, and the sweep, is for the thread. */
export function orderedLine(event: Extract<IncidentEvent, { type: 'WorkOrdered' }>, incident: OpenedIncident): Said {
  // Nobody approves what is only read, so this line says who wanted it.
  if (event.step !== undefined && event.request === undefined)
    return {
      headline: `began: ${nameOfStep(incident, event.step)}`,
      details: inputDetails(incident, event.step, event.inputs),
    }
  if (event.action === incident.playbook.sweep)
    return { headline: `set the sweep for ${utc(event.notBefore ?? '')}`, details: ['The proof is repeated then.'] }
  return { headline: `ordered: ${event.action}${event.mode === 'prepare' ? ' (looking first)' : ''}`, forThread: false }
}

/** A step that was done, with what proves it, what is open and what it came upon. */
export function doneLine(event: Extract<IncidentEvent, { type: 'StepDone' }>, incident: OpenedIncident): Said {
  const { proven, action, did, checks, notes } = event
  // What stands in for a step proves itself, not the step.
  const id = incident.work.get(event.order)?.request
  const isInstead = id !== undefined && incident.requests.get(id)?.kind === 'suspend'
  const what = isInstead ? insteadOf(incident, event.step) : workTitle(incident, event.step, action)
  const read = onlyReads(action)
  const headline = `${came(read, proven)}: ${what}`
  const open = checks.filter((check) => check.proven !== true)
  return {
    headline,
    details: [
      did.join(' '),
      proven ? (read ? '' : readBack(checks)) : openOf(open),
      ...news(incident, event),
      ...foundDetails(event),
    ].filter((one) => one !== ''),
    text: [`${headline}.`, ...did, ...(proven ? unique(checks) : ['Open:', ...unique(open)]), ...notes].join(' '),
    tone: proven ? 'good' : 'warning',
  }
}

export function sweptLine({ proven, checks }: Extract<IncidentEvent, { type: 'SweepDone' }>): Said {
  if (proven) {
    const headline = 'swept: the proof still holds'
    return { headline, details: [readBack(checks)], text: `${headline}. ${unique(checks).join(' ')}`, tone: 'good' }
  }
  const open = unique(checks.filter((check) => check.proven !== true))
  const headline = 'swept, and the proof does not hold any more'
  return { headline, details: open, tone: 'bad' }
}

export function resumedLine(
  { all, incident: where, request, by }: Extract<IncidentEvent, { type: 'WorkResumed' }>,
  incident: OpenedIncident,
): Said {
  const [requester, ...approvers] = by.map(({ name }) => `@${name}`)
  const elsewhere = where === incident.id ? '' : `, in ${where}`
  return {
    headline: all ? 'resumed, with everything that was stopped' : 'resumed the work',
    details: [
      approvers.length === 0
        ? `On the word of ${requester ?? 'nobody'} alone (request ${request}${elsewhere}).`
        : `Asked by ${requester ?? 'nobody'}, approved by ${approvers.join(' and ')} (request ${request}${elsewhere}).`,
    ],
  }
}

/** What only looks has nothing to prove. */
function came(read: boolean, proven: boolean): string {
  if (read) return proven ? 'read' : 'read, but not all of it'
  return proven ? 'proved' : 'did, but could not prove'
}

/** What a review came upon, a line each; the card has the buttons. */
function foundDetails({ findings = [] }: Extract<IncidentEvent, { type: 'StepDone' }>): readonly string[] {
  const shown = findings
    .slice(0, shownFindings)
    .map(({ title: what, says, flags }) => `${what}: ${[...flags.map((flag) => `${flag}.`), says].join(' ')}`)
  const rest = findings.length - shown.length
  return rest === 0 ? shown : [...shown, `And ${rest} more, in the file and on the card.`]
}

const shownFindings = 10

/** What was warned of when the step was asked for is not told again in the thread. */
function news(
  incident: OpenedIncident,
  { order, notes }: Extract<IncidentEvent, { type: 'StepDone' }>,
): readonly string[] {
  const id = incident.work.get(order)?.request
  const known = id === undefined ? [] : (incident.requests.get(id)?.shown?.effect.warnings ?? [])
  return notes.filter((note) => !known.includes(note))
}

/** What the account was like: "Role user, 3 sessions, … MFA on." */
export function factSentence({
  counts,
  mfa,
  role,
  suspended,
}: NonNullable<Extract<IncidentEvent, { type: 'SnapshotTaken' }>['facts']>): string {
  const seen = [
    amount(counts.sessions, 'session'),
    amount(counts.ssoSessions, 'single sign-on session'),
    amount(counts.tokens, 'token'),
    ...(counts.passkeys === null ? [] : [amount(counts.passkeys, 'passkey')]),
    ...(counts.trustedDevices === null ? [] : [amount(counts.trustedDevices, 'trusted device')]),
  ]
  return `Role ${role}, ${seen.join(', ')}, MFA ${mfa.enrolled ? 'on' : 'off'}${suspended ? ', suspended' : ''}.`
}

/** "Key autentico-key-1 (SHA-256 9f2c…), 10,004 users, 3 administrators, …" */
export function instanceSentence({
  users,
  admins,
  clients,
  providers,
  mfaRequired,
  keyId,
  keyFingerprint,
}: NonNullable<Extract<IncidentEvent, { type: 'SnapshotTaken' }>['instance']>): string {
  const key =
    keyId === null
      ? []
      : [`signing key ${keyId}${keyFingerprint === null ? '' : ` (SHA-256 ${keyFingerprint.slice(0, 16)}…)`}`]
  const seen = [
    amount(users, 'user'),
    amount(admins, 'administrator'),
    amount(clients, 'client'),
    amount(providers, 'identity provider'),
    ...key,
    // That it is not is among the warnings.
    ...(mfaRequired ? ['MFA required'] : []),
  ]
  return `${seen.join(', ')}.`
}
