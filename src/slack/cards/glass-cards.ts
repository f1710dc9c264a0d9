import type { Button } from '@slack/types'
import { type Glass } from '#/incident/glass-events.ts'
import { glassBroken, glassPending } from '#/incident/glass-state.ts'
import { requestName } from '#/incident/names.ts'
import type { OpenedIncident, Request } from '#/incident/state.ts'
import { fields, forms, presses, type Reference, writeReference } from '../references.ts'
import {
  button,
  type Form,
  form,
  linkButton,
  type Message,
  message,
  option,
  plain,
  row,
  section,
  sections,
  textField,
} from './blocks.ts'
import { filledInLines, requestTitle } from './request-words.ts'
import { at, clock, hour, line, lines, literal, type Mrkdwn, mention, minutes, mrkdwn } from './text.ts'
import { drillMark, incidentName } from './words.ts'

/** What is about to be done alone, and what was and nobody has reviewed. In words that nobody overlooks. */
export function glassLines(incident: OpenedIncident): readonly Mrkdwn[] {
  if (incident.status === 'closed') return []
  const pending = glassPending(incident).map(
    (glass) =>
      mrkdwn`🚨 *BREAK-GLASS:* ${nameOf(incident, glass)} is done ${clock(glass.dueAt, incident.openedAt)} on the word of ${mention(glass.by)} alone, unless an approver denies it`,
  )
  const unreviewed = glassBroken(incident).flatMap((glass) =>
    glass.review === undefined
      ? [
          mrkdwn`🚨 *DONE ALONE, NOT REVIEWED:* ${nameOf(incident, glass)} by ${mention(glass.by)} ${literal(hour(glass.brokenAt ?? glass.at, incident.openedAt))}`,
        ]
      : [],
  )
  return [...pending, ...unreviewed]
}

/**
 * For everybody else, each in a direct message: what is about to be done alone, by whom and when, and what they can do about it. The reason
 * stands at the request, where only those in the channel read it.
 */
export function glassNotice(incident: OpenedIncident, glass: Glass, link: string | undefined): Message {
  const said = lines(
    mrkdwn`🚨 *BREAK-GLASS* in ${drillMark(incident)}${incidentName(incident)}: ${nameOf(incident, glass)} is done ${clock(glass.dueAt, incident.openedAt)} on the word of ${at(glass.by)} alone.`,
    mrkdwn`Look at it now. Any approver stops it with “Deny…” at the request, or approves it in the ordinary way. If you can do neither, reach somebody who can.`,
  )
  const where = link === undefined ? [] : [linkButton('Go to the request', link, presses.link)]
  return message(said, [section(said), ...row(where)])
}

function nameOf(incident: OpenedIncident, { request }: Glass): Mrkdwn {
  const asked = incident.requests.get(request)
  return line(asked === undefined ? request : `“${requestName(asked, incident)}”`, 120)
}

/** For the message of a request: what is announced about it, or became of that. */
export function glassState(incident: OpenedIncident, { id, askedAt }: Request): Mrkdwn | undefined {
  const glass = incident.glass.get(id)
  if (glass === undefined) return undefined
  const why = mrkdwn`“${line(glass.reason, 600)}”`
  if (glass.brokenAt !== undefined) {
    const review = glass.review
    return lines(
      mrkdwn`🚨 *DONE ALONE* by ${at(glass.by)}, announced ${literal(hour(glass.at, askedAt))}: ${why}`,
      review === undefined
        ? mrkdwn`*Not reviewed yet.* The incident cannot be closed before another approver has.`
        : mrkdwn`Reviewed by ${at(review.by)}: *${verdictWords(review.verdict)}*. “${line(review.note, 600)}”`,
    )
  }
  if (glass.calledOff !== undefined) return mrkdwn`▫️ Not done alone: ${line(glass.calledOff.why, 300)}.`
  return glassPending(incident).some(({ request }) => request === id)
    ? lines(
        mrkdwn`🚨 *BREAK-GLASS:* done ${clock(glass.dueAt, askedAt)} on the word of ${mention(glass.by)} alone, unless an approver denies it.`,
        why,
      )
    : undefined
}

/** The review, while one is missing. */
export function reviewButton(incident: OpenedIncident): Button | undefined {
  const open = glassBroken(incident).find(({ review }) => review === undefined)
  if (open === undefined) return undefined
  return button('Review what was done alone…', presses.reviewGlass, about(incident, open.request), { style: 'danger' })
}

function about(incident: OpenedIncident, request: Request['id']): Reference {
  return { of: 'request', incident: incident.id, request }
}

/** For the summary: what was done alone, and what somebody else said of it. */
export function glassSummary(incident: OpenedIncident): readonly Mrkdwn[] {
  return glassBroken(incident).map((glass) => {
    const { review, by } = glass
    const said =
      review === undefined
        ? mrkdwn`*NOT REVIEWED*`
        : mrkdwn`reviewed by ${at(review.by)}: *${verdictWords(review.verdict)}*`
    return mrkdwn`🚨 *DONE ALONE* by ${at(by)}: ${nameOf(incident, glass)} · ${said}`
  })
}

function verdictWords(verdict: 'justified' | 'not-justified'): Mrkdwn {
  return literal(verdict === 'justified' ? 'justified' : 'NOT JUSTIFIED')
}

/** What is asked before something is announced to be done alone. */
export function breakGlassForm(
  incident: OpenedIncident,
  request: Request,
  { reference, delayMs }: { readonly reference: Reference; readonly delayMs: number },
): Form {
  return form({
    callback: forms.breakGlass,
    title: 'Break glass',
    submit: 'Announce it',
    metadata: writeReference(reference),
    blocks: [
      section(
        lines(
          mrkdwn`🚨 *${requestTitle(incident, request)}*`,
          mrkdwn`*This will:* ${line(request.shown?.effect.sentence ?? '', 600)}`,
          mrkdwn`Everybody on the lists is told now. It is done in ${literal(minutes(delayMs))} on your word alone, unless an approver denies it before.`,
          literal('The incident cannot be closed before somebody else has reviewed it.'),
        ),
      ),
      ...sections(filledInLines(incident, request)),
      ...(request.shown?.effect.confirmByTyping === undefined
        ? []
        : [
            textField({
              id: fields.typed,
              label: 'Type exactly what is asked for',
              hint: `Type: ${request.shown.effect.confirmByTyping}`,
              longest: 200,
            }),
          ]),
      textField({
        id: fields.reason,
        label: 'Why it cannot wait for a second person',
        hint: 'The record, the thread and the channel will say it.',
        multiline: true,
      }),
    ],
  })
}

/** What somebody else says of it afterwards. */
export function reviewGlassForm(incident: OpenedIncident, request: Request, reference: Reference): Form {
  const glass = incident.glass.get(request.id)
  return form({
    callback: forms.reviewGlass,
    title: 'Review',
    submit: 'Record it',
    metadata: writeReference(reference),
    blocks: [
      section(
        lines(
          mrkdwn`🚨 *${requestTitle(incident, request)}*`,
          mrkdwn`It was done alone by ${at(request.requester)}: “${line(glass?.reason ?? '', 600)}”`,
        ),
      ),
      {
        type: 'input',
        block_id: fields.verdict,
        label: plain('Did it have to be done alone?', 100),
        element: {
          type: 'radio_buttons',
          action_id: fields.verdict,
          options: [option('Yes, it was justified', 'justified'), option('No, it was not justified', 'not-justified')],
        },
      },
      textField({
        id: fields.note,
        label: 'What you looked at, and why you say so',
        hint: 'The record and the summary will say it.',
        multiline: true,
      }),
    ],
  })
}
