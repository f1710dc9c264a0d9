import { actNamed } from '../slack/acts/by-name.ts'
import type { JsonObject } from '../slack/json.ts'
import type { LocalSlack } from '../slack/local-slack.ts'
import type { SlackActs } from './wire.ts'

/** What a window can ask for; a table, so that a new act of the wire is not forgotten here. */
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

export function isSlackAct(name: string): name is keyof SlackActs {
  return Object.hasOwn(offered, name)
}

/** Does it in Slack, as this person, and gives what Slack shows them. Throws, with the reason, what no person could do. */
export async function actInSlack(
  slack: LocalSlack,
  { handle, name, body }: { readonly handle: string; readonly name: keyof SlackActs; readonly body: JsonObject },
): Promise<object> {
  const act = actNamed(name)
  if (act === undefined) throw new Error(`nobody can do ${name} in the local Slack`)
  return (await act(slack.as(handle), body)) ?? { ok: true }
}
