import type { SlackConfig } from '#/config.ts'
import { peopleOf } from '#/configuration/policy-file.ts'
import type { Governance } from '#/deciders/governance.ts'
import { digestOf } from '#/deciders/incidents.ts'
import { differencesOf } from '#/governance/policy-words.ts'
import { openChanges, type Rulebook } from '#/governance/state.ts'
import { changeName } from '#/governance/words.ts'
import { codeOf } from '#/incident/requests.ts'
import { utc } from '#/incident/times.ts'
import type { Policy } from '#/policy/policy.ts'
import { outOfReach } from '#/policy/reach.ts'
import type { Log } from '#/slack/log.ts'

/** How the rules are, for where the program says how it is; nothing while the configuration says what is in force and nobody waits. */
export function governanceLines(governance: Pick<Governance, 'offered' | 'pending'>): readonly string[] {
  const other = governance.offered()
  return [
    ...(other === undefined
      ? []
      : [
          `⚠️ The configuration says another policy (code ${codeOf(other.digest)}) than the one in force. It does not hold until two people have adopted it: \`/autentico policy\`.`,
        ]),
    ...governance
      .pending()
      .map(
        ({ id, change, expiresAt }) =>
          `🟡 ${id}, ${changeName(change)}, waits in the incident channel for approval until ${utc(expiresAt)}.`,
      ),
  ]
}

/**
 * Says at the start what is in force, how what is configured differs, and which rules nobody can satisfy with the lists of now: those are
 * configuration, and may have changed since the policy was adopted.
 */
export function sayGovernance(
  governance: Governance,
  {
    slack: { responders, approvers, userMap: accounts },
  }: { readonly slack: Pick<SlackConfig, 'responders' | 'approvers' | 'userMap'> },
  log: Pick<Log, 'info' | 'warn'>,
): void {
  const { policy, digest, seq } = governance.policy()
  log.info(
    { policy: codeOf(digest), entry: seq, keys: governance.keys().length },
    'requests are decided under this policy',
  )
  for (const { rule, what } of outOfReach(policy, peopleOf(policy, { responders, approvers, accounts })))
    log.warn({ rule }, `the policy in force ${what}`)
  const other = governance.offered()
  if (other === undefined) return
  const { differences } = other
  log.warn(
    { inForce: codeOf(digest), configured: codeOf(other.digest), differences },
    'the configuration says another policy: it does not hold until two people have adopted it with /autentico policy',
  )
}

/** What an operator is told of a ledger beside the configuration. */
export function policyFinding(
  { adopted, ...rulebook }: Rulebook,
  configured: Policy,
): { readonly ok: boolean; readonly sentence: string } {
  if (adopted === undefined) return { ok: true, sentence: 'The first start adopts the policy of the configuration.' }
  const code = codeOf(adopted.digest)
  const waiting = openChanges(rulebook).length
  if (adopted.digest === digestOf(configured))
    return {
      ok: true,
      sentence: `The policy in force (${code}) is that of the configuration; ${waiting} changes wait.`,
    }
  const differences = differencesOf(adopted.policy, configured)
  return {
    ok: false,
    sentence: `The configuration says another policy (${codeOf(digestOf(configured))}) than the one in force (${code}): ${differences.join('; ')}. It does not hold until two people have adopted it: /autentico policy.`,
  }
}
