import { expectForm } from '../cards/step-forms.ts'
import { fields } from '../references.ts'
import type { Desk, Press, Submission } from './desk.ts'
import { askByForm, showStepForm } from './step-form.ts'

/** A finding is as it should be, somebody says. */
export async function expectFinding(press: Press, desk: Desk): Promise<void> {
  await showStepForm(press, desk, expectForm)
}

export async function findingExpected(submission: Submission, desk: Desk): Promise<void> {
  const asked = { kind: 'expect', reason: submission.value(fields.reason) } as const
  await askByForm(submission, desk, { field: fields.reason, asked })
}
