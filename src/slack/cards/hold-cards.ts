import type { Button } from '@slack/types'
import { type Hold } from '#/incident/hold-events.ts'
import { holdInForce, phaseOf } from '#/incident/hold-state.ts'
import { type OpenedIncident, type Request, stopOf } from '#/incident/state.ts'
import { presses, type Reference } from '../references.ts'
import { button, confirm } from './blocks.ts'
import { at, clock, hour, line, lines, literal, type Mrkdwn, mention, minute, mrkdwn, prose } from './text.ts'
import { approvedBy, standLine, stepUpLine, whoDecides } from './verdict-words.ts'

/** "⏸ *alice is on hold* until 2026-11-23 03:44 UTC · by @ana": the account is not as people would expect, so the card says it first. */
export function holdLine(incident: OpenedIncident): Mrkdwn | undefined {
  const inForce = holdInForce(incident)
  if (inForce === undefined || incident.status === 'closed') return undefined
  const { hold, phase } = inForce
  const who = line(incident.target.username, 60)
  const by = mrkdwn`by ${mention(hold.by)}`
  const until = literal(minute(hold.endsAt))
  switch (phase) {
    case 'placing':
      return mrkdwn`⏸ *${who} is being put on hold* until ${until} · ${by}${waiting(incident)}`
    case 'held':
      return hold.placing.status === 'done' && !hold.placing.proven
        ? mrkdwn`⚠️ *${who} is on hold, not proven*, until ${until} · ${by}`
        : mrkdwn`⏸ *${who} is on hold* until ${until} · ${by} · somebody else confirms it, or it lifts by itself`
    case 'confirmed':
      return mrkdwn`🛑 *${who} stays suspended* until access is restored · hold ${by}, confirmed`
    case 'ending':
      return mrkdwn`⏳ *The hold on ${who} is over*, and ${who} is being made active again${waiting(incident)}`
    case 'stuck':
      return mrkdwn`⛔ *The hold on ${who} is over, and could not be lifted:* ${prose(liftFailure(incident), 300)}`
    case 'over':
      return undefined
  }
}

function waiting(incident: OpenedIncident): Mrkdwn {
  if (stopOf(incident) !== undefined) return literal(' · waits for the work to be resumed')
  const why = [...incident.orders.values()].find(
    ({ action }) => action === 'hold-account' || action === 'lift-hold',
  )?.waits
  return why === undefined ? literal('') : mrkdwn` · waits: ${prose(why, 200)}`
}

function liftFailure(incident: OpenedIncident): string {
  const lifting = holdInForce(incident)?.hold.lifting
  return lifting?.status === 'failed' ? lifting.sentence : ''
}

/** What can be done about the hold that is in force, for the card. */
export function holdButtons(incident: OpenedIncident): readonly Button[] {
  const inForce = holdInForce(incident)
  if (inForce === undefined || incident.status === 'closed') return []
  const request = incident.requests.get(inForce.hold.request)
  if (request === undefined) return []
  if (inForce.phase === 'stuck')
    return stopOf(incident) === undefined
      ? [button('Try to lift the hold again', presses.liftAgain, aboutRequest(incident, request))]
      : []
  return request.end.kind === 'open' ? keepOrLift(incident, request) : []
}

/** The two buttons of an open hold: it is confirmed, or lifted before its time. */
export function keepOrLift(incident: OpenedIncident, request: Request): readonly Button[] {
  const { shown } = request
  if (shown === undefined) return []
  const about = aboutRequest(incident, request)
  const keep =
    shown.rule?.reason === true
      ? button('Confirm the hold…', presses.approveByTyping, about, { style: 'primary' })
      : button('Confirm the hold', presses.approve, about, {
          style: 'primary',
          confirm: confirm({
            title: `Confirm · code ${shown.code}?`,
            text: shown.effect.question,
            yes: shown.effect.verb,
            danger: true,
          }),
        })
  const lift = button('Lift now…', presses.liftHold, about)
  // While the work is stopped nothing is confirmed; ending it is only taken back, and is carried out afterwards.
  return stopOf(incident) === undefined ? [keep, lift] : [lift]
}

function aboutRequest(incident: OpenedIncident, { id, shown }: Request): Reference {
  return {
    of: 'request',
    incident: incident.id,
    request: id,
    ...(shown === undefined ? {} : { digest: shown.digest }),
  }
}

