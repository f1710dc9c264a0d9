import { expect, test } from 'vitest'
import type { IncidentId, Recorded } from '#/incident/events.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import type { Message } from '#/slack/cards/blocks.ts'
import { RateLimited, SlackRejected, SlackUnavailable } from '#/slack/failures.ts'
import { play } from '../../test/support/given.ts'
import { type Act, brokenGlass, denies } from '../../test/support/stories.ts'
import { createMessenger } from './messenger.ts'

/** Up to the announcement; the two that follow are the delay and its end. */
const announced = brokenGlass.slice(0, -2)

/** A messenger over a played story; `fails` is thrown in place of the next messages to these people. */
function story(acts: readonly Act[] = announced) {
  const { incident, recorded } = play(...acts)
  const sent: { readonly user: string; readonly message: Message }[] = []
  const refused: string[] = []
  const fails = new Map<string, Error>()
  let now: OpenedIncident | undefined = incident
  const start = () =>
    createMessenger({
      find: () => now,
      async send({ slack: { user } }, message) {
        const failure = fails.get(user)
        fails.delete(user)
        if (failure !== undefined) throw failure
        sent.push({ user, message })
      },
      linkTo: () => 'https://example.slack.com/archives/C0INC/p1',
      onRefused: (_incident: IncidentId, { slack: { user } }) => refused.push(user),
    })
  const told = recorded.flatMap(({ event }) => (event.type === 'GlassAnnounced' ? event.told : []))
  return {
    start,
    recorded: recorded as readonly Recorded[],
    users: told.map(({ slack: { user } }) => user),
    sent,
    to: () => sent.map(({ user }) => user),
    refused,
    fails,
    is: (later: OpenedIncident) => {
      now = later
    },
  }
}

test('everybody who is called upon is told once, with what is done, until when, and the way to the request', async () => {
  const { start, recorded, users, sent, to } = story()
  expect(users.length).toBeGreaterThan(1)
  const messenger = start()
  await messenger.handle(recorded)
  await messenger.handle(recorded)
  expect(to()).toEqual(users)
  expect(sent[0]?.message.text).toMatch(
    /BREAK-GLASS.*“Revoke all sessions of alice” is done .* on the word of @ana alone/,
  )
  expect(JSON.stringify(sent[0]?.message.blocks)).toContain('https://example.slack.com/archives/C0INC/p1')
})

test.each([
  ['limits us', new RateLimited('chat.postMessage', 1_000)],
  ['is away', new SlackUnavailable('chat.postMessage', 'silence')],
  ['takes nothing of ours', new SlackRejected('chat.postMessage', 'token_revoked')],
])('while Slack %s it is tried again, and whoever was told is not told twice', async (_what, failure) => {
  const { start, recorded, users, to, fails } = story()
  fails.set(users[1] ?? '', failure)
  const messenger = start()
  await expect(messenger.handle(recorded)).rejects.toMatchObject({ name: 'TryLater' })
  expect(to()).toEqual(users.slice(0, 1))
  await messenger.handle(recorded)
  expect(to()).toEqual(users)
})

test('whoever takes no direct message is passed over, and the others are told', async () => {
  const { start, recorded, users, to, refused, fails } = story()
  fails.set(users[0] ?? '', new SlackRejected('chat.postMessage', 'messages_tab_disabled'))
  await start().handle(recorded)
  expect(to()).toEqual(users.slice(1))
  expect(refused).toEqual(users.slice(0, 1))
})

test('nobody is told of what was decided meanwhile, nor of what was over when the program started', async () => {
  const { start, recorded, to, is } = story()
  is(play(...announced, denies()).incident)
  await start().handle(recorded)
  is(play(...brokenGlass).incident)
  await start().handle(recorded)
  expect(to()).toEqual([])
})
