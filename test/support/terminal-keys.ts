import type { Governance } from '#/deciders/governance.ts'
import type { Standing } from '#/incident/people.ts'
import { makePersonalKey, type PersonalKey } from '#/terminal/personal-key.ts'
import { publicLine } from '#/terminal/public-key.ts'

/** Makes a key in a file without a passphrase, and has two people register it: its owner asks, another one approves. */
export function registeredKey(
  governance: Governance,
  { file, owner, second }: { readonly file: string; readonly owner: Standing; readonly second: Standing },
): PersonalKey {
  const key = makePersonalKey(file, undefined)
  const asked = governance.execute({ type: 'AskToRegister', by: owner, publicKey: publicLine(key.publicKey) })
  const change = governance.pending().at(-1)
  if (asked.kind === 'refused' || change === undefined)
    throw new Error(`nobody may register it: ${JSON.stringify(asked)}`)
  const { id, digest } = change
  const approved = governance.execute({ type: 'ApproveChange', by: second, change: id, digest })
  if (approved.kind === 'refused') throw new Error(approved.sentence)
  return key
}
