import type { Playbook } from '#/playbook/playbook.ts'
import type { PersonCommand } from './commands.ts'
import { accepted, type Decision, refused } from './decision.ts'
import type { IncidentEvent, LegalClock } from './events.ts'
import { longestText } from './limits.ts'
import { isSettled, type OpenedIncident, stepState } from './state.ts'
import type { Surroundings } from './surroundings.ts'

type Around = Pick<Surroundings, 'now' | 'later' | 'legalDeadlineMs'>

/** The clock of an incident that somebody became aware of at `awareAt`; undefined where the playbook has none. */
export function legalClockFrom(
  { legalClock }: Pick<Playbook, 'legalClock'>,
  awareAt: string,
  around: Around,
): LegalClock | 'future' | undefined {
  if (legalClock === undefined) return undefined
  return awareAt > around.now ? 'future' : { awareAt, endsAt: around.later(awareAt, around.legalDeadlineMs) }
}

/** The moment may be put right by one person: the old one stays on record beside the new one. */
export function correctAwareness(
  { legalClock, playbook }: OpenedIncident,
  { awareAt, note }: Extract<PersonCommand, { type: 'CorrectAwareness' }>,
  around: Around,
): Decision {
  const clock = legalClockFrom(playbook, awareAt, around)
  if (legalClock === undefined || clock === undefined) return refused('no_legal_clock')
  if (clock === 'future') return refused('awareness_wrong')
  const why = note.trim()
  if (why === '') return refused('reason_missing')
  return why.length > longestText
    ? refused('text_too_long')
    : accepted({ type: 'AwarenessCorrected', legalClock: clock, note: why })
}

/** Shares of the time that are over when those in charge are reminded: a third, two thirds, eleven twelfths, all of it. */
const reminders = [1 / 3, 2 / 3, 11 / 12, 1] as const

/** How many reminders should have been given by now. None once somebody has decided whom to notify. */
export function legalRemindersDue(incident: OpenedIncident, { now, later, legalDeadlineMs }: Around): number {
  const { legalClock, status } = incident
  if (legalClock === undefined || status === 'closed' || isDecided(incident)) return 0
  return reminders.filter((share) => now >= later(legalClock.awareAt, share * legalDeadlineMs)).length
}

/** Each once; whoever was away while the first were due gives the last alone. */
export function remindOfLegalClock(incident: OpenedIncident, around: Around): readonly IncidentEvent[] {
  const due = legalRemindersDue(incident, around)
  const { legalClock } = incident
  return legalClock !== undefined && due > legalClock.reminders
    ? [{ type: 'LegalClockReminded', reminder: due, endsAt: legalClock.endsAt }]
    : []
}

/** The decision is the last question of the playbook. */
export function isDecided(incident: OpenedIncident): boolean {
  const question = incident.playbook.steps.findLast((step) => step.question !== undefined)
  return question !== undefined && isSettled(stepState(incident, question.id))
}
