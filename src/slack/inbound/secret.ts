import { secretForm } from '../cards/forms.ts'
import { incidentOf, noticeOf, openForm, tell, updateForm } from './answers.ts'
import type { Desk, Press } from './desk.ts'

/**
 * Shows the temporary password once. The form is opened first, empty: the trigger lives three seconds, and a password that
 * was unsealed with nowhere to show it would be lost. Then it is recorded, taken out and destroyed, and then put into the form.
 */
export async function showSecret(press: Press, desk: Desk): Promise<void> {
  const reference = press.reference?.of === 'order' ? press.reference : undefined
  const incident = await incidentOf(desk, press, reference)
  if (incident === undefined || reference === undefined) return
  const view = await openForm(desk, press, noticeOf('Temporary password', 'Checking that it is for you…'))
  if (view === undefined) return

  const by = await desk.roster.standing(press.user)
  const executed = desk.door.execute(incident.id, { type: 'ShowSecret', by, order: reference.order })
  // In the same breath: once it is on record that it was shown, what is left of it anywhere is destroyed.
  const secret = executed.kind === 'refused' ? undefined : desk.door.takeSecret(incident.id, reference.order)
  await press.ack()
  if (executed.kind === 'refused') {
    await updateForm(desk, view, noticeOf('Temporary password', executed.sentence))
    return
  }
  if (typeof secret !== 'string') {
    const sentence = `${secret?.why ?? 'It is gone.'} Ask for “restore access” again to make a new one.`
    await updateForm(desk, view, noticeOf('Temporary password', sentence))
    return
  }
  const form = secretForm(incident, secret)
  // Twice, since it can be taken out only once.
  if ((await updateForm(desk, view, form)) || (await updateForm(desk, { id: view.id }, form))) return
  await tell(
    desk,
    press,
    'Slack did not show the temporary password, and it is destroyed now. Ask for “restore access” again to make a new one.',
  )
}
