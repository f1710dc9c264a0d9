import type { GovernanceCommand } from '#/governance/commands.ts'
import { decideChange } from '#/governance/decide.ts'
import type { ChangeId } from '#/governance/events.ts'
import { differencesOf } from '#/governance/policy-words.ts'
import {
  activeKeys,
  applyChange,
  emptyRulebook,
  openChanges,
  type RequestedChange,
  type Rulebook,
} from '#/governance/state.ts'
import { type Policy, standardPolicy } from '#/policy/policy.ts'
import type { Message } from '#/slack/cards/blocks.ts'
import { approveChangeForm, changeMessage, denyChangeForm } from '#/slack/cards/change-message.ts'
import { keysMessage, policyMessage, registerKeyForm } from '#/slack/cards/rules-messages.ts'
import { digestOf } from './given.ts'
import { minute, standing, start } from './stories.ts'

/** What people see of the rules themselves. */

const plain = standardPolicy({ ttlMs: 30 * 60_000 })
const strict: Policy = {
  ...plain,
  groups: { security: ['S0SECURITY'] },
  rules: { 'restore-access': { ...plain.standard, approvals: 2, including: 'security', reason: true } },
}
const fingerprint = 'SHA256:8WQGe3mPzQbVd0fJkq5pJc1m3nNq0n0Q4G2XbT7rZzE'

type Done = (rulebook: Rulebook) => GovernanceCommand

/** The rules after these commands, a minute apart; the program was started with `configured` behind the first. */
function rules(first: Policy, configured: Policy, ...done: readonly Done[]): Rulebook {
  const adopts: Done = () => ({ type: 'AdoptFirst' })
  return [adopts, ...done].reduce<Rulebook>((rulebook, command, index) => {
    const policy = index === 0 ? first : configured
    const now = minute(index)
    const asked = command(rulebook)
    const decision = decideChange(rulebook, asked, {
      now,
      configured: { policy, digest: digestOf(policy), differences: differencesOf(first, policy) },
      targets: [],
      isUsed: () => false,
      patient: undefined,
      readKey: () => ({ kind: 'key', publicKey: 'MCowBQ', fingerprint }),
      digestOf,
      outlived: () => false,
      later: (at, ms) => new Date(Date.parse(at) + ms).toISOString(),
    })
    if (decision.kind === 'refused') throw new Error(decision.sentence)
    const actor = 'by' in asked ? asked.by.person : { program: 'autentico' }
    return decision.events.reduce(
      (next, event) => applyChange(next, { seq: next.lastSeq + 1, at: now, actor, hash: '', event }),
      rulebook,
    )
  }, emptyRulebook)
}

const id = 'CHG-1' as ChangeId
const adopts: Done = () => ({ type: 'AskToAdopt', by: standing('ana'), digest: digestOf(strict) })
const loosens: Done = () => ({ type: 'AskToAdopt', by: standing('ana'), digest: digestOf(plain) })
const registers: Done = () => ({ type: 'AskToRegister', by: standing('ana'), publicKey: '' })
const approves =
  (who: 'bao' | 'chi', groups: readonly string[] = ['approvers']): Done =>
  ({ changes }) => ({
    type: 'ApproveChange',
    by: standing(who, { groups }),
    change: id,
    digest: changes.get(id)?.digest ?? '',
    reason: 'Agreed in the review',
  })
const denies: Done = () => ({ type: 'DenyChange', by: standing('bao'), change: id, reason: 'Not during an incident' })
const expires: Done = () => ({ type: 'ExpireChanges' })

function first({ changes }: Rulebook): RequestedChange {
  const change = changes.get(id)
  if (change === undefined) throw new Error('nothing was asked for')
  return change
}

const shown = (rulebook: Rulebook): Message => changeMessage(first(rulebook), { drill: false })
const asked = rules(plain, strict, adopts)
const loosening = rules(strict, plain, loosens)
const keyAsked = rules(plain, plain, registers)
const keyed = rules(plain, plain, registers, approves('bao'))

export const rulesMessages: readonly (readonly [string, Message])[] = [
  ['Another policy is asked for', shown(asked)],
  ['Another policy is in force', shown(rules(plain, strict, adopts, approves('bao')))],
  ['A strict rule would be loosened', shown(loosening)],
  ['A strict rule would be loosened, one of two has approved', shown(rules(strict, plain, loosens, approves('bao')))],
  ['Another policy is denied', shown(rules(plain, strict, adopts, denies))],
  [
    'Another policy nobody decided about',
    shown(rules(plain, strict, adopts, ...Array.from({ length: 30 }, () => expires))),
  ],
  ['A terminal key is asked for', shown(keyAsked)],
  ['A terminal key counts', shown(keyed)],
]

export const rulesForOne: readonly (readonly [string, object])[] = [
  ['/autentico policy', policyOf(rules(strict, strict), undefined)],
  [
    '/autentico policy, when the configuration says something else',
    policyOf(rules(plain, strict), {
      policy: strict,
      digest: digestOf(strict),
      differences: differencesOf(plain, strict),
    }),
  ],
  ['Approve… (where a reason is wanted)', approveChangeForm(first(loosening))],
  ['Deny CHG-1…', denyChangeForm(first(asked))],
  ['/autentico key, nobody has one', keysMessage({ keys: [], pending: openChanges(keyAsked) })],
  ['/autentico key', keysMessage({ keys: activeKeys(keyed), pending: [] })],
  ['Register a key…', registerKeyForm()],
]

function policyOf(rulebook: Rulebook, offered: Parameters<typeof policyMessage>[0]['offered']): Message {
  const { adopted = { policy: plain, digest: '', at: start, seq: 0 } } = rulebook
  return policyMessage({ adopted, offered, pending: openChanges(rulebook) })
}
