import { incidentChannel } from '#/drill/cast.ts'
import { until } from '#/drill/crew.ts'
import type { LocalSlack } from '#/drill/slack/local-slack.ts'
import { expectThreadToAgree } from '../../flows/machine/machine.ts'
import type { Case } from '../../support/incident-flow.ts'
import type { Run } from '../harness/fault.ts'

/** An incident whose first step waits for an approval, and whose thread is as the ledger has it. */
export async function askedAndShown(run: Run): Promise<Case> {
  const incident = await run.asked()
  await expectThreadToAgree(run.world.stage, incident)
  return incident
}

/** Waits until so many Socket Mode connections are open. */
export async function connections(slack: LocalSlack, count: number, limitMs?: number): Promise<void> {
  await until(() => (slack.connections() === count ? true : undefined), `${count} connections`, limitMs)
}

/** The user id of the app's own member in the workspace. */
export function botOf(slack: LocalSlack): string {
  return slack.app.user
}

/** The channel's messages that stand in no thread: the cards. */
export function cardsIn(slack: LocalSlack, incident: Case, channel: string = incidentChannel.id): readonly string[] {
  const marked = `"autentico_card","event_payload":{"incident":"${incident.id}"}`
  return (slack.state().channels.find(({ id }) => id === channel)?.messages ?? [])
    .filter(({ metadata }) => JSON.stringify(metadata ?? {}).includes(marked))
    .map(({ ts }) => ts)
}
