import { expect } from 'vitest'
import { until } from '#/drill/crew.ts'
import { fault } from '../harness/fault.ts'
import { repeated } from './repeated-deliveries.ts'
import { overHttp } from './slack-http.ts'

const often = [
  'twice in parallel',
  'four times in parallel',
  'after 3 s',
  'out of order',
  'after a restart',
  'after a kill',
]

fault({ ...repeated, ci: 2, nightly: 60, variants: often })
fault({ ...repeated, ci: 0, nightly: 3, variants: ['after 1 min', 'after 5 min'], budgetMs: 400_000 })
fault({
  ...repeated,
  title: `${repeated.title}, over HTTP`,
  ci: 1,
  nightly: 60,
  variants: ['in the same second', ...often.filter((way) => !way.endsWith('in parallel'))],
  world: await overHttp(),
})

fault({
  id: 'F19',
  title: 'killed before its acknowledgement had left, and delivered once more',
  ci: 1,
  nightly: 60,
  variants: ['a click', 'a form'],
  async run(run) {
    const { world, variant, struck, succeeds, proves } = run
    const { slack } = world.stage
    const incident = await run.asked()
    if (variant === 'a form') await incident.as('ana').pressWhenThere(/^Add note/)
    const dying = world.program()
    const before = slack.deliveries().length
    if (variant === 'a form') {
      await until(() => incident.as('ana').actor.views().at(-1), 'the form')
      world.kills.arm('before the acknowledgement')
      await incident.as('ana').fillIn('Add to the timeline', { Note: 'The laptop was stolen on Sunday' })
    } else {
      world.kills.arm('before the acknowledgement')
      await incident.at('bao').press(/^Approve/)
    }
    await dying.ended
    if (world.kills.struck() === dying.pid) struck()
    await world.start()
    const lost = slack
      .deliveries()
      .slice(before)
      .find(({ ack }) => ack !== 'ok')
    if (lost === undefined) throw new Error('every delivery was acknowledged')
    const { kind, payload } = lost
    await succeeds(async () => {
      expect(await slack.control.redeliver({ kind, payload })).toEqual({ ok: true, payload: {} })
    })
    if (variant === 'a form') await incident.approve()
    await proves(incident)
    await succeeds(() => {
      expect(incident.entries('StepApproved')).toHaveLength(1)
      expect(incident.entries('NoteAdded')).toHaveLength(variant === 'a form' ? 1 : 0)
      expect(incident.entries('ClickRefused').map(({ event }) => event.sentence)).toEqual([])
    })
  },
})
