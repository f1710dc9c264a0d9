import { type ActionName, onlyReads } from '#/playbook/actions.ts'
import type { Inputs } from '#/playbook/inputs.ts'
import type { StepId } from '#/playbook/playbook.ts'
import { isInstance } from './account.ts'
import { lapsedLine, probingWords, standingWith } from './approval-lines.ts'
import type { IncidentEvent, Recorded } from './events.ts'
import { glassLine } from './glass-words.ts'
import { isHoldWork } from './hold-state.ts'
import { holdEndLine, holdLine, holdWorkName } from './hold-words.ts'
import { deletedLine, editedLine, postsDeletedLine, writtenLine } from './message-lines.ts'
import { type Actor, actorName, type Person } from './people.ts'
import { openOf, readBack, unique } from './read-back.ts'
import { escalatedLine, namesOf, remindedLine, staleLine } from './reminder-lines.ts'
import { findStep, type OpenedIncident, quoted, type Request, targetOf } from './state.ts'
import type { StepUp } from './step-up.ts'
import { utc } from './times.ts'
import type { OrderId, RequestId } from './work.ts'

export { utc } from './times.ts'

/** One entry as a line that a person reads. Derived, never stored. */
export type TimelineLine = {
  readonly seq: number
  readonly at: string
  readonly actor: Actor
  /** All that the entry says, as it follows the actor's name: "approved: Reset MFA of alice (code 7QF-2K)". */
  readonly text: string
  /** What happened, in a few words: "approved: Reset MFA of alice". */
  readonly headline: string
  /** What else there is to say, a sentence each, shortened for reading. */
  readonly details: readonly string[]
  readonly tone: 'plain' | 'good' | 'warning' | 'bad' | 'waits'
  readonly hash: string
  /** The code that a request was shown with. */
  readonly code?: string
  /** The message that a note was made from. */
  readonly link?: string
  /** So grave that the channel has to see it as well, not only whoever follows the thread. */
  readonly forChannel: boolean
  /** Who is called upon, and the words that lead to their names. */
  readonly mentions: readonly Person[]
  readonly calling: string
  readonly drill: boolean
  /** Whether the line belongs in the thread. The rest is in the ledger and in the full timeline only. */
  readonly forThread: boolean
}

/** An entry in words, as far as it differs from the ordinary. */
export type Said = Pick<TimelineLine, 'headline'> &
  Partial<
    Pick<
      TimelineLine,
      'details' | 'text' | 'tone' | 'forThread' | 'code' | 'link' | 'mentions' | 'calling' | 'forChannel'
    >
  >

/** Puts an entry into words. `incident` is the state after it, or any later one: names and codes do not change. */
export function timelineLine({ seq, at, actor, hash, event }: Recorded, incident: OpenedIncident): TimelineLine {
  const said = say({ event, at, actor }, incident)
  return {
    seq,
    at,
    actor,
    hash,
    tone: 'plain',
    forThread: true,
    forChannel: false,
    mentions: [],
    calling: 'For',
    details: [],
    drill: incident.drill,
    text: wholeText(said),
    ...said,
  }
}

function wholeText({ headline, code, details = [], mentions = [], calling = 'For' }: Said): string {
  const first = code === undefined ? headline : `${headline} (code ${code})`
  const called = mentions.length === 0 ? [] : [`${calling} ${namesOf(mentions)}`]
  const rest = [...details, ...called]
  const last = rest.at(-1)
  return last === undefined ? first : [...[first, ...rest.slice(0, -1)].map(stopped), last].join(' ')
}

/** The whole entry as plain text, the way exports and terminals show it. */
export function plainLine({ seq, at, actor, text, hash }: TimelineLine): string {
  return `#${seq}  ${utc(at)}  ${actorName(actor)} ${text}  ${hash.slice(0, 4)}…`
}

/** "at 2026-11-23 03:19:01 UTC, 4 seconds ago"; of another day, the moment alone. */
export function atAndAgo(at: string, now: string): string {
  const seconds = secondOfDay(now) - secondOfDay(at)
  const known = at.slice(0, 10) === now.slice(0, 10) && seconds >= 0
  return known ? `at ${utc(at)}, ${ago(seconds)}` : `at ${utc(at)}`
}

