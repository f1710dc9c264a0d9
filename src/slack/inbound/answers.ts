import { z } from 'zod'
import { whyNotTakePart, whyUnread } from '#/incident/approval.ts'
import type { PersonCommand } from '#/incident/commands.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { Standing } from '#/incident/people.ts'
import { refusalSentence } from '#/incident/refusals.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import type { Form } from '../cards/blocks.ts'
import { answerForm } from '../cards/forms.ts'
import { saying } from '../cards/lists.ts'
import { sentence } from '../cards/text.ts'
import type { Executed } from '../door.ts'
import type { Reference } from '../references.ts'
import type { Asked, Desk, Press, Submission } from './desk.ts'

/** Tells the person in private. */
export async function tell(desk: Desk, { user, where }: Asked, text: string): Promise<void> {
  await desk.outbound.replyPrivately(user, where, saying(sentence(text)))
}

/** The incident that a press is about; the person is told when there is none. */
export async function incidentOf(
  desk: Desk,
  press: Asked,
  reference: Reference | undefined,
): Promise<OpenedIncident | undefined> {
  const incident = reference === undefined ? undefined : desk.door.incident(reference.incident)
  if (incident !== undefined) return incident
  await press.ack()
  await tell(
    desk,
    press,
    reference === undefined
      ? 'This button is not one of ours, or was made by an earlier version. Nothing was done. Use the buttons on the card of the incident.'
      : refusalSentence({ code: 'no_such_incident', about: { what: reference.incident } }),
  )
  return undefined
}

/**
 * Looks up who pressed, decides and records, and only then acknowledges: a press that Slack was told is in was recorded. A
 * refusal is told in private.
 */
export async function act(
  desk: Desk,
  press: Press,
  of: { readonly incident: IncidentId; readonly command: (by: Standing) => PersonCommand | Promise<PersonCommand> },
): Promise<Executed> {
  const by = await desk.roster.standing(press.user)
  const executed = desk.door.execute(of.incident, await of.command(by))
  await press.ack()
  if (executed.kind === 'refused') await tell(desk, press, executed.sentence)
  return executed
}

/** The same for a form: a refusal stands under its main field, and the form stays as it was. */
export async function actOnForm(
  desk: Desk,
  submission: Submission,
  of: {
    readonly incident: IncidentId
    readonly field: string
    readonly command: (by: Standing) => PersonCommand | Promise<PersonCommand>
  },
): Promise<Executed> {
  const by = await desk.roster.standing(submission.user)
  const executed = desk.door.execute(of.incident, await of.command(by))
  await submission.answer(
    executed.kind === 'accepted' ? { kind: 'close' } : { kind: 'errors', errors: { [of.field]: executed.sentence } },
  )
  return executed
}

/** Why somebody may not look: only people of the lists may, and never the target. */
export function whyNotRead(standing: Standing, incident?: OpenedIncident): string | undefined {
  const refusal = whyNotTakePart(standing, incident?.target)
  if (refusal !== undefined) return refusalSentence(refusal)
  const { groups, unread = [] } = standing
  return groups.length > 0
    ? undefined
    : refusalSentence(whyUnread(standing, unread) ?? { code: 'not_a_responder', about: {} })
}

const opened = z.object({ view: z.object({ id: z.string(), hash: z.string().optional() }) })
export type OpenedView = z.infer<typeof opened>['view']

/** Opens a form at once, while the trigger is good. When Slack does not, the person is told to press again. */
export async function openForm(desk: Desk, press: Asked, form: Form): Promise<OpenedView | undefined> {
  try {
    return opened.parse(await desk.call('views.open', { trigger_id: press.trigger, view: form })).view
  } catch (error) {
    desk.log.warn({ why: error instanceof Error ? error.message : 'unknown' }, 'a form could not be opened')
    await press.ack()
    await tell(desk, press, 'Slack did not open the form in time. Nothing was changed. Press again.')
    return undefined
  }
}

/** Puts other content into an open form. The hash keeps an older content from replacing a newer one. */
export async function updateForm(desk: Desk, view: OpenedView, form: Form): Promise<boolean> {
  try {
    await desk.call('views.update', {
      view_id: view.id,
      view: form,
      ...(view.hash === undefined ? {} : { hash: view.hash }),
    })
    return true
  } catch (error) {
    // Closed by the person meanwhile, most likely.
    desk.log.warn({ why: error instanceof Error ? error.message : 'unknown' }, 'a form could not be updated')
    return false
  }
}

/** Opens a form about a reference: acknowledged first, since opening needs no decision. */
export async function showForm(
  desk: Desk,
  press: Press,
  form: (incident: OpenedIncident, reference: Reference) => Form | string,
): Promise<void> {
  const { reference } = press
  const incident = await incidentOf(desk, press, reference)
  if (incident === undefined || reference === undefined) return
  const shown = form(incident, reference)
  if (typeof shown === 'string') {
    await press.ack()
    await tell(desk, press, shown)
    return
  }
  await Promise.all([press.ack(), openForm(desk, press, shown)])
}

/** What is said when a form came back without what it was sent with. */
export async function strangeForm(submission: Submission): Promise<void> {
  await submission.answer({
    kind: 'form',
    form: noticeOf(
      'Not one of ours',
      'This form is not one of ours, or was made by an earlier version. Nothing was done.',
    ),
  })
}

export function noticeOf(title: string, text: string): Form {
  return answerForm(title, [sentence(text)], [])
}
