import { z } from 'zod'
import type { OpenedIncident } from '#/incident/state.ts'
import { chooseIncidentForm, noteForm } from '../cards/forms.ts'
import { fields, type Reference, readIncidentId, readReference, writeReference } from '../references.ts'
import { unescaped } from '../thread-message.ts'
import { actOnForm, openForm, showForm, strangeForm, tell } from './answers.ts'
import type { Desk, Press, Shortcut, Submission } from './desk.ts'

export async function note(press: Press, desk: Desk): Promise<void> {
  await showForm(desk, press, (incident) => noteForm(incident, { of: 'incident', incident: incident.id }))
}

/** "Add to timeline" in the menu of a message: its text goes into the form, its address into the record. */
export async function addToTimeline(shortcut: Shortcut, desk: Desk): Promise<void> {
  const { message } = shortcut
  const open = desk.door.openIncidents()
  const [first] = open
  if (message === undefined || first === undefined) {
    await shortcut.ack()
    return tell(
      desk,
      shortcut,
      'No incident is open, so there is no timeline to add this to. To open one: `/autentico incident`',
    )
  }
  const { channel, ts } = message
  const text = unescaped(message.text)
  const incident = open.find((one) => isIn(one, message))
  const form =
    incident === undefined
      ? chooseIncidentForm(open, writeReference({ of: 'message', incident: first.id, channel, ts }), text)
      : noteForm(incident, { of: 'message', incident: incident.id, channel, ts }, text)
  await Promise.all([shortcut.ack(), openForm(desk, shortcut, form)])
}

function isIn({ thread }: OpenedIncident, message: NonNullable<Shortcut['message']>): boolean {
  return thread !== undefined && thread.channel === message.channel && (message.thread ?? message.ts) === thread.ts
}

export async function noted(submission: Submission, desk: Desk): Promise<void> {
  const { reference } = submission
  if (reference === undefined) return strangeForm(submission)
  await add(submission, desk, reference, reference.incident)
}

/** The same, where the incident was chosen in the form. */
export async function notedFromMessage(submission: Submission, desk: Desk): Promise<void> {
  const reference = readReference(submission.metadata)
  const incident = readIncidentId(submission.value(fields.incident))
  if (reference === undefined || incident === undefined) return strangeForm(submission)
  await add(submission, desk, reference, incident)
}

async function add(
  submission: Submission,
  desk: Desk,
  reference: Reference,
  incident: OpenedIncident['id'],
): Promise<void> {
  const link = reference.of === 'message' ? await permalink(desk, reference) : undefined
  await actOnForm(desk, submission, {
    incident,
    field: fields.note,
    command: (by) => ({
      type: 'AddNote',
      by,
      text: submission.value(fields.note),
      ...(link === undefined ? {} : { link }),
    }),
  })
}

/** The address of a message, from Slack or else put together. The note matters more than its link. */
async function permalink(
  desk: Desk,
  { channel, ts }: { readonly channel: string; readonly ts: string },
): Promise<string | undefined> {
  try {
    const answer = await desk.call('chat.getPermalink', { channel, message_ts: ts })
    return z.object({ permalink: z.string().max(500) }).parse(answer).permalink
  } catch {
    return desk.workspace.linkTo({ channel, ts })
  }
}
