import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { until } from '#/drill/crew.ts'
import { fault } from '../harness/fault.ts'
import { askedAndShown, connections } from './slack-trouble.ts'

fault({
  id: 'F17',
  title: "Socket Mode's blind gap and its dying reconnect: the connections come back by themselves, and clicks work",
  ci: 1,
  nightly: 10,
  variants: [
    'refreshed',
    'refreshed in the middle of clicks',
    'cut',
    'cut, and refused for a while',
    'cut, and no address for a while',
  ],
  budgetMs: 60_000,
  async run(run) {
    const { world, variant, random, struck, proves, succeeds } = run
    const { slack } = world.stage
    const incident = await askedAndShown(run)
    await connections(slack, 2)
    const opened = slack.calls('apps.connections.open').length
    const isRefused = variant === 'cut, and refused for a while'
    if (isRefused) slack.control.refuseConnections(true)
    if (variant === 'cut, and no address for a while')
      slack.control.failNext('apps.connections.open', { status: 500, body: '', times: 4 })
    if (variant.startsWith('cut')) slack.control.dropConnections()
    else slack.control.disconnectSockets('refresh_requested')
    struck()
    if (variant === 'refreshed in the middle of clicks') await clicksUntilTaken()
    if (isRefused) {
      await connections(slack, 0)
      // Slack tells who presses now that it did not work, and nothing is recorded.
      expect(await incident.at('bao').press(/^Approve/)).toMatchObject({ ok: false })
      await until(
        () => (slack.calls('apps.connections.open').length >= opened + 4 ? true : undefined),
        'some tries',
        30_000,
      )
      expect(incident.entries('StepApproved')).toHaveLength(0)
      slack.control.refuseConnections(false)
    }
    await succeeds(async () => {
      const more = () => (slack.calls('apps.connections.open').length >= opened + 2 ? true : undefined)
      await until(more, 'two new connections', 60_000)
      await connections(slack, 2, 60_000)
    })
    if (incident.entries('StepApproved').length === 0) await incident.approve()
    await proves(incident)
    await succeeds(() => expect(incident.entries('StepApproved')).toHaveLength(1))

    /** What a person does who is told that it did not work: presses again. */
    async function clicksUntilTaken(): Promise<void> {
      while (incident.entries('StepApproved').length === 0) {
        await incident.at('bao').press(/^Approve/)
        await pause(random.between(0, 60))
      }
    }
  },
})
