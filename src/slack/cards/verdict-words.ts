import type { OpenedIncident, Request } from '#/incident/state.ts'
import { isAutenticoPatient } from '#/incident/step-up.ts'
import { groupWords, stillNeededWords, verdictOf } from '#/incident/verdict.ts'
import { at, line, listed, literal, type Mrkdwn, mention, mrkdwn } from './text.ts'

type Waiting = Pick<Request, 'shown' | 'approvals'>

/**
 * What an open request has and what it lacks: "*1 of 2* · approved by @bao · still needed: one of @security". Undefined where anybody of
 * the approvers is enough: that it waits says it.
 */
export function standLine(request: Waiting): Mrkdwn | undefined {
  if (isPlain(request)) return undefined
  const { approvals, needed, stillNeeded } = verdictOf(request)
  const who = approvals.length === 0 ? literal('') : mrkdwn` · approved by ${listed(approvals.map(mention))}`
  const lacks = stillNeeded === undefined ? '' : ` · still needed: ${stillNeededWords(stillNeeded)}`
  return mrkdwn`*${approvals.length} of ${needed}*${who}${literal(lacks)}`
}

/** What an approval needs beside the press of a button. Undefined: nothing. */
export function stepUpLine(incident: OpenedIncident, { id, shown }: Request): Mrkdwn | undefined {
  if (shown?.rule?.stepUp !== true) return undefined
  return isAutenticoPatient(incident)
    ? mrkdwn`🔑 Approvals are signed with a registered key, at a terminal: \`responder approve ${literal(incident.id)} ${literal(id)}\``
    : literal('🔐 An approval counts after a fresh sign-in to Autentico.')
}

/** The stand in a few words, for a line about something else: " · 1 of 2, still needed: one of @security". */
export function standInShort(request: Waiting): Mrkdwn {
  if (isPlain(request)) return literal('')
  const { approvals, needed, stillNeeded } = verdictOf(request)
  const lacks = stillNeeded === undefined ? '' : `, still needed: ${stillNeededWords(stillNeeded)}`
  return literal(` · ${approvals.length} of ${needed}${lacks}`)
}

/** Who is called upon: "somebody other than @ana", "one of @security other than @ana". */
export function whoDecides(request: Waiting & Pick<Request, 'requester'>): Mrkdwn {
  const others = mrkdwn`other than ${mention(request.requester)}`
  const { stillNeeded } = verdictOf(request)
  return isPlain(request) || stillNeeded === undefined
    ? mrkdwn`somebody ${others}`
    : mrkdwn`${literal(stillNeededWords(stillNeeded))} ${others}`
}

/** Everybody who approved: "@bao", "@bao and @chi". */
export function approvedBy({ approvals }: Pick<Request, 'approvals'>): Mrkdwn {
  return listed(approvals.map(({ by }) => mention(by)))
}

/** Why each of them did, where they said so. */
export function approvalReasons({ approvals }: Pick<Request, 'approvals'>): readonly Mrkdwn[] {
  return approvals.flatMap(({ by, reason }) =>
    reason === undefined ? [] : [mrkdwn`${at(by)} approved because: ${line(reason, 300)}`],
  )
}

/** Who tried approvals that were not theirs to give, until the incident is closed. */
export function probingLine({ probers, status }: OpenedIncident): Mrkdwn | undefined {
  return probers.length === 0 || status === 'closed'
    ? undefined
    : mrkdwn`🚨 *Approval probing* by ${listed(probers.map(at))}: ask them, but not in Slack, whether that is them.`
}

function isPlain(request: Waiting): boolean {
  const { approvals, needed, stillNeeded } = verdictOf(request)
  if (needed > 1 || approvals.length > 0 || stillNeeded?.including !== undefined) return false
  return groupWords(stillNeeded?.from ?? []) === groupWords(['approvers'])
}
