import type { KnownBlock } from '@slack/types'
import { type Severity, severities } from '#/incident/events.ts'
import type { Playbook } from '#/playbook/playbook.ts'
import { fields, forms } from '../references.ts'
import { context, type Form, form, option, plain, textField } from './blocks.ts'
import { lines, literal, type Mrkdwn, mrkdwn } from './text.ts'
import { drillMark } from './words.ts'

/** What has been filled into the opening form, for showing it again. */
export type OpeningValues = {
  readonly playbook?: string
  /** The option that was picked, or the bare text that the command named. */
  readonly target?: { readonly text: string; readonly value: string }
  readonly severity?: Severity
  readonly summary?: string
}

/** The opening form. `lineUp` is said below the fields: where the thread will be, and who can approve. */
export function openingForm(playbooks: readonly Playbook[], values: OpeningValues, lineUp: readonly Mrkdwn[]): Form {
  const options = playbooks.slice(0, 100).map(({ id, title }) => option(title, id))
  const chosen = options.find(({ value }) => value === values.playbook) ?? options[0]
  return form({
    callback: forms.open,
    title: 'Open an incident',
    submit: 'Open',
    blocks: [
      {
        type: 'input',
        block_id: fields.playbook,
        label: plain('Playbook', 100),
        element: {
          type: 'static_select',
          action_id: fields.playbook,
          options,
          ...(chosen === undefined ? {} : { initial_option: chosen }),
        },
      },
      {
        type: 'input',
        block_id: fields.target,
        label: plain('Target', 100),
        hint: plain('The account in Autentico. Type a part of its name or address.', 200),
        element: {
          type: 'external_select',
          action_id: fields.target,
          min_query_length: 1,
          placeholder: plain('Username or e-mail address', 100),
          ...(values.target === undefined ? {} : { initial_option: option(values.target.text, values.target.value) }),
        },
      },
      severityField(values.severity ?? 'sev2'),
      textField({
        id: fields.summary,
        label: 'What happened',
        placeholder: 'Login from two countries, 03:12',
        multiline: true,
        optional: true,
        ...(values.summary === undefined ? {} : { value: values.summary }),
      }),
      context(lines(...lineUp)),
    ],
  })
}

function severityField(initial: Severity): KnownBlock {
  const options = severities.map((severity) => option(severity.toUpperCase(), severity, severityWords[severity]))
  const chosen = options.find(({ value }) => value === initial)
  return {
    type: 'input',
    block_id: fields.severity,
    label: plain('Severity', 100),
    element: {
      type: 'radio_buttons',
      action_id: fields.severity,
      options,
      ...(chosen === undefined ? {} : { initial_option: chosen }),
    },
  }
}

const severityWords = {
  sev1: 'The attacker is acting now, or an administrator is hit',
  sev2: 'An account is very likely taken over',
  sev3: 'A suspicion to be ruled out',
} as const

/** What Slack says of the incident channel. */
export type ChannelFacts = { readonly isPrivate: boolean; readonly members?: number }

/** Below the fields of the opening form. `counted` undefined: not counted yet. */
export function openingLineUp(
  { channel, drill }: { readonly channel: string; readonly drill: boolean },
  counted?: { readonly able: number; readonly about: ChannelFacts | undefined },
): readonly Mrkdwn[] {
  const able = counted?.able
  return [
    mrkdwn`${drillMark({ drill })}The thread will be in ${channelMark(channel)}${readers(counted?.about)}.`,
    able === undefined
      ? literal('Counting who can approve besides you…')
      : literal(
          able === 0
            ? '⚠️ Nobody can approve besides you: steps can be asked for, but not run.'
            : `${able} ${able === 1 ? 'person' : 'people'} can approve besides you.`,
        ),
  ]
}

function readers(about: ChannelFacts | undefined): Mrkdwn {
  if (about === undefined) return literal('')
  const kind = about.isPrivate ? 'private' : '⚠️ public: everybody in the workspace can read it'
  return literal(about.members === undefined ? ` (${kind})` : ` (${kind}, ${about.members} members)`)
}

function channelMark(id: string): Mrkdwn {
  return /^[CG][A-Z0-9]{2,30}$/.test(id) ? (`<#${id}>` as Mrkdwn) : literal(id)
}
