import { findStep, type IncidentStep, type OpenedIncident } from '#/incident/state.ts'
import { readInputs } from '#/playbook/inputs.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import { inputsForm } from '../cards/inputs-form.ts'
import { lookAgainAt, lookAgainForm } from '../cards/step-forms.ts'
import { fields, inputField, type StepReference } from '../references.ts'
import { act, actOnForm, incidentOf, showForm, strangeForm } from './answers.ts'
import type { Desk, Press, Submission } from './desk.ts'
import { askByForm, showStepForm } from './step-form.ts'

/** Asks for a step; also "try again". Where something has to be filled in, a form comes first. */
export async function ask(press: Press, desk: Desk): Promise<void> {
  const { reference } = press
  const incident = reference === undefined ? undefined : desk.door.incident(reference.incident)
  const step = reference?.of === 'step' && incident !== undefined ? findStep(incident, reference.step) : undefined
  if (needsInputs(step)) return showStepForm(press, desk, inputsForm)
  await askFor(press, desk, 'run')
}

/** Suspending the account in place of a step that could not be proven. */
export async function suspend(press: Press, desk: Desk): Promise<void> {
  await askFor(press, desk, 'suspend')
}

/** One of the ways that a finding offers. */
export async function way(press: Press, desk: Desk): Promise<void> {
  const { reference } = press
  // The reference says which way; a button that names none is no button of ours.
  const isOurs = reference?.of === 'step' && reference.action !== undefined
  await askFor(isOurs ? press : { ...press, reference: undefined }, desk, 'run')
}

async function askFor(press: Press, desk: Desk, kind: 'run' | 'suspend'): Promise<void> {
  const reference = press.reference?.of === 'step' ? press.reference : undefined
  const incident = await incidentOf(desk, press, reference)
  if (incident === undefined || reference === undefined) return
  await act(desk, press, {
    incident: incident.id,
    command: (by) => ({ type: 'AskForStep', by, step: reference.step, kind, ...wayOf(kind, reference) }),
  })
}

function wayOf(kind: 'run' | 'suspend', { action }: StepReference): { readonly action?: ActionName } {
  return kind === 'suspend' || action === undefined ? {} : { action }
}

/** What was filled in is read as the playbook says; what is wrong stands under its field, and the form stays as it was. */
export async function askedWithInputs(submission: Submission, desk: Desk): Promise<void> {
  const { reference } = submission
  const incident = reference === undefined ? undefined : desk.door.incident(reference.incident)
  const step = reference?.of === 'step' && incident !== undefined ? findStep(incident, reference.step) : undefined
  const fieldsOfStep = step?.inputs ?? []
  const [first] = fieldsOfStep
  if (first === undefined) return strangeForm(submission)
  const read = readInputs(fieldsOfStep, (id) => submission.value(inputField(id)), desk.now())
  if (read.kind === 'wrong') {
    const errors = Object.entries(read.errors).map(([id, why]) => [inputField(id), why] as const)
    return submission.answer({ kind: 'errors', errors: Object.fromEntries(errors) })
  }
  await askByForm(submission, desk, { field: inputField(first.id), asked: { kind: 'run', inputs: read.inputs } })
}

/** Several things can be looked at once more: which one is chosen in a form. */
export async function lookAgain(press: Press, desk: Desk): Promise<void> {
  await showForm(desk, press, (incident, reference) => lookAgainForm(incident, reference) ?? nothingToRepeat)
}

const nothingToRepeat = 'There is nothing that can be looked at again now. Use the buttons on the card.'

export async function lookedAgain(submission: Submission, desk: Desk): Promise<void> {
  const { reference } = submission
  const incident = reference?.of === 'incident' ? desk.door.incident(reference.incident) : undefined
  const chosen = submission.value(fields.step)
  const step = incident?.playbook.steps.find(({ id }) => `${lookAgainAt.step}${id}` === chosen)
  const what = (['snapshot', 'sweep'] as const).find((one) => `${lookAgainAt.reading}${one}` === chosen)
  if (incident === undefined || (step === undefined && what === undefined)) return strangeForm(submission)
  if (step !== undefined && needsInputs(step))
    return submission.answer({ kind: 'form', form: againForm(incident, step) })
  await actOnForm(desk, submission, {
    incident: incident.id,
    field: fields.step,
    command: (by) =>
      step === undefined
        ? { type: 'ReadAgain', by, what: what ?? 'snapshot' }
        : { type: 'AskForStep', by, step: step.id, kind: 'run' },
  })
}

function againForm(incident: OpenedIncident, step: IncidentStep): ReturnType<typeof inputsForm> {
  return inputsForm(incident, step, { of: 'step', incident: incident.id, step: step.id })
}

function needsInputs(step: IncidentStep | undefined): boolean {
  return (step?.inputs ?? []).length > 0
}
