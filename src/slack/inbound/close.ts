import { closeForm } from '../cards/forms.ts'
import { fields } from '../references.ts'
import { actOnForm, showForm, strangeForm } from './answers.ts'
import type { Desk, Press, Submission } from './desk.ts'

export async function close(press: Press, desk: Desk): Promise<void> {
  await showForm(desk, press, closeForm)
}

export async function closed(submission: Submission, desk: Desk): Promise<void> {
  const { reference } = submission
  if (reference?.of !== 'incident') return strangeForm(submission)
  await actOnForm(desk, submission, {
    incident: reference.incident,
    field: fields.reason,
    command: (by) => ({ type: 'CloseIncident', by, reason: submission.value(fields.reason) }),
  })
}
