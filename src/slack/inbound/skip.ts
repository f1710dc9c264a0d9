import { skipForm } from '../cards/forms.ts'
import { fields } from '../references.ts'
import { actOnForm, showForm, strangeForm } from './answers.ts'
import type { Desk, Press, Submission } from './desk.ts'

export async function skip(press: Press, desk: Desk): Promise<void> {
  await showForm(desk, press, (incident, reference) => {
    const step = reference.of === 'step' ? incident.playbook.steps.find(({ id }) => id === reference.step) : undefined
    return step === undefined ? 'That step is not part of this playbook.' : skipForm(incident, step, reference)
  })
}

export async function skipped(submission: Submission, desk: Desk): Promise<void> {
  const { reference } = submission
  if (reference?.of !== 'step') return strangeForm(submission)
  const kind = submission.value(fields.extent) === 'skip-rest' ? 'skip-rest' : 'skip'
  await actOnForm(desk, submission, {
    incident: reference.incident,
    field: fields.reason,
    command: (by) => ({ type: 'AskForStep', by, step: reference.step, kind, reason: submission.value(fields.reason) }),
  })
}
