import type { Ledger } from '#/ledger/ledger.ts'
import { orDamaged } from '#/ledger/schema.ts'
import { createGovernance, type Governance } from './governance.ts'
import { createIncidents, type Incidents, type Rules } from './incidents.ts'

/** Everything that says yes or no, over one ledger. */
export type Deciders = { readonly governance: Governance; readonly incidents: Incidents; readonly rules: Rules }

/**
 * The rules and the incidents as the ledger has them, for whoever holds it: the bot, or somebody at a terminal while there is none. Incidents
 * are decided under the policy in force, whatever is configured. Throws LedgerDamaged where they cannot be read.
 */
export function createDeciders({
  ledger,
  file,
  config,
  now,
}: {
  readonly ledger: Ledger
  readonly file: string
  readonly config: Rules
  readonly now: () => Date
}): Deciders {
  const { policy: configured, sweepDelayMs, legalDeadlineMs } = config
  const governance = orDamaged(file, () => createGovernance({ ledger, configured, open: () => incidents.open(), now }))
  const rules: Rules = {
    get policy() {
      return governance.policy().policy
    },
    sweepDelayMs,
    legalDeadlineMs,
  }
  const incidents: Incidents = orDamaged(file, () => createIncidents({ ledger, rules, now }))
  return { governance, incidents, rules }
}
