import { notificationForm } from '../cards/forms.ts'
import { fields } from '../references.ts'
import { actOnForm, showForm, strangeForm } from './answers.ts'
import type { Desk, Press, Submission } from './desk.ts'

export async function notify(press: Press, desk: Desk): Promise<void> {
  await showForm(desk, press, notificationForm)
}

export async function notified(submission: Submission, desk: Desk): Promise<void> {
  const { reference, value } = submission
  if (reference?.of !== 'incident') return strangeForm(submission)
  await actOnForm(desk, submission, {
    incident: reference.incident,
    field: fields.identityCheck,
    command: (by) => ({
      type: 'RecordNotification',
      by,
      channel: value(fields.channel),
      identityCheck: value(fields.identityCheck),
      note: value(fields.note),
    }),
  })
}
