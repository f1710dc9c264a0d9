import type { Logger } from 'pino'
import type { SlackConfig } from '#/config.ts'
import { type Incidents, later } from '#/deciders/incidents.ts'
import { remind } from '#/followers/reminder.ts'
import type { Policy } from '#/policy/policy.ts'
import type { Slack } from '#/slack/start-slack.ts'
import { every } from './every.ts'

const remindEveryMs = 1_000

/** Speaks of what waits for people. Who they are is asked of Slack only when something is due. */
export function startReminding({
  incidents,
  slack,
  config,
  policy,
  log,
  now,
}: {
  readonly incidents: Pick<Incidents, 'open' | 'execute'>
  readonly slack: Pick<Slack, 'roster'>
  readonly config: Pick<SlackConfig, 'responders' | 'approvers'>
  /** The one in force. */
  readonly policy: () => Policy
  readonly log: Logger
  readonly now: () => Date
}): AsyncDisposable {
  const { responders, approvers } = config
  const reminding = async (): Promise<void> =>
    remind({
      open: () => incidents.open(),
      able: async (incident, request) => slack.roster.approversOf(incident, request),
      members: async (group) => slack.roster.members({ responders, approvers, ...policy().groups }[group] ?? []),
      execute: (id, command) => void incidents.execute(id, command),
      around: () => ({ now: now().toISOString(), later, policy: policy() }),
    })
  return every(remindEveryMs, log, reminding)
}
