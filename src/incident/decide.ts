import type { ActionName } from '#/playbook/actions.ts'
import { isInstance } from './account.ts'
import { whyNotRespond } from './approval.ts'
import { askForStep } from './ask-for-step.ts'
import { breakGlass, breakGlassNow, reviewGlass, whyNotCloseUnreviewed } from './break-glass.ts'
import type { Command, PersonCommand, ProgramCommand, WorkerCommand } from './commands.ts'
import { accepted, type Decision, refused, refusedFor } from './decision.ts'
import type { IncidentEvent } from './events.ts'
import { isHoldOrder, liftAgain, placeHold, settleHolds, supersede, whyNotCloseHeld } from './hold.ts'
import { correctAwareness, legalClockFrom, remindOfLegalClock } from './legal-clock.ts'
import { longestText } from './limits.ts'
import { recordAlteredPosts, recordDeletion, recordEdit, recordLostPosts, recordMessage } from './messages.ts'
import { requestName } from './names.ts'
import { fits, recordOutcome } from './outcome.ts'
import { askedAnew } from './outdated.ts'
import { samePerson } from './people.ts'
import { escalateRequest, nudge, remindOfRequest } from './reminders.ts'
import { ofStep } from './requests.ts'
import { approveRequest, beginStepUp, denyRequest, rulesOf, withdrawRequest } from './review-request.ts'
import {
  type Incident,
  isRestored,
  nextStep,
  type OpenedIncident,
  openRequests,
  quoted,
  type Request,
  stepState,
  stepsOf,
} from './state.ts'
import { endedStepUp } from './step-up.ts'
import { askToResume, resumeToo, stoppedFromTheStart, stopWork, whyNotWhileStopped } from './stop.ts'
import type { Surroundings } from './surroundings.ts'
import { orderSweep } from './sweep.ts'
import { utc } from './times.ts'
import { isFact, settleWithdrawal } from './withdrawal.ts'

/** Why a secret is destroyed when its time is over. */
const unseen = 'nobody looked at it in time'

/**
 * The only place that says yes or no: a command against the state gives events, or a refusal. It changes nothing and asks
 * nobody. The same command on the same state always gives the same answer.
 */
export function decide(incident: Incident, command: Command, around: Surroundings): Decision {
  if (command.type === 'OpenIncident') return openIncident(incident, command, around)
  if (command.type === 'RecordForgery') {
    const { what, why, digest } = command
    return accepted({ type: 'ForgeryRefused', what, why, digest })
  }
  if (incident.status === 'unopened') return refused('no_such_incident')
  if (command.type === 'RecordOutcome') return decideOutcome(incident, command, around)
  if ('by' in command) return decidePerson(incident, command, around)
  return decideProgram(incident, command, around)
}

function openIncident(
  incident: Incident,
  command: Extract<Command, { type: 'OpenIncident' }>,
  around: Surroundings,
): Decision {
  const { by, playbook, severity, summary, target, targetIsBot, channel, drill, from } = command
  const refusal = whyNotRespond(by, target)
  if (refusal !== undefined) return refusedFor(refusal)
  if (incident.status !== 'unopened') return refused('incident_exists')
  const isWhole = isInstance(target)
  if (playbook.target === 'account' && isWhole) return refused('target_needed', { what: `“${playbook.title}”` })
  if (playbook.target === 'instance' && !isWhole) return refused('target_is_instance', { what: `“${playbook.title}”` })
  if (targetIsBot) return refused('target_is_bot')
  const other = around.open.find((open) => open.playbook.id === playbook.id && open.target.id === target.id)
  // Two incidents for one account under one playbook would undo each other's proof.
  if (other !== undefined) {
    const since = `${utc(other.openedAt)} by @${other.openedBy.name}`
    return refused('target_has_incident', { who: target.username, what: `${other.id} is open since ${since}` })
  }
  if (summary.length > longestText) return refused('text_too_long')
  const legalClock = legalClockFrom(playbook, command.awareAt ?? around.now, around)
  if (legalClock === 'future') return refused('awareness_wrong')

  return accepted(
    {
      type: 'IncidentOpened',
      playbook,
      playbookDigest: around.digestOf(playbook),
      policyDigest: around.policyDigest,
      ...(command.quorum === undefined ? {} : { quorum: command.quorum }),
      severity,
      summary,
      target,
      channel,
      drill,
      ...(from === undefined ? {} : { from }),
      ...(legalClock === undefined ? {} : { legalClock }),
    },
    { type: 'WorkOrdered', mode: 'run', action: playbook.snapshot },
    ...stoppedFromTheStart(around),
  )
}

