import { type OpenedIncident, openRequests, type Request } from '#/incident/state.ts'
import { fields, forms, type Reference, writeReference } from '../references.ts'
import { type Blocks, boxed, context, type Form, form, option, plain, section, sections, textField } from './blocks.ts'
import { filledInLines, requestTitle } from './request-words.ts'
import { leftUnproven, stillOpen } from './summary-message.ts'
import { at, line, lines, literal, type Mrkdwn, mrkdwn, prose, visible } from './text.ts'

/** For what nobody may approve by habit: the approver types what is asked for, such as a username, or says why. */
export function approvalForm(incident: OpenedIncident, request: Request, reference: Reference): Form {
  const { effect, code, rule } = request.shown ?? { effect: undefined, code: '', rule: undefined }
  return form({
    callback: forms.approveByTyping,
    title: 'Approve?',
    submit: effect?.verb ?? 'Approve',
    metadata: writeReference(reference),
    blocks: [
      section(
        lines(
          mrkdwn`*${requestTitle(incident, request)}*   code \`${literal(code)}\``,
          mrkdwn`*This will:* ${line(effect?.sentence ?? '', 900)}`,
          ...(effect?.warnings ?? []).slice(0, 4).map((warning) => mrkdwn`⚠️ ${prose(warning, 300)}`),
          line(effect?.question ?? '', 600),
        ),
      ),
      ...sections(filledInLines(incident, request)),
      ...(effect?.confirmByTyping === undefined
        ? []
        : [
            textField({
              id: fields.typed,
              label: 'To approve, type exactly what is asked for',
              hint: `Type: ${effect.confirmByTyping}`,
              longest: 200,
            }),
          ]),
      ...(rule?.reason === true
        ? [
            textField({
              id: fields.reason,
              label: 'Why',
              hint: 'The policy asks for it. The record and the thread will say it.',
              multiline: true,
            }),
          ]
        : []),
    ],
  })
}

export function denyForm(incident: OpenedIncident, request: Request, reference: Reference): Form {
  return form({
    callback: forms.deny,
    title: 'Deny',
    submit: 'Deny',
    metadata: writeReference(reference),
    blocks: [
      section(
        lines(
          mrkdwn`*${requestTitle(incident, request)}*`,
          mrkdwn`*This would:* ${line(request.shown?.effect.sentence ?? '', 600)}`,
        ),
      ),
      ...sections(filledInLines(incident, request)),
      textField({
        id: fields.reason,
        label: 'Why not',
        hint: 'The record and the thread will say it. It can be asked for again.',
        multiline: true,
      }),
    ],
  })
}

/** The ways of reaching somebody that do not pass through the account in question. */
export const notificationChannels = [
  'phone call',
  'in person',
  'video call',
  'e-mail to another address',
  'letter',
  'through the manager',
] as const

export function notificationForm(incident: OpenedIncident, reference: Reference): Form {
  const who = incident.target.username
  return form({
    callback: forms.notify,
    title: 'The user was told',
    submit: 'Record',
    metadata: writeReference(reference),
    blocks: [
      section(
        lines(
          mrkdwn`Tell ${line(who, 60)} by a way that does not pass through the account.`,
          literal('What you write here goes on record. Keep secrets out of it.'),
        ),
      ),
      {
        type: 'input',
        block_id: fields.channel,
        label: plain('How', 100),
        element: {
          type: 'static_select',
          action_id: fields.channel,
          options: notificationChannels.map((channel) => option(channel, channel)),
        },
      },
      textField({
        id: fields.identityCheck,
        label: 'How identity was checked',
        placeholder: 'Employee number, known voice, badge',
        longest: 500,
      }),
      textField({ id: fields.note, label: 'Note', multiline: true, optional: true }),
    ],
  })
}

export function noteForm(incident: OpenedIncident, reference: Reference, text = ''): Form {
  return form({
    callback: forms.note,
    title: 'Add to the timeline',
    submit: 'Add',
    metadata: writeReference(reference),
    blocks: [
      context(
        mrkdwn`Goes into the record of ${literal(incident.id)} and cannot be taken back. Keep secrets out of it.`,
      ),
      textField({ id: fields.note, label: 'Note', multiline: true, value: text }),
    ],
  })
}

export function closeForm(incident: OpenedIncident, reference: Reference): Form {
  const requests = openRequests(incident).map(
    (request) => mrkdwn`🟡 ${requestTitle(incident, request)} waits for a decision`,
  )
  const { containedAt, secret } = incident
  const contained =
    containedAt === undefined ? literal('⚠️ This incident is not contained.') : literal('✅ Contained and proven.')
  const unseen =
    secret?.state === 'sealed'
      ? mrkdwn`⚠️ ${at(secret.holder)} has not seen the temporary password. Closing destroys it.`
      : undefined
  return form({
    callback: forms.close,
    title: `Close ${incident.id}`,
    submit: 'Close it',
    metadata: writeReference(reference),
    blocks: [
      section(
        lines(
          contained,
          mrkdwn`Not proven: ${leftUnproven(incident)} · Still open: ${stillOpen(incident)}`,
          unseen,
          ...requests,
        ),
      ),
      textField({
        id: fields.reason,
        label: 'Closing words',
        hint: 'What happened, and what is left to do. The summary will say it; afterwards nothing more can be done here.',
        multiline: true,
        optional: true,
      }),
    ],
  })
}

/** Shown to one person, once. The secret stands in plain text, where nothing is interpreted. */
export function secretForm(incident: OpenedIncident, secret: string): Form {
  return form({
    callback: forms.secret,
    title: 'Temporary password',
    blocks: [
      section(
        lines(
          mrkdwn`For ${line(incident.target.username, 60)}. It is shown this once.`,
          literal('The record says that you saw it.'),
          literal('Hand it over by voice or in person, not in Slack.'),
        ),
      ),
      boxed(secret),
    ],
  })
}

/** For a message shortcut outside an incident's thread: which incident it belongs to. */
export function chooseIncidentForm(open: readonly OpenedIncident[], metadata: string, text: string): Form {
  const options = open
    .slice(0, 100)
    .map(({ id, playbook, target }) => option(`${id} · ${playbook.shortTitle} · ${target.username}`, id))
  return form({
    callback: forms.noteFromMessage,
    title: 'Add to the timeline',
    submit: 'Add',
    metadata,
    blocks: [
      {
        type: 'input',
        block_id: fields.incident,
        label: plain('Incident', 100),
        element: { type: 'static_select', action_id: fields.incident, options },
      },
      textField({
        id: fields.note,
        label: 'Note',
        hint: 'It goes on record and cannot be taken back.',
        multiline: true,
        value: text,
      }),
    ],
  })
}

/** What a form is replaced by while its answer takes longer than Slack waits. */
export function workingForm(title: string): Form {
  return form({
    callback: 'working',
    title,
    blocks: [
      section(
        literal(
          'Working on it. This changes by itself; you can also close it, and the thread will show what came of it.',
        ),
      ),
    ],
  })
}

/** An answer in place of a form, with what was typed, so that nothing is lost. */
export function answerForm(title: string, said: readonly Mrkdwn[], typed: readonly string[]): Form {
  const kept = typed.filter((text) => text.trim() !== '').join('\n')
  const typedPart: Blocks = kept === '' ? [] : [section(literal('What you had typed:')), boxed(visible(kept))]
  return form({ callback: 'answer', title, blocks: [section(lines(...said)), ...typedPart] })
}
