import { decisionForm } from '../cards/step-forms.ts'
import { fields } from '../references.ts'
import type { Desk, Press, Submission } from './desk.ts'
import { askByForm, showStepForm } from './step-form.ts'

/** A question of the playbook: one person says how it is decided. */
export async function decide(press: Press, desk: Desk): Promise<void> {
  await showStepForm(press, desk, (incident, step, reference) =>
    step.question === undefined
      ? 'There is nothing to decide at that step. Use the buttons on the card.'
      : decisionForm(incident, step, reference),
  )
}

export async function decided(submission: Submission, desk: Desk): Promise<void> {
  const { value } = submission
  const asked = { kind: 'answer', answer: value(fields.answer), reason: value(fields.reason) } as const
  await askByForm(submission, desk, { field: fields.answer, asked })
}