function decidePerson(
  incident: OpenedIncident,
  command: Exclude<PersonCommand, { type: 'OpenIncident' }>,
  around: Surroundings,
): Decision {
  // Some have their own list of people; everything else is for responders.
  const refusal = hasOwnPeople(command) ? undefined : whyNotRespond(command.by, incident.target)
  if (refusal !== undefined) return refusedFor(refusal)
  // The record is wanted most once all is over.
  if (command.type === 'AskForPack') return accepted({ type: 'PackRequested' })
  if (incident.status === 'closed') return refused('incident_not_open')
  const stopped = setsInMotion(incident, command) ? whyNotWhileStopped(incident) : undefined
  if (stopped !== undefined) return refusedFor(stopped)

  switch (command.type) {
    case 'AskForStep':
      return askForStep(incident, command, around)
    case 'ApproveRequest':
      return approveRequest(incident, command, around)
    case 'BeginStepUp':
      return beginStepUp(incident, command, around)
    case 'DenyRequest':
      return denyRequest(incident, command, around)
    case 'WithdrawRequest':
      return withdrawRequest(incident, command, around)
    case 'HoldTarget':
      return placeHold(incident, command.by, around)
    case 'LiftAgain':
      return liftAgain(incident, command.request, around)
    case 'BreakGlass':
      return breakGlass(incident, command, around, rulesOf(incident, around))
    case 'ReviewGlass':
      return reviewGlass(incident, command, around)
    case 'ReadAgain':
      return readAgain(incident, command.what, around)
    case 'StopWork':
      return stopWork(incident, command)
    case 'AskToResume':
      return askToResume(incident, command, around)
    case 'TakeCommand':
      return samePerson(incident.commander, command.by.person)
        ? refused('already_commander')
        : accepted({ type: 'CommanderNamed', commander: command.by.person })
    case 'AddNote':
      return addNote(command)
    case 'RecordNotification':
      return recordNotification(command)
    case 'ShowSecret':
      return showSecret(incident, command, around)
    case 'CorrectAwareness':
      return correctAwareness(incident, command, around)
    case 'CloseIncident':
      return closeIncident(incident, command.reason)
  }
}

function hasOwnPeople({ type }: PersonCommand): boolean {
  return (
    type === 'ApproveRequest' ||
    type === 'BeginStepUp' ||
    type === 'DenyRequest' ||
    type === 'HoldTarget' ||
    type === 'BreakGlass' ||
    type === 'ReviewGlass'
  )
}

/** What an emergency stop holds up. What is read, noted, turned down or taken back goes on. */
function setsInMotion(incident: OpenedIncident, command: Exclude<PersonCommand, { type: 'OpenIncident' }>): boolean {
  switch (command.type) {
    case 'AskForStep':
    case 'ReadAgain':
    case 'ShowSecret':
    case 'CloseIncident':
    case 'HoldTarget':
    case 'LiftAgain':
      return true
    case 'ApproveRequest':
    case 'BeginStepUp':
    case 'BreakGlass':
      return incident.requests.get(command.request)?.kind !== 'resume'
    case 'StopWork':
    case 'AskToResume':
    case 'DenyRequest':
    case 'WithdrawRequest':
    case 'TakeCommand':
    case 'AddNote':
    case 'CorrectAwareness':
    case 'RecordNotification':
    case 'AskForPack':
    case 'ReviewGlass':
      return false
  }
}

