import type { Button } from '@slack/types'
import type { Offered } from '#/governance/decide.ts'
import { policyLines } from '#/governance/policy-words.ts'
import type { Adopted, RegisteredKey, RequestedChange } from '#/governance/state.ts'
import { changeName, standOf } from '#/governance/words.ts'
import { codeOf } from '#/incident/requests.ts'
import { limits } from '../limits.ts'
import { fields, forms, presses } from '../references.ts'
import {
  type Blocks,
  confirm,
  context,
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
import { clock, code, line, lines, literal, type Mrkdwn, mention, minute, mrkdwn } from './text.ts'

/** `/autentico policy`: what is in force, in words, and how what the configuration says differs from it. */
export function policyMessage({
  adopted,
  offered,
  pending,
}: {
  readonly adopted: Adopted
  readonly offered: Offered | undefined
  readonly pending: readonly RequestedChange[]
}): Message {
  const origin = adopted.change === undefined ? 'by the first start' : `by ${adopted.change}`
  const title = mrkdwn`*The policy in force*   code \`${literal(codeOf(adopted.digest))}\` · since ${literal(minute(adopted.at))}, ${literal(origin)}, entry ${adopted.seq}`
  const rules = [...bullets(policyLines(adopted.policy)), literal(always)]
  const file =
    offered === undefined
      ? [literal('The configuration says the same.')]
      : [
          mrkdwn`⚠️ *The configuration says something else*   code \`${literal(codeOf(offered.digest))}\`. It does not hold until two people have adopted it:`,
          ...bullets(offered.differences),
        ]
  const isAsked = pending.some(({ change }) => change.kind === 'policy' && change.digest === offered?.digest)
  const adopt = offered === undefined || isAsked ? [] : row([adoptButton(offered)])
  const open = waiting(pending)
  return message(lines(title, ...rules, ...file, ...open), [
    section(title),
    ...sections(rules),
    ...sections(file),
    ...adopt,
    ...sections(open),
  ])
}

/** What no policy can allow. */
const always =
  'Whatever the rules say: nobody approves what they asked for themselves, what is about their own account, or the same request twice, under whatever Slack account.'

/** `/autentico key`: how to get one, those that count, and taking them away. */
export function keysMessage({
  keys,
  pending,
}: {
  readonly keys: readonly RegisteredKey[]
  readonly pending: readonly RequestedChange[]
}): Message {
  const title = mrkdwn`*Terminal keys*: with one, a person acts from a terminal, also when Slack is down.`
  const how = mrkdwn`To get one, run \`responder key make\` in your terminal, press the button and paste the line that it prints. Somebody else approves it in the channel.`
  const none = keys.length === 0 ? [literal('No key counts now.')] : []
  const listed = keys.slice(0, mostKeys).map((key) => ({ key, text: keyLine(key) }))
  const rest = keys.length - listed.length
  const more = rest > 0 ? [mrkdwn`and ${rest} more`] : []
  const open = waiting(pending)
  const rows: Blocks = listed.flatMap(
    ({ key, text }): Blocks => [{ ...section(text), accessory: revokeButton(key) } as Blocks[number]],
  )
  return message(lines(title, how, ...none, ...listed.map(({ text }) => text), ...more, ...open), [
    section(title),
    section(how),
    ...row([pressable('Register a key…', presses.registerKey, 'new', { style: 'primary' })]),
    ...sections(none),
    ...rows,
    ...(more.length === 0 ? [] : [context(...more)]),
    ...sections(open),
  ])
}

export function registerKeyForm(): Form {
  return form({
    callback: forms.registerKey,
    title: 'Register a key',
    submit: 'Ask for it',
    blocks: [
      section(
        mrkdwn`Run \`responder key make\` in your terminal. It keeps the private key there and prints the public one.`,
      ),
      textField({
        id: fields.publicKey,
        label: 'The public key',
        hint: 'The line that the command printed. Never paste a private key.',
        multiline: true,
        longest: 1000,
      }),
    ],
  })
}

/** Most keys with a button of their own: a message takes 50 blocks. */
const mostKeys = 30

function keyLine({ person, fingerprint, registeredAt }: RegisteredKey): Mrkdwn {
  return mrkdwn`${mention(person)} ${code(fingerprint)} since ${literal(minute(registeredAt))}`
}

function waiting(pending: readonly RequestedChange[]): readonly Mrkdwn[] {
  return pending.slice(0, 10).map((change) => {
    const { id, expiresAt, requestedAt } = change
    return mrkdwn`🟡 ${literal(id)} · ${line(changeName(change.change), 120)} waits until ${clock(expiresAt, requestedAt)} · ${line(standOf(change), 200)}`
  })
}

function bullets(texts: readonly string[]): readonly Mrkdwn[] {
  return texts.map((text) => mrkdwn`• ${line(text, 400)}`)
}

function adoptButton({ digest }: Offered): Button {
  return pressable('Ask to adopt', presses.adoptPolicy, digest, { style: 'primary' })
}

function revokeButton({ fingerprint, person }: RegisteredKey): Button {
  return pressable('Revoke', presses.revokeKey, fingerprint, {
    style: 'danger',
    confirm: confirm({
      title: 'Revoke this key?',
      text: `The key of @${person.name}. Your own goes at once; somebody else’s when a second person has approved. It cannot be registered again.`,
      yes: 'Revoke',
      danger: true,
    }),
  })
}

function pressable(words: string, action: string, value: string, extra: Partial<Button> = {}): Button {
  return {
    type: 'button',
    text: plain(words, limits.buttonText),
    action_id: action,
    value,
    ...extra,
  }
}
