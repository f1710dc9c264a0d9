import { isInstance } from './account.ts'
import { amount } from './amount.ts'
import { lapsedLine, probingWords } from './approval-lines.ts'
import type { IncidentEvent, Recorded } from './events.ts'
import { glassLine } from './glass-words.ts'
import { holdEndLine, holdLine } from './hold-words.ts'
import { given, type Said, type TimelineLine } from './line.ts'
import { deletedLine, editedLine, postsAlteredLine, postsDeletedLine, writtenLine } from './message-lines.ts'
import { nameOfRequest, quotedTitle, title, workName, workTitle } from './names.ts'
import { actorName } from './people.ts'
import { escalatedLine, namesOf, remindedLine, staleLine } from './reminder-lines.ts'
import { approvedLine, shownLine } from './request-lines.ts'
import type { OpenedIncident } from './state.ts'
import { utc } from './times.ts'
import type { RequestId } from './work.ts'
import { doneLine, factSentence, instanceSentence, orderedLine, resumedLine, sweptLine } from './work-lines.ts'

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
      return orderedLine(event, incident)
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
        headline: `asked: ${nameOfRequest(incident, event.request)}${againWords(event)}`,
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
      return lapsedLine(event, nameOfRequest(incident, event.request))
    case 'StepApproved':
      return approvedLine(event, actor, incident)
    case 'StepUpStarted':
      return {
        headline: `began to sign in to Autentico, to approve: ${nameOfRequest(incident, event.request)}`,
        forThread: false,
      }
    case 'StepUpFailed':
      return {
        headline: `ended the sign-in of @${event.person.name} without an approval: ${nameOfRequest(incident, event.request)}`,
        details: given(event.sentence),
        tone: 'warning',
        forThread: event.why !== 'replaced',
      }
    case 'StepDenied': {
      const hold = holdEndLine(incident, event.request, 'denied')
      const headline = hold?.headline ?? `denied: ${nameOfRequest(incident, event.request)}`
      return { headline, details: [...given(event.reason), ...(hold?.details ?? [])], tone: 'warning' }
    }
    case 'RequestWithdrawn':
      return (
        holdEndLine(incident, event.request, 'withdrawn') ?? {
          headline: `withdrew the request: ${nameOfRequest(incident, event.request)}`,
          ...(event.by === undefined
            ? {}
            : { details: [`@${event.by.name} took it back before any worker had begun, so nothing was done.`] }),
        }
      )
    case 'WithdrawalBegun':
      return { headline: `takes back what was approved: ${nameOfRequest(incident, event.request)}`, forThread: false }
    case 'WithdrawalFailed':
      return {
        headline: `could not take back: ${nameOfRequest(incident, event.request)}`,
        details: ['A worker had begun already, so it goes on.'],
        tone: 'warning',
        mentions: [event.by],
      }
    case 'RequestExpired':
      return {
        ...(holdEndLine(incident, event.request, 'expired') ?? {
          headline: `let the request end without a decision: ${nameOfRequest(incident, event.request)}`,
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
    case 'PostsAltered':
      return postsAlteredLine(event)
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
      return glassLine(event, nameOfRequest(incident, event.request))
    case 'CheckpointSigned':
      return { headline: `signed a checkpoint over ${event.size} entries:\n${event.note}` }
  }
}

/** With a full stop, so that another sentence may follow. */
function stopped(text: string): string {
  return /[.!?…:]”?$/.test(text) ? text : `${text}.`
}

function againWords({ replaces, outdates }: Extract<IncidentEvent, { type: 'StepRequested' }>): string {
  if (outdates !== undefined) return ', again because the rules had changed'
  return replaces === undefined ? '' : ', again because the situation had changed'
}

function waiting(
  incident: OpenedIncident,
  id: RequestId,
  at: string,
): { readonly name: string; readonly until: string } {
  return { name: nameOfRequest(incident, id), until: utc(incident.requests.get(id)?.shown?.expiresAt ?? at) }
}