function readAgain(incident: OpenedIncident, what: 'snapshot' | 'sweep', around: Surroundings): Decision {
  const { playbook, sweep } = incident
  const action: ActionName = what === 'snapshot' ? playbook.snapshot : playbook.sweep
  if (what === 'sweep' && sweep.status === 'due') return refused('sweep_first', { what: `is due at ${utc(sweep.at)}` })
  if ([...incident.orders.values()].some((order) => order.action === action)) return refused('reading_under_way')
  if (what === 'snapshot') return accepted({ type: 'WorkOrdered', mode: 'run', action })
  if (sweep.status === 'none') return refused('nothing_to_sweep')
  if (isRestored(incident)) return refused('access_restored', { who: incident.target.username })
  return accepted(orderSweep(incident, around, 0))
}

function addNote({ text, link }: Extract<Command, { type: 'AddNote' }>): Decision {
  const note = text.trim()
  if (note === '') return refused('reason_missing')
  if (note.length > longestText) return refused('text_too_long')
  return accepted({ type: 'NoteAdded', text: note, ...(link === undefined ? {} : { link }) })
}

function recordNotification(command: Extract<Command, { type: 'RecordNotification' }>): Decision {
  const channel = command.channel.trim()
  const identityCheck = command.identityCheck.trim()
  const note = command.note.trim()
  if (channel === '' || identityCheck === '') return refused('reason_missing')
  if ([channel, identityCheck, note].some((text) => text.length > longestText)) return refused('text_too_long')
  return accepted({ type: 'NotificationRecorded', channel, identityCheck, note })
}

function showSecret(
  { secret }: OpenedIncident,
  { by, order }: Extract<Command, { type: 'ShowSecret' }>,
  { now }: Surroundings,
): Decision {
  if (secret === undefined || secret.order !== order) return refused('secret_gone')
  if (!samePerson(secret.holder, by.person)) return refused('secret_not_yours', { who: `@${secret.holder.name}` })
  if (secret.state !== 'sealed') return refused('secret_gone', secret.why === undefined ? {} : { what: secret.why })
  if (secret.expiresAt <= now) return refused('secret_gone', { what: unseen })
  return accepted({ type: 'SecretShown', order })
}

function closeIncident(incident: OpenedIncident, reason: string): Decision {
  const held = whyNotCloseHeld(incident)
  if (held !== undefined) return refusedFor(held)
  const [request] = openRequests(incident)
  if (request !== undefined) return refused('requests_open', { what: `“${requestName(request, incident)}”` })
  const running = stepsOf(incident).find(({ id }) => stepState(incident, id).status === 'running')
  if (running !== undefined) return refused('work_in_flight', { what: `${quoted(running)} is still running` })
  if (incident.sweep.status === 'due')
    return refused('work_in_flight', { what: `the sweep is due at ${utc(incident.sweep.at)}` })
  const left = nextStep(incident)
  if (left !== undefined) return refused('steps_unsettled', { what: `${quoted(left)} is` })
  const unreviewed = whyNotCloseUnreviewed(incident)
  if (unreviewed !== undefined) return refusedFor(unreviewed)
  if (reason.length > longestText) return refused('text_too_long')

  const { secret } = incident
  return accepted(
    ...(secret?.state === 'sealed'
      ? [{ type: 'SecretDestroyed', order: secret.order, why: 'the incident was closed' } as const]
      : []),
    { type: 'IncidentClosed', reason: reason.trim() },
  )
}

function decideOutcome(incident: OpenedIncident, command: WorkerCommand, around: Surroundings): Decision {
  const { orders, takenBack } = incident
  const order = orders.get(command.order) ?? (isFact(command.result) ? takenBack.get(command.order) : undefined)
  // Ended already, or made void: the same outcome twice changes nothing.
  if (order === undefined || !fits(incident, order, command.result)) return refused('order_unknown')
  if (incident.status === 'closed') return accepted()
  return accepted(...recordOutcome(incident, order, command.result, around))
}

