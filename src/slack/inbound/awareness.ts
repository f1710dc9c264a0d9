import { refusalSentence } from '#/incident/refusals.ts'
import { readInputs } from '#/playbook/inputs.ts'
import { awarenessForm, awareSince } from '../cards/legal-clock.ts'
import { fields } from '../references.ts'
import { actOnForm, showForm, strangeForm } from './answers.ts'
import type { Desk, Press, Submission } from './desk.ts'

/** When somebody first knew of it was recorded wrongly, and is put right. */
export async function awareness(press: Press, desk: Desk): Promise<void> {
  await showForm(desk, press, (incident, reference) =>
    incident.legalClock === undefined
      ? refusalSentence({ code: 'no_legal_clock', about: {} })
      : awarenessForm(incident, reference),
  )
}

export async function awarenessCorrected(submission: Submission, desk: Desk): Promise<void> {
  const { reference, value } = submission
  if (reference?.of !== 'incident') return strangeForm(submission)
  const { optional: _needed, ...needed } = awareSince
  const read = readInputs([needed], value, desk.now())
  if (read.kind === 'wrong') return submission.answer({ kind: 'errors', errors: read.errors })
  const awareAt = read.inputs[awareSince.id] ?? ''
  await actOnForm(desk, submission, {
    incident: reference.incident,
    field: fields.note,
    command: (by) => ({ type: 'CorrectAwareness', by, awareAt, note: value(fields.note) }),
  })
}
