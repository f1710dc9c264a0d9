import type { OpenedIncident } from '#/incident/state.ts'
import { fields, forms, type Reference, writeReference } from '../references.ts'
import { type Form, form, section, textField } from './blocks.ts'
import { lines, literal, type Mrkdwn, mrkdwn } from './text.ts'
import { incidentName } from './words.ts'

const consequences: readonly Mrkdwn[] = [
  literal(
    'Nothing more is changed in Autentico: what waits leaves the queue, and what runs halts before its next change.',
  ),
  literal('What is done already stays done. Two people are needed to let it go on.'),
]

/** Stopping one incident. One person is enough, so this form is the only thing between a press and the stop. */
export function stopForm(incident: OpenedIncident, reference: Reference): Form {
  return form({
    callback: forms.stop,
    title: 'Stop the work',
    submit: 'Stop now',
    metadata: writeReference(reference),
    blocks: [section(lines(mrkdwn`⛔ *Stop the work of ${incidentName(incident)}?*`, ...consequences)), reason],
  })
}

/** Stopping every open incident, and those that are opened until it is undone. */
export function stopAllForm(open: number): Form {
  const title = `⛔ *Stop the work of ${open === 1 ? 'the one open incident' : `all ${open} open incidents`}?*`
  return form({
    callback: forms.stopAll,
    title: 'Stop everything',
    submit: 'Stop everything',
    metadata: 'all',
    blocks: [
      section(lines(title as Mrkdwn, ...consequences, literal('What is opened meanwhile is stopped from the start.'))),
      reason,
    ],
  })
}

const reason = textField({
  id: fields.reason,
  label: 'Why',
  hint: 'The record and the threads will say it.',
  multiline: true,
  optional: true,
})
