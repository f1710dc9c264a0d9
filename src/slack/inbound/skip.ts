import { skipForm } from '../cards/step-forms.ts'
import { fields } from '../references.ts'
import type { Desk, Press, Submission } from './desk.ts'
import { askByForm, showStepForm } from './step-form.ts'

export async function skip(press: Press, desk: Desk): Promise<void> {
  await showStepForm(press, desk, skipForm)
}

export async function skipped(submission: Submission, desk: Desk): Promise<void> {
  const kind = submission.value(fields.extent) === 'skip-rest' ? 'skip-rest' : 'skip'
  await askByForm(submission, desk, {
    field: fields.reason,
    asked: { kind, reason: submission.value(fields.reason) },
  })
}
