import { type HoldEvent } from './hold-events.ts'
import { phaseOf } from './hold-state.ts'
import type { Said } from './line.ts'
import { openOf, readBack, unique } from './read-back.ts'
import type { OpenedIncident } from './state.ts'
import { utc } from './times.ts'
import type { RequestId } from './work.ts'

/** What happened with a hold, as a line of the timeline. */
export function holdLine(event: HoldEvent, incident: OpenedIncident): Said {
  const who = incident.target.username
  switch (event.type) {
    case 'HoldPlaced':
      return {
        headline: `placed a hold on ${who} until ${utc(event.endsAt)}`,
        details: [`One responder is enough for that. It lifts by itself then, unless somebody else confirms it.`],
        tone: 'warning',
      }
    case 'HoldApplied': {
      const { proven, did, checks, notes } = event
      return carriedOut(proven ? `proved: ${who} is on hold` : `did, but could not prove: the hold on ${who}`, {
        proven,
        did,
        checks,
        notes,
      })
    }
    case 'HoldConfirmed':
      return {
        headline: `confirmed the hold on ${who}`,
        details: [`The account stays suspended until two people restore access.`],
      }
    case 'HoldLifted': {
      const { proven, did, checks, notes, order } = event
      if (order === undefined) return { headline: `ended the hold on ${who}`, details: did }
      return carriedOut(
        proven ? `proved: the hold on ${who} is lifted` : `did, but could not prove: the end of the hold on ${who}`,
        { proven, did, checks, notes },
      )
    }
    case 'HoldFailed':
      return {
        headline:
          event.action === 'lift-hold' ? `did not lift the hold on ${who}` : `did not suspend ${who} for the hold`,
        details: [
          event.sentence,
          ...(event.action === 'lift-hold'
            ? [event.retry ? 'It is tried again in a minute.' : 'Trying again by itself would not help.']
            : event.begun
              ? ['Something may have been done; that is undone now.']
              : []),
        ],
        tone: 'bad',
      }
    case 'HoldSuperseded':
      return { headline: `ended the hold on ${who}: it lifts nothing any more`, details: [event.why] }
  }
}

/** How the end of its request is told, where that request kept a hold. Undefined: it was another request. */
export function holdEndLine(
  incident: OpenedIncident,
  id: RequestId,
  how: 'denied' | 'withdrawn' | 'expired',
): Pick<Said, 'headline' | 'details'> | undefined {
  const hold = incident.holds.get(id)
  if (hold === undefined) return undefined
  const who = incident.target.username
  const headline = how === 'expired' ? `let the hold on ${who} run out` : `ended the hold on ${who} before its time`
  const held = phaseOf(incident, hold) === 'over' ? [] : ['The account is made active again.']
  return { headline, details: held }
}

/** What the order of a hold is for, inside a sentence. */
export function holdWorkName({ target }: OpenedIncident, action: 'hold-account' | 'lift-hold'): string {
  return action === 'lift-hold' ? `the end of the hold on ${target.username}` : `the hold on ${target.username}`
}

function carriedOut(
  headline: string,
  {
    proven,
    did,
    checks,
    notes,
  }: Pick<Extract<HoldEvent, { type: 'HoldApplied' }>, 'proven' | 'did' | 'checks' | 'notes'>,
): Said {
  const open = checks.filter((check) => check.proven !== true)
  return {
    headline,
    details: [did.join(' '), proven ? readBack(checks) : openOf(open), ...notes].filter((one) => one !== ''),
    text: [`${headline}.`, ...did, ...(proven ? unique(checks) : ['Open:', ...unique(open)]), ...notes].join(' '),
    tone: proven ? 'good' : 'warning',
  }
}
