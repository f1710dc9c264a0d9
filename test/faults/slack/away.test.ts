import { expect } from 'vitest'
import { until } from '#/drill/crew.ts'
import { dueInThread, expectThreadToAgree, namedInThread } from '../../flows/machine/machine.ts'
import { fault } from '../harness/fault.ts'
import { askedAndShown, connections } from './slack-trouble.ts'

fault({
  id: 'F18',
  title:
    'Slack is away for everything after the approvals: the work ends, and the threads are filled in with the times at which it happened',
  ci: 1,
  nightly: 10,
  variants: ['one incident', 'two incidents, and a restart meanwhile'],
  budgetMs: 90_000,
  async run(run) {
    const { world, variant, struck, proves, succeeds } = run
    const { slack, autentico } = world.stage
    const restarts = variant !== 'one incident'
    const incidents = [await askedAndShown(run), ...(restarts ? [await askedAndShown(run)] : [])]
    for (const { state } of incidents) {
      const path = `/admin/api/users/${state().target.id}/revoke-sessions`
      autentico.control.fail({ method: 'POST', path, how: { delayMs: 1_500 } })
    }
    for (const incident of incidents) await incident.approve()
    slack.control.cutOff(true)
    struck()
    let starting: Promise<unknown> | undefined
    if (restarts) {
      await world.program().kill()
      // It is ready when Slack is there, or has been waited for long enough; the work goes on before that.
      starting = world.start()
    }
    for (const incident of incidents) await proves(incident)
    for (const incident of incidents)
      expect(namedInThread(world.stage, incident.id)).not.toEqual(dueInThread(world.stage, incident.id))
    slack.control.cutOff(false)
    await starting
    await succeeds(async () => {
      for (const incident of incidents) {
        await expectThreadToAgree(world.stage, incident, 60_000)
        for (const { seq, at } of incident.entries('StepDone')) {
          const line = await until(
            () => incident.thread().find(({ text }) => text.includes(`#${seq} · `)),
            `line ${seq}`,
          )
          expect(line.text).toContain(String(Math.floor(Date.parse(at) / 1000)))
        }
      }
      await connections(slack, 2, 60_000)
    })
    const [first] = incidents
    await succeeds(async () => {
      await first?.ask(2)
      // Whoever is in a user group that Slack did not tell of a moment ago is told to press again.
      await first?.approve().catch(async () => {
        expect(first.entries('ClickRefused').at(-1)?.event.refusal).toBe('lists_unread')
        await first.approve()
      })
      await first?.untilProven(2)
    })
  },
})
