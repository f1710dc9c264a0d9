import { expect } from 'vitest'
import { incidentChannel } from '#/drill/cast.ts'
import { member, until } from '#/drill/crew.ts'
import type { Submitted } from '#/drill/slack/acts/seen.ts'
import type { Delivered } from '#/drill/slack/local-slack.ts'
import type { IncidentId } from '#/incident/events.ts'
import { signIn } from '../../flows/machine/machine.ts'
import { type Case, caseOf } from '../../support/incident-flow.ts'
import { fault, type Run } from '../harness/fault.ts'

type Twice = (run: Run, target: string) => Promise<Case>

/** Each opens one incident about the account, and everybody who tried knows which. */
const opens: Readonly<Record<string, Twice>> = {
  async 'the command twice'(run, target) {
    const ana = run.world.stage.slack.as('ana')
    const command = async () => ana.command('/autentico incident', { channel: incidentChannel.id })
    const { slack } = run.world.stage
    const filledIn = (): number => slack.calls('views.update').length
    const before = filledIn()
    await Promise.all([command(), command()])
    await until(() => (filledIn() >= before + 2 ? true : undefined), 'two forms')
    // The second form took the place of the first.
    expect(ana.views()).toHaveLength(1)
    await ana.close()
    return run.open(target)
  },
  async 'the command once more afterwards'(run, target) {
    const incident = await run.open(target)
    expect(whyNot(await member(run.world.stage.slack.as('ana')).openIncident({ target }))).toContain(
      `${incident.id} is open since`,
    )
    return incident
  },
  async 'two people at the same moment'(run, target) {
    const sent = await Promise.all(
      ['ana', 'bao'].map(async (who) => member(run.world.stage.slack.as(who)).openIncident({ target })),
    )
    const [id] = sent.flatMap((one) => (one.ok && one.now === 'updated' ? [one.form.title.split(' ')[0]] : []))
    const incident = caseOf(run.world.stage, id as IncidentId)
    expect(sent.map(whyNot).join(' ')).toContain(`${incident.id} is open since`)
    run.adopt(incident)
    await incident.happens('ThreadStarted')
    await incident.happens('SnapshotTaken')
    return incident
  },
  async 'the same form twice'(run, target) {
    const incident = await run.open(target)
    const sent = formSent(run, 'open_incident_form')
    expect(await sentAgain(run, sent)).toEqual({ ok: true, payload: sent.reply })
    return incident
  },
}

fault({
  id: 'F20',
  title: 'an incident is opened twice by hand: there is one, and whoever was second is told which',
  ci: 1,
  nightly: 20,
  variants: Object.keys(opens),
  async run(run) {
    const { world, variant, struck, proves, succeeds } = run
    const target = world.nextAccount()
    await signIn(world.stage, target)
    const before = world.stage.slack.deliveries().length
    const incident = await opens[variant]?.(run, target)
    if (incident === undefined) throw new Error(`nothing is opened by ${variant}`)
    if (world.stage.slack.deliveries().length > before + 1) struck()
    await incident.ask(1)
    await incident.approve()
    await proves(incident)
    await succeeds(() => expect(cardsAbout(run, target)).toBe(1))
  },
})

fault({
  id: 'F20',
  title: 'a form is sent again because its answer was lost: what was not changed counts once',
  ci: 1,
  nightly: 20,
  variants: ['as it was', 'with another word'],
  async run(run) {
    const { world, variant, struck, succeeds, proves } = run
    const { slack } = world.stage
    const incident = await run.open()
    const ana = incident.as('ana')
    await ana.pressWhenThere(/^Add note/)
    slack.control.loseAcks(true)
    const words = 'The laptop was stolen on Sunday'
    expect(await ana.fillIn('Add to the timeline', { Note: words })).toMatchObject({ ok: false })
    slack.control.loseAcks(false)
    struck()
    await succeeds(async () => {
      const again = variant === 'as it was' ? words : 'The laptop was stolen on Monday'
      expect(await ana.fillIn('Add to the timeline', { Note: again })).toEqual({ ok: true, now: 'closed' })
      expect(incident.entries('NoteAdded').map(({ event }) => event.text)).toEqual([...new Set([words, again])])
    })
    await incident.run(1)
    await proves(incident)
  },
})

/** What stands under the fields of a form that was not taken. */
function whyNot(sent: Submitted): string {
  return sent.ok && sent.now === 'errors' ? Object.values(sent.errors).join(' ') : ''
}

function formSent({ world }: Run, callback: string): Delivered {
  const found = world.stage.slack
    .deliveries()
    .findLast(
      ({ payload }) =>
        JSON.stringify(payload).includes(`"callback_id":"${callback}"`) && payload['type'] === 'view_submission',
    )
  if (found === undefined) throw new Error(`no form ${callback} was sent`)
  return found
}

/** The same form with a trigger of its own, as a second press of its button sends it. */
async function sentAgain(
  { world, seed }: Run,
  { kind, payload }: Delivered,
): ReturnType<Run['world']['stage']['slack']['control']['redeliver']> {
  return world.stage.slack.control.redeliver({ kind, payload: { ...payload, trigger_id: `${seed}.pressed.twice` } })
}

/** How many incidents about this account have a card. */
function cardsAbout({ world }: Run, target: string): number {
  const { channels } = world.stage.slack.state()
  return channels
    .flatMap(({ messages }) => messages)
    .filter(({ metadata, text }) => metadata?.['event_type'] === 'autentico_card' && text.includes(target)).length
}
