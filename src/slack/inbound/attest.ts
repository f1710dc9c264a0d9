import { attestForm } from '../cards/step-forms.ts'
import { fields } from '../references.ts'
import type { Desk, Press, Submission } from './desk.ts'
import { askByForm, showStepForm } from './step-form.ts'

/** What people did themselves: a step that is theirs, or one that the bot could not do or prove. */
export async function attest(press: Press, desk: Desk): Promise<void> {
  await showStepForm(press, desk, attestForm)
}

export async function attested(submission: Submission, desk: Desk): Promise<void> {
  const asked = { kind: 'attest', reason: submission.value(fields.reason) } as const
  await askByForm(submission, desk, { field: fields.reason, asked })
}
