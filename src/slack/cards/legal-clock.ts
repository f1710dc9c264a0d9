import { isDecided } from '#/incident/legal-clock.ts'
import { type OpenedIncident, stepState } from '#/incident/state.ts'
import type { StepInput } from '#/playbook/inputs.ts'
import { fields, forms, type Reference, writeReference } from '../references.ts'
import { type Form, form, section, textField } from './blocks.ts'
import { line, lines, literal, type Mrkdwn, minute, moment, mrkdwn, span } from './text.ts'

/** When somebody became aware, as the forms ask for it: one and the same reading of what is typed. */
export const awareSince: StepInput = {
  id: fields.awareSince,
  label: 'Aware since (UTC)',
  type: 'moment',
  hint: 'When somebody here first knew of it: the time that the law gives begins then. Empty: now. It can be put right later.',
  optional: true,
}

/**
 * "⚖️ 72 h from 2026-11-23 03:12 UTC: decide by 2026-11-26 03:12 UTC, in 71 h". Undefined where the law sets no time limit, and once
 * the incident is closed with it decided.
 */
export function legalClockLine(incident: OpenedIncident, now: string): Mrkdwn | undefined {
  const { legalClock } = incident
  if (legalClock === undefined) return undefined
  const { awareAt, endsAt } = legalClock
  const whole = literal(`${Math.round((Date.parse(endsAt) - Date.parse(awareAt)) / hourMs)} h`)
  const from = mrkdwn`${whole} from ${literal(minute(awareAt))}`
  if (isDecided(incident)) return mrkdwn`⚖️ ${decision(incident)} · ${from}`
  if (endsAt <= now)
    return mrkdwn`⛔ *Overdue:* the ${from} were over at ${moment(endsAt)}, ${literal(longSpan(endsAt, now))} ago, and nothing is decided`
  return mrkdwn`⚖️ ${from}: decide by ${moment(endsAt)}, in ${literal(longSpan(now, endsAt))}`
}

const hourMs = 3_600_000

/** From one day on, minutes are nobody's concern. */
function longSpan(from: string, to: string): string {
  const hours = Math.floor((Date.parse(to) - Date.parse(from)) / hourMs)
  return hours < 24 ? span(from, to) : `${hours} h`
}

function decision(incident: OpenedIncident): Mrkdwn {
  const question = incident.playbook.steps.findLast((step) => step.question !== undefined)
  const state = question === undefined ? undefined : stepState(incident, question.id)
  return state?.status === 'answered'
    ? mrkdwn`decided ${literal(minute(state.at))}: ${line(state.label, 120)}`
    : literal('the decision was skipped')
}

/** The old moment stays on record beside the new one. */
export function awarenessForm({ legalClock }: OpenedIncident, reference: Reference): Form {
  const { awareAt } = legalClock ?? { awareAt: '' }
  return form({
    callback: forms.awareness,
    title: 'When it was noticed',
    submit: 'Put right',
    metadata: writeReference(reference),
    blocks: [
      section(
        lines(
          literal('The time that the law gives is counted from when somebody here first knew of it.'),
          literal('What it was before stays on record.'),
        ),
      ),
      textField({ id: awareSince.id, label: awareSince.label, value: typed(awareAt), longest: 40 }),
      textField({ id: fields.note, label: 'Why', hint: 'The record and the thread will say it.', multiline: true }),
    ],
  })
}

/** `2026-11-23 03:12`, as people type it. */
function typed(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ')
}
