import type { Button } from '@slack/types'
import type { ChangeRule } from '#/governance/events.ts'
import { needWords } from '#/governance/policy-words.ts'
import type { RequestedChange } from '#/governance/state.ts'
import { changeLines, changeName, endOf, standOf } from '#/governance/words.ts'
import { codeOf } from '#/incident/requests.ts'
import { writeChange } from '../change-references.ts'
import { limits } from '../limits.ts'
import { fields, forms, presses } from '../references.ts'
import {
  confirm,
  contexts,
  type Form,
  form,
  type Message,
  message,
  plain,
  row,
  section,
  sections,
  textField,
} from './blocks.ts'
import type { ToApprove } from './sign-in-form.ts'
import { clock, exactMoment, line, lines, literal, type Mrkdwn, mention, mrkdwn } from './text.ts'
import { drillMark } from './words.ts'

/** Most lines of what changes; the ledger has all of them. */
const mostLines = 40

/**
 * A change of the rules, as a message of its own in the channel. What is asked, what it changes, who decides until when, or what came
 * of it. Once it has ended the text stays and the buttons go.
 */
export function changeMessage(change: RequestedChange, { drill }: { readonly drill: boolean }): Message {
  const title = titleOf(change, drill)
  const code = mrkdwn`   code \`${literal(codeOf(change.digest))}\``
  const state = stateLine(change)
  const changes = linesOf(change)
  const origin = [
    mrkdwn`Asked by ${mention(change.requester)} · ${exactMoment(change.requestedAt)}`,
    mrkdwn`Decided under the policy with the code \`${literal(codeOf(change.policyDigest))}\`: ${literal(needed(change.rule))}`,
  ]
  return message(lines(mrkdwn`${title}${code}`, state, ...changes, ...origin), [
    section(lines(mrkdwn`*${title}*${code}`, state)),
    ...sections(changes),
    ...contexts(origin),
    ...row(buttonsOf(change)),
  ])
}

/** A key that its owner took away, or anything else of the rules that nobody asked for beforehand. */
export function changeNotice(text: string, { drill }: { readonly drill: boolean }): Message {
  const said = mrkdwn`${drillMark({ drill })}${line(text, 600)}`
  return message(said, [section(said)])
}

/** A change as the form says it in which somebody signs in to approve it. */
export function changeToApprove(change: RequestedChange): ToApprove {
  return {
    title: titleOf(change, false),
    code: codeOf(change.digest),
    effect: lines(...linesOf(change).slice(0, 15)),
    since: change.requestedAt,
  }
}

export function approveChangeForm(change: RequestedChange): Form {
  return form({
    callback: forms.approveChange,
    title: `Approve ${change.id}?`,
    submit: 'Approve',
    metadata: writeChange({ change: change.id, digest: change.digest }),
    blocks: [
      ...about(change),
      textField({
        id: fields.reason,
        label: 'Why',
        hint: 'The policy asks for it; the record will say it.',
        multiline: true,
      }),
    ],
  })
}

export function denyChangeForm(change: RequestedChange): Form {
  return form({
    callback: forms.denyChange,
    title: `Deny ${change.id}`,
    submit: 'Deny',
    metadata: writeChange({ change: change.id, digest: change.digest }),
    blocks: [
      ...about(change),
      textField({
        id: fields.reason,
        label: 'Why not',
        hint: 'The record and the channel will say it. It can be asked for again.',
        multiline: true,
      }),
    ],
  })
}

function about(change: RequestedChange): Message['blocks'] {
  return [
    section(mrkdwn`*${titleOf(change, false)}*   code \`${literal(codeOf(change.digest))}\``),
    ...sections(linesOf(change)),
  ]
}

function titleOf({ id, change }: RequestedChange, drill: boolean): Mrkdwn {
  return mrkdwn`${drillMark({ drill })}📜 ${literal(id)} · ${line(changeName(change), 120)}`
}

function linesOf({ change }: RequestedChange): readonly Mrkdwn[] {
  const all = changeLines(change).map((one) => mrkdwn`• ${line(one, 400)}`)
  const rest = all.length - mostLines
  return rest > 0 ? [...all.slice(0, mostLines), mrkdwn`and ${rest} more, in the ledger`] : all
}

const signs = { approved: '✅', denied: '🚫', withdrawn: '↩️', expired: '⌛' } as const

function stateLine(change: RequestedChange): Mrkdwn {
  const { ended, requester, expiresAt, requestedAt } = change
  return ended === undefined
    ? mrkdwn`🟡 *Waits for approval* by somebody other than ${mention(requester)} until ${clock(expiresAt, requestedAt)} · ${literal(standOf(change))}`
    : mrkdwn`${literal(signs[ended.kind])} ${line(endOf(change) ?? '', 800)}`
}

function needed({ needs, stepUp, reason }: ChangeRule): string {
  const whom = needs.map(needWords).join('; ')
  return `${whom}${reason ? ', with a reason' : ''}${stepUp ? ', after a fresh sign-in to Autentico' : ''}`
}

function buttonsOf(change: RequestedChange): readonly Button[] {
  if (change.ended !== undefined) return []
  const value = writeChange({ change: change.id, digest: change.digest })
  const pressable = (words: string, action: string, extra: Partial<Button> = {}): Button => ({
    type: 'button',
    text: plain(words, limits.buttonText),
    action_id: action,
    value,
    ...extra,
  })
  const approve = change.rule.reason
    ? pressable('Approve…', presses.approveChangeWhy, { style: 'primary' })
    : pressable('Approve', presses.approveChange, {
        style: 'primary',
        confirm: confirm({
          title: `Approve ${change.id} · code ${codeOf(change.digest)}?`,
          text: questionOf(change),
          yes: 'Approve',
          danger: true,
        }),
      })
  return [approve, pressable('Deny…', presses.denyChange), pressable('Withdraw', presses.withdrawChange)]
}

function questionOf({ change }: RequestedChange): string {
  switch (change.kind) {
    case 'policy':
      return 'Every request from now on is decided under this policy. Those that are open are asked again under it.'
    case 'register-key':
      return `Whoever has this key acts as @${change.person.name} from a terminal, also when Slack is down. Ask @${change.person.name} for the fingerprint by another way than Slack.`
    case 'revoke-key':
      return `@${change.owner.name} can do nothing more with this key. It cannot be registered again.`
  }
}