function decideProgram(
  incident: OpenedIncident,
  command: Exclude<ProgramCommand, { type: 'RecordForgery' }>,
  around: Surroundings,
): Decision {
  switch (command.type) {
    case 'StartThread':
      return accepted({ type: 'ThreadStarted', channel: command.channel, ts: command.ts })
    case 'RecordCheckpoint':
      return accepted({ type: 'CheckpointSigned', size: command.size, note: command.note })
    case 'DoubtRecord':
      return accepted({
        type: 'RecordDoubted',
        problems: command.problems,
        ...(command.ledger === undefined ? {} : { ledger: command.ledger }),
      })
    case 'ExpireRequests':
      return incident.status === 'closed' ? accepted() : accepted(...expiries(incident, around))
    case 'EndStepUp':
      return accepted(...endedStepUp(incident, command))
    case 'SettleHolds':
      return accepted(...settleHolds(incident, around))
    case 'SupersedeHold':
      return accepted(
        ...supersede(incident, `${incident.target.username} stays suspended, as decided in ${command.incident}.`),
      )
    case 'BreakGlassNow':
      return accepted(...breakGlassNow(incident, command, around, rulesOf(incident, around)))
    case 'RemindOfRequest':
      return accepted(...remindOfRequest(incident, command, around))
    case 'EscalateRequest':
      return accepted(...escalateRequest(incident, command, around))
    case 'NudgeStale':
      return accepted(...nudge(incident, around))
    case 'RecordMessage':
      return accepted(...recordMessage(incident, command, around))
    case 'RecordEdit':
      return accepted(...recordEdit(incident, command, around))
    case 'RecordDeletion':
      return accepted(...recordDeletion(incident, command, around))
    case 'RecordLostPosts':
      return accepted(...recordLostPosts(incident, command))
    case 'RecordAlteredPosts':
      return accepted(...recordAlteredPosts(incident, command))
    case 'RemindOfLegalClock':
      return accepted(...remindOfLegalClock(incident, around))
    case 'LinkIncident':
      return accepted({ type: 'IncidentLinked', to: command.to, playbook: command.playbook, by: command.person })
    case 'ResumeToo':
      return incident.status === 'closed' ? refused('not_stopped') : resumeToo(incident, command)
    case 'SettleWithdrawal':
      return incident.status === 'closed' ? refused('order_unknown') : settleWithdrawal(incident, command)
    case 'IssueAgain':
      return incident.orders.has(command.order) && incident.status === 'open'
        ? accepted({ type: 'WorkIssuedAgain', order: command.order, why: command.why })
        : refused('order_unknown')
    case 'RecordWait': {
      const order = incident.orders.get(command.order)
      if (order === undefined || incident.status === 'closed') return refused('order_unknown')
      return accepted(...recordOutcome(incident, order, { kind: 'waiting', why: command.why, attempt: 0 }, around))
    }
    case 'ExpireOrder': {
      const order = incident.orders.get(command.order)
      if (order === undefined || incident.status === 'closed') return refused('order_unknown')
      // Nobody heard of it, so it may have begun.
      const begun = isHoldOrder(order) ? ({ begun: true } as const) : {}
      return accepted(
        ...recordOutcome(
          incident,
          order,
          { kind: 'failed', sentence: command.sentence, retry: true, ...begun },
          around,
        ),
      )
    }
    case 'DestroySecret':
      return incident.secret?.order === command.order && incident.secret.state === 'sealed'
        ? accepted({ type: 'SecretDestroyed', order: command.order, why: command.why })
        : refused('secret_gone')
  }
}

function expiries(incident: OpenedIncident, around: Surroundings): readonly IncidentEvent[] {
  const { now, outlived } = around
  const isOver = ({ id, shown: seen }: Request): boolean =>
    seen !== undefined && (seen.expiresAt <= now || outlived(id))
  const requests = [
    ...openRequests(incident)
      .filter(isOver)
      .map((request) => ({ type: 'RequestExpired', request: request.id, ...ofStep(request) }) as const),
    ...askedAnew(incident, isOver, around),
  ]
  const { secret } = incident
  return secret?.state === 'sealed' && secret.expiresAt <= now
    ? [...requests, { type: 'SecretDestroyed', order: secret.order, why: unseen }]
    : requests
}
