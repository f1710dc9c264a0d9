import type { KnownBlock } from '@slack/types'
import { type Severity, severities } from '#/incident/events.ts'
import { type Quorum, quorumWords } from '#/incident/quorum.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import type { Playbook } from '#/playbook/playbook.ts'
import { fields, forms, writeReference } from '../references.ts'
import { type Blocks, context, type Form, form, option, plain, textField } from './blocks.ts'
import { awareSince } from './legal-clock.ts'
import { lines, literal, type Mrkdwn, mrkdwn } from './text.ts'
import { drillMark, incidentName } from './words.ts'

/** What can be opened. `from`: the incident that the new one follows from; what its playbook names comes first then. */
export type Offer = { readonly playbooks: readonly Playbook[]; readonly from?: OpenedIncident | undefined }

/** What has been filled into the opening form, for showing it again. */
export type OpeningValues = {
  readonly playbook?: string
  /** The option that was picked, or the bare text that the command named. */
  readonly target?: { readonly text: string; readonly value: string }
  readonly severity?: Severity
  readonly summary?: string
}

/** The playbook that the form shows at first. */
export function chosenPlaybook(offer: Offer, { playbook }: OpeningValues): Playbook | undefined {
  const all = inOrder(offer)
  return all.find(({ id }) => id === playbook) ?? all[0]
}

/**
 * The opening form. It has the fields that the chosen playbook needs, and is drawn anew when another is chosen. `lineUp` is said below
 * them: where the thread will be, and who can approve.
 */
export function openingForm(offer: Offer, values: OpeningValues, lineUp: readonly Mrkdwn[]): Form {
  const { from } = offer
  const chosen = chosenPlaybook(offer, values)
  return form({
    callback: forms.open,
    title: 'Open an incident',
    submit: 'Open',
    ...(from === undefined ? {} : { metadata: writeReference({ of: 'incident', incident: from.id }) }),
    blocks: [
      ...(from === undefined
        ? []
        : [context(mrkdwn`It follows from ${incidentName(from)}. Each will name the other.`)]),
      playbookField(offer, chosen),
      ...targetPart(chosen, values),
      severityField(values.severity ?? 'sev2'),
      ...(chosen?.legalClock === undefined ? [] : [awareField]),
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

/** Those that may have to follow first, in the order in which the playbook names them. */
function inOrder({ playbooks, from }: Offer): readonly Playbook[] {
  const first = (from?.playbook.followUps ?? []).flatMap((id) => playbooks.find((one) => one.id === id) ?? [])
  return [...first, ...playbooks.filter((one) => !first.includes(one))]
}

function playbookField(offer: Offer, chosen: Playbook | undefined): KnownBlock {
  const options = inOrder(offer).map(({ id, title }) => option(title, id))
  const initial = options.find(({ value }) => value === chosen?.id)
  return {
    type: 'input',
    block_id: fields.playbook,
    label: plain('Playbook', 100),
    // The other fields depend on it.
    dispatch_action: true,
    element: {
      type: 'static_select',
      action_id: fields.playbook,
      options,
      ...(initial === undefined ? {} : { initial_option: initial }),
    },
  }
}

/** The account. A playbook about Autentico as a whole has none; a name that was given all the same is shown, to be taken out. */
function targetPart(chosen: Playbook | undefined, { target }: OpeningValues): Blocks {
  const isWhole = chosen?.target === 'instance'
  if (isWhole && target === undefined)
    return [context(mrkdwn`It is about Autentico as a whole, so there is no account to choose.`)]
  return [
    {
      type: 'input',
      block_id: fields.target,
      label: plain('Target', 100),
      optional: isWhole,
      hint: plain(
        isWhole
          ? 'This playbook is about Autentico as a whole: leave it empty.'
          : 'The account in Autentico. Type a part of its name or address.',
        200,
      ),
      element: {
        type: 'external_select',
        action_id: fields.target,
        min_query_length: 1,
        placeholder: plain('Username or e-mail address', 100),
        ...(target === undefined ? {} : { initial_option: option(target.text, target.value) }),
      },
    },
  ]
}

const awareField: KnownBlock = textField({
  id: awareSince.id,
  label: awareSince.label,
  optional: true,
  longest: 40,
  placeholder: '2026-11-23 03:12',
  ...(awareSince.hint === undefined ? {} : { hint: awareSince.hint }),
})

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
  sev2: 'An account or a secret is very likely taken',
  sev3: 'A suspicion to be ruled out',
} as const

/** What Slack says of the incident channel. */
export type ChannelFacts = { readonly isPrivate: boolean; readonly members?: number }

/** Below the fields of the opening form. `counted` undefined: not counted yet. */
export function openingLineUp(
  { channel, drill }: { readonly channel: string; readonly drill: boolean },
  counted?: { readonly quorum: Quorum; readonly about: ChannelFacts | undefined },
): readonly Mrkdwn[] {
  return [
    mrkdwn`${drillMark({ drill })}The thread will be in ${channelMark(channel)}${readers(counted?.about)}.`,
    literal(counted === undefined ? 'Counting who can approve besides you…' : quorumWords(counted.quorum, 'you')),
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