/** Where a hold stands, on its own message in the thread. */
export function holdState(incident: OpenedIncident, request: Request): Mrkdwn | undefined {
  const hold = incident.holds.get(request.id)
  if (hold === undefined) return undefined
  const { end, askedAt } = request
  const who = line(incident.target.username, 60)
  const time = (iso: string): Mrkdwn => literal(hour(iso, askedAt))
  const lifted = afterwards(incident, request.id, who, time)
  switch (end.kind) {
    case 'open': {
      const { placing } = hold
      const state =
        placing.status === 'done'
          ? placing.proven
            ? mrkdwn`⏸ *${who} is on hold*, proven ${time(placing.at)}`
            : mrkdwn`⚠️ *${who} is on hold, not proven:* ${prose(placing.open.join(' '), 400)}`
          : mrkdwn`⏳ *${who} is being put on hold*`
      return lines(
        state,
        mrkdwn`It lifts by itself at ${clock(hold.endsAt, askedAt)}, unless ${whoDecides(request)} confirms it.`,
        standLine(request),
        stepUpLine(incident, request),
      )
    }
    case 'approved':
      return mrkdwn`🛑 *Confirmed* by ${approvedBy(request)} ${time(end.at)}: ${who} stays suspended until two people restore access`
    case 'denied':
      return lines(mrkdwn`↩️ *Ended early* by ${at(end.by)} ${time(end.at)}: ${line(end.reason ?? '', 600)}`, lifted)
    case 'withdrawn':
      return lines(mrkdwn`↩️ *Ended early* by ${at(end.by)} ${time(end.at)}`, lifted)
    case 'expired':
      return lines(mrkdwn`⌛ *Ran out* ${time(end.at)}`, lifted)
    case 'voided':
      return mrkdwn`▫️ *Ended* ${time(end.at)}: ${prose(end.reason ?? '', 400)}`
    case 'failed':
      return lines(mrkdwn`⛔ *Not on hold:* ${prose(end.reason ?? '', 600)}`, lifted)
    case 'alone':
      return undefined
  }
}

/** Whether the account is active again. */
function afterwards(
  incident: OpenedIncident,
  id: Request['id'],
  who: Mrkdwn,
  time: (iso: string) => Mrkdwn,
): Mrkdwn | undefined {
  const hold = incident.holds.get(id)
  if (hold === undefined) return undefined
  const { lifting, superseded, placing } = hold
  if (superseded !== undefined) return mrkdwn`▫️ ${prose(superseded.why, 300)}`
  if (lifting?.status === 'done')
    return placing.status === 'done' && !placing.wasActive
      ? mrkdwn`▫️ ${who} was suspended before the hold, and stays so`
      : mrkdwn`✅ ${who} is active again, proven ${time(lifting.at)}`
  if (phaseOf(incident, hold) === 'over') return undefined
  return lifting?.status === 'failed'
    ? mrkdwn`⛔ Not lifted: ${prose(lifting.sentence, 400)}${literal(lifting.retry ? ' It is tried again in a minute.' : '')}`
    : mrkdwn`⏳ ${who} is being made active again${waiting(incident)}`
}

/** For the summary: "Held: 03:14 UTC by @ana, until 03:44 UTC · lifted". */
export function holdSummary(incident: OpenedIncident): readonly Mrkdwn[] {
  return [...incident.holds.values()].map((hold) => {
    const end = incident.requests.get(hold.request)?.end
    const time = (iso: string): Mrkdwn => literal(hour(iso, incident.openedAt))
    const confirmed = end?.kind === 'approved' ? mrkdwn`confirmed by ${at(end.by)}` : undefined
    const came = confirmed ?? literal(outcomeWords(hold))
    return mrkdwn`⏸ Hold on ${line(incident.target.username, 60)}: ${time(hold.placedAt)} by ${at(hold.by)} · ${came}`
  })
}

function outcomeWords({ placing, lifting, superseded }: Hold): string {
  if (superseded !== undefined) return 'ended by what two people decided'
  if (placing.status === 'failed' && !placing.begun) return 'not placed'
  if (lifting?.status === 'done') return placing.status === 'done' && !placing.wasActive ? 'ended' : 'lifted, proven'
  return lifting?.status === 'failed' ? 'NOT LIFTED' : 'not over'
}
