import { expect } from 'vitest'
import { incidentChannel } from '#/drill/cast.ts'
import { until, wordsOf } from '#/drill/crew.ts'
import { dueInThread, expectThreadToAgree, namedInThread } from '../../flows/machine/machine.ts'
import { fault, type Run } from '../harness/fault.ts'
import { askedAndShown, botOf } from './slack-trouble.ts'

const { id: channel } = incidentChannel

/** Slack says no and keeps saying no, until somebody mends it. */
const losses: Readonly<
  Record<
    string,
    { readonly lose: (run: Run) => Promise<void> | void; readonly mend: (run: Run) => Promise<void> | void }
  >
> = {
  channel_not_found: {
    lose: ({ world: { stage } }) =>
      stage.slack.control.failNext('chat.postMessage', {
        body: { ok: false, error: 'channel_not_found' },
        times: 1_000,
      }),
    mend: ({ world: { stage } }) => stage.slack.control.clearFaults(),
  },
  'token revoked': {
    lose: ({ world: { stage } }) => stage.slack.control.revokeTokens(true),
    mend: ({ world: { stage } }) => stage.slack.control.revokeTokens(false),
  },
  'channel archived': {
    lose: ({ world: { stage } }) => stage.slack.control.archive(channel),
    mend: ({ world: { stage } }) => stage.slack.control.archive(channel, false),
  },
  'bot removed from the channel': {
    lose: async ({ world: { stage } }) => stage.slack.control.removeBot(channel),
    mend: async ({ world: { stage } }) => stage.slack.control.addMember(channel, botOf(stage.slack)),
  },
}

fault({
  id: 'F17',
  title:
    'Slack refuses messages until somebody mends it: the work goes on, the log says why, and the thread is filled in',
  ci: 1,
  nightly: 12,
  variants: Object.keys(losses),
  budgetMs: 60_000,
  async run(run) {
    const { world, variant, struck, proves, succeeds } = run
    const loss = losses[variant]
    if (loss === undefined) throw new Error(`nothing is lost by ${variant}`)
    const incident = await askedAndShown(run)
    const { id: account } = incident.state().target
    // The click itself has to get through, so that there is something to go on with.
    world.stage.autentico.control.fail({ path: `/admin/api/users/${account}/revoke-sessions`, how: { delayMs: 400 } })
    await incident.approve()
    await loss.lose(run)
    await proves(incident)
    const told = await until(
      () => world.lines().find((line) => line.includes(`"${incident.id}"`) && line.includes('cannot be written')),
      'a line for the operator',
    )
    struck()
    expect(namedInThread(world.stage, incident.id)).not.toEqual(dueInThread(world.stage, incident.id))
    await loss.mend(run)
    await succeeds(async () => {
      await expectThreadToAgree(world.stage, incident, 60_000)
      expect(told).toMatch(/Slack refused /)
    })
  },
})

fault({
  id: 'F17',
  title: 'the card is deleted: another one takes its place',
  ci: 1,
  nightly: 10,
  // The root is gone for good; its place is taken in the thread, which is looked at below.
  except: ['I6'],
  async run(run) {
    const { world, struck, proves, succeeds } = run
    const incident = await askedAndShown(run)
    world.stage.slack.control.deleteMessage(channel, incident.card().ts)
    struck()
    await incident.approve()
    await proves(incident)
    await succeeds(async () => {
      await expectThreadToAgree(world.stage, incident)
      const card = await until(() => {
        const { lastSeq } = incident.state()
        return incident.thread().findLast((message) => message.text.includes(`entry ${lastSeq} ·`))
      }, 'a new card')
      expect(wordsOf(card)).toContain('1 of 5 proven')
    })
    await succeeds(async () => {
      await incident.ask(2)
      await incident.approve()
      await incident.untilProven(2)
      expect(incident.thread().filter(({ text }) => / of 5 proven/.test(text)).length).toBeLessThanOrEqual(1)
    })
  },
})

fault({
  id: 'F17',
  title: 'tokens revoked and connections gone: the program says so and ends, after the work that was under way',
  ci: 1,
  nightly: 10,
  budgetMs: 60_000,
  async run(run) {
    const { world, struck, proves, succeeds } = run
    const { slack, autentico } = world.stage
    const incident = await askedAndShown(run)
    const { id: account } = incident.state().target
    autentico.control.fail({ path: `/admin/api/users/${account}/revoke-sessions`, how: { delayMs: 1_500 } })
    await incident.approve()
    await incident.happens('WorkStarted')
    const ending = world.program()
    slack.control.revokeTokens(true)
    slack.control.dropConnections()
    const code = await ending.ended
    struck()
    await succeeds(() => {
      expect(code).not.toBe(0)
      expect(ending.lines.some((line) => /token_revoked.*install the app again/.test(line))).toBe(true)
    })
    // The supervisor starts it again, to no avail while the tokens are what they are.
    await expect(world.start()).rejects.toThrow(/token_revoked/)
    slack.control.revokeTokens(false)
    await world.start()
    await proves(incident)
  },
})
