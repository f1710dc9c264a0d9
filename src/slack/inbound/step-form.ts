import type { PersonCommand } from '#/incident/commands.ts'
import { findStep, type IncidentStep, type OpenedIncident } from '#/incident/state.ts'
import type { Form } from '../cards/blocks.ts'
import type { StepReference } from '../references.ts'
import { actOnForm, showForm, strangeForm } from './answers.ts'
import type { Desk, Press, Submission } from './desk.ts'

type Asked = Omit<Extract<PersonCommand, { type: 'AskForStep' }>, 'type' | 'by' | 'step'>

/** Opens a form about a step of the playbook, or about something that a review came upon. A text is said in its place. */
export async function showStepForm(
  press: Press,
  desk: Desk,
  form: (incident: OpenedIncident, step: IncidentStep, reference: StepReference) => Form | string,
): Promise<void> {
  await showForm(desk, press, (incident, reference) => {
    const step = reference.of === 'step' ? findStep(incident, reference.step) : undefined
    return reference.of !== 'step' || step === undefined
      ? 'That step is not part of this incident, or not any more. Use the buttons on the card.'
      : form(incident, step, reference)
  })
}

/** Asks for what was filled in. A refusal stands under `field`. */
export async function askByForm(
  submission: Submission,
  desk: Desk,
  { field, asked }: { readonly field: string; readonly asked: Asked },
): Promise<void> {
  const { reference } = submission
  if (reference?.of !== 'step') return strangeForm(submission)
  await actOnForm(desk, submission, {
    incident: reference.incident,
    field,
    command: (by) => ({ type: 'AskForStep', by, step: reference.step, ...asked }),
  })
}
