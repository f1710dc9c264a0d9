import type { Logger } from 'pino'
import type { SlackConfig } from '#/config.ts'
import type { Governance } from '#/deciders/governance.ts'
import { type Incidents, later } from '#/deciders/incidents.ts'
import { remind, remindOfChanges } from '#/followers/reminder.ts'
import type { GroupName, Policy } from '#/policy/policy.ts'
import type { Slack } from '#/slack/start-slack.ts'
import { every } from './every.ts'

const remindEveryMs = 1_000

/** Speaks of what waits for people. Who they are is asked of Slack only when something is due. */
export function startReminding({
  incidents,
  governance,
  slack,
  config,
  log,
  now,
}: {
  readonly incidents: Pick<Incidents, 'open' | 'execute'>
  readonly governance: Pick<Governance, 'policy' | 'pending' | 'execute'>
  readonly slack: Pick<Slack, 'roster'>
  readonly config: Pick<SlackConfig, 'responders' | 'approvers'>
  readonly log: Logger
  readonly now: () => Date
}): AsyncDisposable {
  const { responders, approvers } = config
  const policy = (): Policy => governance.policy().policy
  const members = async (group: GroupName) =>
    slack.roster.members({ responders, approvers, ...policy().groups }[group] ?? [])
  const around = () => ({ now: now().toISOString(), later, policy: policy() })
  return every(remindEveryMs, log, async () => {
    await remind({
      open: () => incidents.open(),
      able: async (incident, request) => slack.roster.approversOf(incident, request),
      members,
      execute: (id, command) => void incidents.execute(id, command),
      around,
    })
    await remindOfChanges({
      pending: () => governance.pending(),
      able: async (change) => slack.roster.approversOfChange(change),
      members,
      execute: (command) => void governance.execute(command),
      around,
    })
  })
}
