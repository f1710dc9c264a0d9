import { actNamed } from '../slack/acts/by-name.ts'
import type { Seen } from '../slack/acts/seen.ts'
import { elementsOf } from '../slack/blocks.ts'
import type { JsonObject } from '../slack/json.ts'
import { text } from '../slack/json.ts'
import type { LocalSlack } from '../slack/local-slack.ts'
import type { Live } from './live.ts'
import type { SlackActs } from './wire.ts'

/** Whether a person at the page can do something of this name. What tests can do beyond that is not offered. */
export function isSlackAct(name: string): name is keyof SlackActs {
  return Object.hasOwn(offered, name)
}

/** Does it in Slack, as this person, and gives what Slack shows them. Throws, with the reason, what no person could do. */
export async function actInSlack(
  { slack, live }: { readonly slack: LocalSlack; readonly live: Pick<Live, 'justShown'> },
  { handle, name, body }: { readonly handle: string; readonly name: keyof SlackActs; readonly body: JsonObject },
): Promise<object> {
  const who = slack.as(handle)
  const shown = name === 'press' ? live.justShown(handle, text(body['channel']), text(body['ts'])) : []
  const before = shown.find((one) => offers(one, body))
  // Somebody pressed what changed under their finger: Slack hands that to the app all the same, and the app answers.
  const missed = before !== undefined && !who.sees().some((now) => isAt(now, before) && offers(now, body))
  const act = actNamed(missed ? 'pressStale' : name)
  if (act === undefined) throw new Error(`the local Slack does not know how to ${name}`)
  return (await act(who, missed ? { ...body, copy: before } : body)) ?? { ok: true }
}

const offered: Readonly<Record<keyof SlackActs, true>> = {
  command: true,
  press: true,
  type: true,
  submit: true,
  close: true,
  openHome: true,
  shortcut: true,
  messageShortcut: true,
  say: true,
  dismiss: true,
}

function isAt(one: Seen, other: Seen): boolean {
  return one.channel === other.channel && one.ts === other.ts
}

/** Whether what is to be pressed stands on this message. */
function offers({ blocks }: Seen, { action, blockId, value }: JsonObject): boolean {
  return blocks
    .filter((block) => blockId === undefined || block['block_id'] === blockId)
    .flatMap(elementsOf)
    .some((element) => element['action_id'] === action && (value === undefined || element['value'] === value))
}
