import { personOf } from './changed.ts'
import type { IncidentEvent, Recorded } from './events.ts'
import { withGlassEvent } from './glass-state.ts'
import { withHoldEvent } from './hold-state.ts'
import { heard } from './messages.ts'
import { type Actor, isPerson, personKey, samePerson } from './people.ts'
import { quietAfter } from './reminders.ts'
import { withoutStepUp, withRequestEvent } from './request-state.ts'
import type { Incident, OpenedIncident, Secret } from './state.ts'
import type { OrderId } from './work.ts'
import { withWorkEvent } from './work-state.ts'

/** Folds one fact into the state. It never refuses: the decision was taken when the event was written. */
export function evolve(incident: Incident, recorded: Recorded): Incident {
  const { event, seq, hash } = recorded
  if (event.type === 'IncidentOpened') return opened(event, recorded)
  // A refusal or a forgery may be recorded in a stream that never opened.
  if (incident.status === 'unopened') return incident
  const quiet = quietAfter(incident.quiet, event, recorded.at)
  return { ...applied(incident, event, recorded), quiet, lastSeq: seq, lastHash: hash }
}

function opened(
  event: Extract<IncidentEvent, { type: 'IncidentOpened' }>,
  { seq, hash, incident, at, actor }: Recorded,
): OpenedIncident {
  const by = personOf(actor)
  const {
    playbook,
    playbookDigest,
    policyDigest,
    quorum,
    severity,
    summary,
    target,
    channel,
    drill,
    from,
    legalClock,
  } = event
  return {
    status: 'open',
    id: incident,
    lastSeq: seq,
    lastHash: hash,
    openedAt: at,
    openedBy: by,
    commander: by,
    severity,
    summary,
    drill,
    channel,
    playbook,
    playbookDigest,
    target,
    factWarnings: [],
    steps: new Map(playbook.steps.map((step) => [step.id, { status: 'waiting' }])),
    found: new Map(),
    foundSoFar: new Map(),
    known: {},
    requests: new Map(),
    orders: new Map(),
    takenBack: new Map(),
    work: new Map(),
    sweep: { status: 'none' },
    stepUps: [],
    holds: new Map(),
    glass: new Map(),
    stops: [],
    resumedSeq: 0,
    followedBy: [],
    refusedClicks: 0,
    quiet: { since: at, nudges: 0 },
    refusedApprovals: new Map(),
    probers: [],
    ...(policyDigest === undefined ? {} : { policyDigest }),
    ...(quorum === undefined ? {} : { quorum }),
    messages: new Map(),
    postsGone: { entries: new Set(), card: false },
    postsAltered: new Set(),
    ...(from === undefined ? {} : { from }),
    ...(legalClock === undefined ? {} : { legalClock: { ...legalClock, reminders: 0 } }),
  }
}

function applied(
  incident: OpenedIncident,
  event: Exclude<IncidentEvent, { type: 'IncidentOpened' }>,
  recorded: Recorded,
): OpenedIncident {
  const { at, actor } = recorded
  switch (event.type) {
    case 'ThreadStarted':
      return { ...incident, thread: { channel: event.channel, ts: event.ts } }
    case 'CommanderNamed':
      return { ...incident, commander: event.commander }
    case 'IncidentLinked':
      return { ...incident, followedBy: [...incident.followedBy, { id: event.to, playbook: event.playbook }] }
    case 'AwarenessCorrected':
      return { ...incident, legalClock: { ...event.legalClock, reminders: 0 } }
    case 'LegalClockReminded':
      return incident.legalClock === undefined
        ? incident
        : { ...incident, legalClock: { ...incident.legalClock, reminders: event.reminder } }
    case 'NoteAdded':
    case 'IncidentStale':
    case 'ForgeryRefused':
    case 'CheckpointSigned':
    case 'RecordDoubted':
    case 'PackRequested':
    case 'CommandSigned':
      return incident
    case 'MessageWritten':
    case 'MessageEdited':
    case 'MessageDeleted':
    case 'PostsDeleted':
      return heard(incident, event, actor)
    case 'PostsAltered':
      return { ...incident, postsAltered: new Set([...incident.postsAltered, ...event.entries]) }
    case 'ClickRefused':
      return clickRefused(incident, event, actor)
    case 'ApprovalProbed':
      return incident.probers.some((one) => samePerson(one, event.by))
        ? incident
        : { ...incident, probers: [...incident.probers, event.by] }
    case 'WorkOrdered':
    case 'WorkStarted':
    case 'WorkIssuedAgain':
    case 'WorkStopped':
    case 'WorkHalted':
    case 'WorkResumed':
    case 'WorkWaits':
    case 'WorkProgressed':
    case 'SnapshotTaken':
    case 'StepDone':
    case 'StepFailed':
    case 'ReadingFailed':
    case 'SweepDone':
      return withWorkEvent(incident, event, recorded)
    case 'StepRequested':
    case 'RequestShown':
    case 'RequestReminded':
    case 'RequestEscalated':
    case 'ApprovalGiven':
    case 'ApprovalLapsed':
    case 'StepApproved':
    case 'StepUpStarted':
    case 'StepUpFailed':
    case 'StepDenied':
    case 'RequestWithdrawn':
    case 'WithdrawalBegun':
    case 'WithdrawalFailed':
    case 'RequestExpired':
    case 'ApprovalVoided':
    case 'StepSkipped':
    case 'StepAttested':
    case 'FindingExpected':
    case 'QuestionAnswered':
      return withRequestEvent(incident, event, recorded)
    case 'HoldPlaced':
    case 'HoldApplied':
    case 'HoldConfirmed':
    case 'HoldLifted':
    case 'HoldFailed':
    case 'HoldSuperseded':
      return withHoldEvent(incident, event, at)
    case 'GlassAnnounced':
    case 'GlassBroken':
    case 'GlassCalledOff':
    case 'GlassReviewed':
      return withGlassEvent(
        event.type === 'GlassAnnounced' ? withoutStepUp(incident, event.request, personOf(actor)) : incident,
        event,
        { at, by: isPerson(actor) ? actor : undefined },
      )
    case 'NotificationRecorded':
      return {
        ...incident,
        notification: {
          by: personOf(actor),
          at,
          channel: event.channel,
          identityCheck: event.identityCheck,
          note: event.note,
        },
      }
    case 'SecretShown':
      return withSecret(incident, event.order, { state: 'shown', why: 'it was shown once' })
    case 'SecretDestroyed':
      return withSecret(incident, event.order, { state: 'destroyed', why: event.why })
    case 'IncidentContained':
      return { ...incident, containedAt: at }
    case 'IncidentClosed':
      return { ...incident, status: 'closed', closed: { at, by: actor, reason: event.reason } }
  }
}

function clickRefused(
  incident: OpenedIncident,
  { approval }: Extract<IncidentEvent, { type: 'ClickRefused' }>,
  actor: Actor,
): OpenedIncident {
  const next = { ...incident, refusedClicks: incident.refusedClicks + 1 }
  if (approval === undefined || !isPerson(actor)) return next
  const key = personKey(actor)
  const count = (incident.refusedApprovals.get(key) ?? 0) + 1
  return { ...next, refusedApprovals: new Map(incident.refusedApprovals).set(key, count) }
}

function withSecret(incident: OpenedIncident, order: OrderId, change: Pick<Secret, 'state' | 'why'>): OpenedIncident {
  return incident.secret?.order === order ? { ...incident, secret: { ...incident.secret, ...change } } : incident
}