function ago(seconds: number): string {
  if (seconds < 1) return 'just now'
  if (seconds < 60) return `${amount(seconds, 'second')} ago`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${amount(minutes, 'minute')} ago` : `${amount(Math.floor(minutes / 60), 'hour')} ago`
}

function secondOfDay(at: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = at.slice(11, 19).split(':').map(Number)
  return (hours * 60 + minutes) * 60 + seconds
}

function say({ event, at, actor }: Pick<Recorded, 'event' | 'at' | 'actor'>, incident: OpenedIncident): Said {
  const who = incident.target.username
  switch (event.type) {
    case 'IncidentOpened':
      return {
        headline: `opened: ${event.playbook.title}, ${event.severity.toUpperCase()}${isInstance(event.target) ? '' : `, target ${who}`}`,
        details: [
          ...given(event.summary),
          ...(event.from === undefined ? [] : [`It follows from ${event.from}.`]),
          ...(event.legalClock === undefined
            ? []
            : [
                `Aware since ${utc(event.legalClock.awareAt)}; the time that the law gives is over at ${utc(event.legalClock.endsAt)}.`,
              ]),
        ],
      }
    case 'IncidentLinked':
      return { headline: `links ${event.to}, which @${event.by.name} opened from here: ${event.playbook}` }
    case 'AwarenessCorrected':
      return {
        headline: `put right when somebody became aware: ${utc(event.legalClock.awareAt)}`,
        details: [...given(event.note), `The time that the law gives is over at ${utc(event.legalClock.endsAt)}.`],
        tone: 'warning',
      }
    case 'LegalClockReminded':
      return {
        headline:
          event.endsAt <= at
            ? `reminds: the time that the law gives was over at ${utc(event.endsAt)}, and nothing is decided`
            : `reminds: whether to notify has to be decided before ${utc(event.endsAt)}`,
        tone: event.endsAt <= at ? 'bad' : 'warning',
        mentions: [incident.commander],
      }
    case 'WorkProgressed':
      return {
        headline: `is at ${event.done} of ${event.total}: ${workName(incident, event.order)}`,
        ...(event.failed === 0 ? {} : { details: [`${event.failed} did not work yet and are tried again.`] }),
        forThread: false,
      }
    case 'ThreadStarted':
      return { headline: 'started the thread', forThread: false }
    case 'CommanderNamed':
      return { headline: 'took command' }
    case 'NoteAdded':
      return event.link === undefined
        ? { headline: `noted: ${event.text}` }
        : { headline: `noted: ${event.text}`, link: event.link, text: `noted: ${event.text} (${event.link})` }
    case 'WorkOrdered':
      return ordered(event, incident)
    case 'WorkIssuedAgain':
      return { headline: `sent ${workName(incident, event.order)} to the queue again: ${event.why}`, tone: 'warning' }
    case 'WorkStarted':
      return {
        headline: `started: ${workName(incident, event.order)} (try ${event.attempt})`,
        forThread: event.attempt > 1,
      }
    case 'WorkStopped':
      return {
        headline: event.all ? 'stopped everything' : 'stopped the work',
        details: [...given(event.reason ?? ''), 'Nothing more is done until two people resume it.'],
        tone: 'bad',
      }
    case 'WorkHalted':
      return {
        headline: `halted: ${workName(incident, event.order)}`,
        details: [
          event.begun
            ? 'It had begun, so some of it may be done. Nothing more is changed; what is true is read when it goes on.'
            : 'Nothing of it had been done.',
        ],
        tone: 'warning',
      }
    case 'WorkResumed':
      return resumedLine(event, incident)
    case 'WorkWaits':
      return {
        headline: `waits with ${workName(incident, event.order)}`,
        details: [event.why, event.onPeople === true ? 'It goes on once that is done.' : 'It goes on by itself.'],
        tone: event.onPeople === true ? 'warning' : 'waits',
      }
    case 'SnapshotTaken':
      return {
        headline: `read ${event.instance === undefined ? 'the account' : 'Autentico'} and kept ${amount(event.evidence.length, 'piece')} of evidence`,
        details: [
          ...(event.facts === undefined ? [] : [factSentence(event.facts)]),
          ...(event.instance === undefined ? [] : [instanceSentence(event.instance)]),
          ...event.warnings,
        ],
        tone: event.warnings.length > 0 ? 'warning' : 'plain',
      }
    case 'StepRequested':
      return {
        headline: `asked: ${asked(incident, event.request)}${againWords(event)}`,
        forThread: false,
      }
    case 'RequestShown':
      return shownLine(event, incident)
    case 'RequestReminded':
      return remindedLine(event, waiting(incident, event.request, at))
    case 'RequestEscalated':
      return escalatedLine(event, waiting(incident, event.request, at))
    case 'IncidentStale':
      return staleLine(event, { since: utc(event.since), commander: incident.commander })
    case 'ApprovalGiven':
      return { ...approvedLine(event, actor, incident), tone: 'waits' }
    case 'ApprovalLapsed':
      return lapsedLine(event, asked(incident, event.request))
    case 'StepApproved':
      return approvedLine(event, actor, incident)
    case 'StepUpStarted':
      return {
        headline: `began to sign in to Autentico, to approve: ${asked(incident, event.request)}`,
        forThread: false,
      }
    case 'StepUpFailed':
      return {
        headline: `ended the sign-in of @${event.person.name} without an approval: ${asked(incident, event.request)}`,
        details: given(event.sentence),
        tone: 'warning',
        forThread: event.why !== 'replaced',
      }
    case 'StepDenied': {
      const hold = holdEndLine(incident, event.request, 'denied')
      const headline = hold?.headline ?? `denied: ${asked(incident, event.request)}`
      return { headline, details: [...given(event.reason), ...(hold?.details ?? [])], tone: 'warning' }
    }
    case 'RequestWithdrawn':
      return (
        holdEndLine(incident, event.request, 'withdrawn') ?? {
          headline: `withdrew the request: ${asked(incident, event.request)}`,
          ...(event.by === undefined
            ? {}
            : { details: [`@${event.by.name} took it back before any worker had begun, so nothing was done.`] }),
        }
      )
    case 'WithdrawalBegun':
      return { headline: `takes back what was approved: ${asked(incident, event.request)}`, forThread: false }
    case 'WithdrawalFailed':
      return {
        headline: `could not take back: ${asked(incident, event.request)}`,
        details: ['A worker had begun already, so it goes on.'],
        tone: 'warning',
        mentions: [event.by],
      }
    case 'RequestExpired':
      return {
        ...(holdEndLine(incident, event.request, 'expired') ?? {
          headline: `let the request end without a decision: ${asked(incident, event.request)}`,
        }),
        tone: 'warning',
      }
    case 'ApprovalVoided':
      return {
        headline: 'did nothing: the situation changed since it was shown',
        details: [...event.differences, 'The approval is void. A fresh request is below.'],
        tone: 'warning',
      }
    case 'StepDone':
      return doneLine(event, incident)
    case 'StepFailed':
      return {
        headline: `did not do: ${workTitle(incident, event.step, incident.work.get(event.order)?.action)}${event.instructions === undefined ? '' : `\n${event.instructions}`}`,
        details: [event.sentence, ...(event.retry ? [] : ['Asking again as it is would not help.'])],
        tone: 'bad',
      }
    case 'FindingExpected':
      return { headline: `recorded as expected: ${title(incident, event.step)}`, details: given(event.note) }
    case 'QuestionAnswered':
      return {
        headline: `decided ${quotedTitle(incident, event.step)}: ${event.label}`,
        details: [
          ...given(event.note),
          ...(event.leftOut.length === 0
            ? []
            : [`Left out: ${event.leftOut.map((id) => `“${title(incident, id)}”`).join(', ')}.`]),
        ],
      }
    case 'StepSkipped':
      return { headline: `skipped: ${title(incident, event.step)}`, details: given(event.reason), tone: 'warning' }
    case 'StepAttested':
      return {
        headline: `recorded as done by hand, not proven: ${title(incident, event.step)}`,
        details: given(event.note),
        tone: 'warning',
      }
    case 'ReadingFailed':
      return {
        headline: `could not read ${isInstance(incident.target) ? 'Autentico' : 'the account'}`,
        details: [event.sentence],
        tone: 'bad',
      }
    case 'SweepDone':
      return sweptLine(event)
    case 'NotificationRecorded':
      return {
        headline: `told ${who} by ${event.channel}`,
        details: [`Identity checked: ${event.identityCheck}`, ...given(event.note)],
      }
    case 'SecretShown':
      return { headline: `was shown the temporary password, once` }
    case 'SecretDestroyed':
      return { headline: `destroyed the temporary password: ${event.why}` }
    case 'IncidentContained':
      return { headline: `contained: every containment step is proven, and the sweep found nothing`, tone: 'good' }
    case 'IncidentClosed':
      return { headline: `closed the incident`, details: given(event.reason) }
    case 'ClickRefused':
      return {
        headline: `was refused: ${event.tried}`,
        details: [`Told: “${event.sentence}”`],
        text: `was refused: ${event.tried}. ${event.sentence}`,
        tone: 'warning',
      }
    case 'ApprovalProbed':
      return { ...probingWords(event, incident), tone: 'bad', forChannel: true }
    case 'CommandSigned':
      return { headline: `signed what follows with the key ${event.fingerprint}`, forThread: false }
    case 'ForgeryRefused':
      return {
        headline: `refused a forged ${event.what}: ${event.why}`,
        details: [`What was found has the digest sha256 ${event.digest.slice(0, 12)}…`],
        tone: 'bad',
      }
    case 'RecordDoubted':
      return {
        headline:
          event.ledger === true
            ? 'found that the ledger does not hold: it was changed behind the bot’s back'
            : 'found that this thread and the ledger do not agree: one of them was changed',
        details: [...event.problems.slice(0, 10), 'Do not trust either before it is looked into.'],
        tone: 'bad',
      }
    case 'PackRequested':
      return { headline: 'asked for the evidence pack' }
    case 'MessageWritten':
      return writtenLine(event)
    case 'MessageEdited':
      return editedLine(event, { actor, when: utc(event.writtenAt) })
    case 'MessageDeleted':
      return deletedLine(event, { when: utc(event.writtenAt) })
    case 'PostsDeleted':
      return postsDeletedLine(event)
    case 'HoldPlaced':
    case 'HoldApplied':
    case 'HoldConfirmed':
    case 'HoldLifted':
    case 'HoldFailed':
    case 'HoldSuperseded':
      return holdLine(event, incident)
    case 'GlassAnnounced':
    case 'GlassBroken':
    case 'GlassCalledOff':
    case 'GlassReviewed':
      return glassLine(event, asked(incident, event.request))
    case 'CheckpointSigned':
      return { headline: `signed a checkpoint over ${event.size} entries:\n${event.note}` }
  }
}

/** "Key autentico-key-1 (SHA-256 9f2c…), 10,004 users, 3 administrators, …" */
function instanceSentence({
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

/** The record keeps the whole digest. */
function stepUpSentence(stepUp: StepUp): string {
  return stepUp.kind === 'key'
    ? `Signed with the registered key ${stepUp.fingerprint}.`
    : `Signed in to Autentico as ${stepUp.sub} at ${utc(stepUp.signedInAt)} (token sha256 ${stepUp.tokenDigest.slice(0, 12)}…).`
}

function ordered(event: Extract<IncidentEvent, { type: 'WorkOrdered' }>, incident: OpenedIncident): Said {
  // Nobody approves what is only read, so this line says who wanted it.
  if (event.step !== undefined && event.request === undefined)
    return {
      headline: `began: ${nameOf(incident, event.step)}`,
      details: inputDetails(incident, event.step, event.inputs),
    }
  if (event.action === incident.playbook.sweep)
    return { headline: `set the sweep for ${utc(event.notBefore ?? '')}`, details: ['The proof is repeated then.'] }
  return { headline: `ordered: ${event.action}${event.mode === 'prepare' ? ' (looking first)' : ''}`, forThread: false }
}

function shownLine(event: Extract<IncidentEvent, { type: 'RequestShown' }>, incident: OpenedIncident): Said {
  const request = incident.requests.get(event.request)
  const by = request === undefined ? '' : ` for @${request.requester.name}`
  return {
    headline: `shows the request${by}: ${asked(incident, event.request)}`,
    details: [`This will: ${event.effect.sentence}`, ...inputDetails(incident, request?.step, request?.inputs)],
    ...coded(incident, event.request),
  }
}

function resumedLine(
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

function againWords({ replaces, outdates }: Extract<IncidentEvent, { type: 'StepRequested' }>): string {
  if (outdates !== undefined) return ', again because the rules had changed'
  return replaces === undefined ? '' : ', again because the situation had changed'
}

function approvedLine(
  { request: id, reason = '', stepUp }: Extract<IncidentEvent, { type: 'ApprovalGiven' | 'StepApproved' }>,
  actor: Actor,
  incident: OpenedIncident,
): Said {
  return {
    headline: `approved: ${asked(incident, id)}`,
    details: [
      ...given(reason),
      ...(stepUp === undefined ? [] : [stepUpSentence(stepUp)]),
      ...standingWith(incident.requests.get(id), actor),
    ],
    ...coded(incident, id),
  }
}

/** The code says which of several requests was meant, when two people compare what they see. */
function coded(incident: OpenedIncident, id: RequestId): Pick<TimelineLine, 'code'> {
  const code = incident.requests.get(id)?.shown?.code
  return code === undefined ? {} : { code }
}

function doneLine(event: Extract<IncidentEvent, { type: 'StepDone' }>, incident: OpenedIncident): Said {
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

/** What was filled in, by the labels of the fields and in their order: the record keeps them by name. */
export function filledIn(
  incident: OpenedIncident,
  id: StepId | undefined,
  inputs: Inputs | undefined,
): readonly { readonly label: string; readonly value: string }[] {
  const fields = findStep(incident, id)?.inputs ?? []
  const placeOf = (name: string): number => fields.findIndex((one) => one.id === name)
  // The record sorts them by name; people know them in the order of the form.
  const given = Object.entries(inputs ?? {}).toSorted(([one], [other]) => placeOf(one) - placeOf(other))
  return given.map(([name, value]) => {
    const field = fields[placeOf(name)]
    const words =
      field?.choices?.find((one) => one.id === value)?.label ?? (field?.type === 'moment' ? utc(value) : value)
    return { label: field?.label ?? name, value: words }
  })
}

function inputDetails(incident: OpenedIncident, id: StepId | undefined, inputs: Inputs | undefined): readonly string[] {
  const given = filledIn(incident, id, inputs).map(({ label, value }) => `${label}: ${value}`)
  return given.length === 0 ? [] : [`${given.join(' · ')}.`]
}

/** What was warned of when the step was asked for is not told again in the thread. */
function news(
  incident: OpenedIncident,
  { order, notes }: Extract<IncidentEvent, { type: 'StepDone' }>,
): readonly string[] {
  const id = incident.work.get(order)?.request
  const known = id === undefined ? [] : (incident.requests.get(id)?.shown?.effect.warnings ?? [])
  return notes.filter((note) => !known.includes(note))
}

function sweptLine({ proven, checks }: Extract<IncidentEvent, { type: 'SweepDone' }>): Said {
  if (proven) {
    const headline = 'swept: the proof still holds'
    return { headline, details: [readBack(checks)], text: `${headline}. ${unique(checks).join(' ')}`, tone: 'good' }
  }
  const open = unique(checks.filter((check) => check.proven !== true))
  const headline = 'swept, and the proof does not hold any more'
  return { headline, details: open, tone: 'bad' }
}

function factSentence({
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

/** `3 sessions`, `1 passkey` */
export function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** What somebody wrote, in quotes: on a line of its own it must not pass for one of ours. */
function given(text: string): readonly string[] {
  return text.trim() === '' ? [] : [`“${text}”`]
}

/** With a full stop, so that another sentence may follow. */
function stopped(text: string): string {
  return /[.!?…:]”?$/.test(text) ? text : `${text}.`
}

function waiting(
  incident: OpenedIncident,
  id: RequestId,
  at: string,
): { readonly name: string; readonly until: string } {
  return { name: asked(incident, id), until: utc(incident.requests.get(id)?.shown?.expiresAt ?? at) }
}

function asked(incident: OpenedIncident, id: RequestId): string {
  const request = incident.requests.get(id)
  return request === undefined ? id : requestName(request, incident)
}

/** What a request asks for, in a few words: "Reset MFA of alice". */
export function requestName({ kind, step, all, action }: Request, incident: OpenedIncident): string {
  if (kind === 'hold') return `Keep ${incident.target.username} suspended`
  if (kind === 'resume')
    return all === true ? 'Resume everything that was stopped' : `Resume the work of ${incident.id}`
  if (step === undefined) throw new Error(`ledger out of order: a request to ${kind} names no step`)
  const what = quotedTitle(incident, step)
  switch (kind) {
    case 'run':
      return workTitle(incident, step, action)
    case 'suspend':
      return insteadOf(incident, step)
    case 'expect':
      return `Record ${what} as expected`
    case 'answer':
      return `Decide ${what}`
    case 'attest':
      return `Record ${what} as done by hand`
    case 'skip':
      return `Skip ${what}`
    case 'skip-rest':
      return 'Skip every step that is left'
  }
}

/** "Reset MFA of alice"; what was found is dealt with: "Demote administrator “helpdesk”". */
function workTitle(incident: OpenedIncident, id: StepId, action: ActionName | undefined): string {
  const isFound = findStep(incident, id)?.found !== undefined
  return isFound ? `${wayWords(action)} ${quotedTitle(incident, id)}` : nameOf(incident, id)
}

function quotedTitle(incident: OpenedIncident, id: StepId): string {
  const step = findStep(incident, id)
  return step === undefined ? id : quoted(step)
}

/** "Reset MFA of alice", "Notify the user, then restore access for alice" */
function nameOf(incident: OpenedIncident, id: StepId): string {
  const step = findStep(incident, id)
  if (isInstance(targetOf(incident, step)) || step?.found !== undefined || step?.action?.startsWith('review-') === true)
    return step?.title ?? id
  return `${step?.title ?? id} ${step?.kind === 'recovery' ? 'for' : 'of'} ${incident.target.username}`
}

function insteadOf(incident: OpenedIncident, id: StepId): string {
  return `Suspend ${targetOf(incident, findStep(incident, id)).username} in place of ${quotedTitle(incident, id)}`
}

/** What an order is for: its step, in quotes, or what is read. */
function workName(incident: OpenedIncident, id: OrderId): string {
  const order = incident.work.get(id)
  if (order === undefined) return id
  if (order.step !== undefined) return quotedTitle(incident, order.step)
  if (isHoldWork(order.action)) return holdWorkName(incident, order.action)
  if (order.action === incident.playbook.sweep) return 'the sweep'
  return `the reading of ${isInstance(incident.target) ? 'Autentico' : 'the account'}`
}

/** The title of a step, as the playbook has it. */
export function title(incident: OpenedIncident, id: StepId): string {
  return findStep(incident, id)?.title ?? id
}

/** What is done about a finding, in words, as on its button. */
export function wayWords(action: ActionName | undefined): string {
  return (action === undefined ? undefined : ways[action]) ?? 'Deal with it'
}

const ways: Readonly<Partial<Record<ActionName, string>>> = {
  'demote-admin': 'Demote',
  'suspend-account': 'Suspend',
  'disable-client': 'Disable',
  'disable-provider': 'Disable',
  'close-setting': 'Put right',
  'revoke-sessions': 'Revoke sessions',
}
