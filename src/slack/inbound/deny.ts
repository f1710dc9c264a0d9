import { denyForm } from '../cards/forms.ts'
import { fields } from '../references.ts'
import { actOnForm, showForm, strangeForm } from './answers.ts'
import type { Desk, Press, Submission } from './desk.ts'

export async function deny(press: Press, desk: Desk): Promise<void> {
  await showForm(desk, press, (incident, reference) => {
    const request = reference.of === 'request' ? incident.requests.get(reference.request) : undefined
    if (request === undefined) return 'There is nothing to decide: that request is not there.'
    if (request.end.kind !== 'open')
      return `Nothing to deny any more: that request is ${request.end.kind}${'by' in request.end ? ` by @${request.end.by.name}` : ''}.`
    return denyForm(incident, request, reference)
  })
}

export async function denied(submission: Submission, desk: Desk): Promise<void> {
  const { reference } = submission
  if (reference?.of !== 'request') return strangeForm(submission)
  await actOnForm(desk, submission, {
    incident: reference.incident,
    field: fields.reason,
    command: (by) => ({ type: 'DenyRequest', by, request: reference.request, reason: submission.value(fields.reason) }),
  })
}
