import { workspace as company, incidentChannel, type Part } from '../cast.ts'
import type { Actor } from '../slack/acts/actor.ts'
import type { LocalSlack } from '../slack/local-slack.ts'
import { everybody } from '../slack/workspace.ts'
import type { App, Channel, Member, Mentioned, Screen } from './wire.ts'

/** The part of a `Screen` that is Slack. */
export type SlackScreen = Pick<
  Screen,
  'me' | 'workspace' | 'cast' | 'mentioned' | 'app' | 'channels' | 'messages' | 'views' | 'home'
>

/**
 * What one person's Slack shows: the channels they are in and, for full members of the company, the public ones; what is written there; the
 * messages, forms and Home tab that are theirs alone. Throws for somebody who is not in the cast.
 */
export function slackScreen(slack: LocalSlack, handle: string): SlackScreen {
  const cast = members(slack)
  const me = cast.find((member) => member.handle === handle)
  if (me === undefined) throw new Error(`nobody in the drill is called ${handle}`)
  const actor = slack.as(me.user)
  return {
    me,
    workspace: company.name,
    cast,
    mentioned: mentioned(slack),
    app: appFor(slack, actor),
    channels: channelsOf(slack, actor),
    messages: Object.fromEntries(actor.sees().map((seen) => [`${seen.channel}/${seen.ts}`, seen])),
    views: actor.views(),
    home: actor.home() ?? null,
  }
}

/** Everybody the page can act as. */
export function members(slack: LocalSlack): readonly Member[] {
  const known = new Set(slack.directory().users.map(({ id }) => id))
  const cast = everybody.filter(({ user }) => known.has(user))
  return cast.map(({ handle, user, name, part }) => {
    const inside = slack.as(user).channels()
    return { handle, user, name, part: parts[part], outside: inside.every(({ id }) => id !== incidentChannel.id) }
  })
}

const parts: Readonly<Record<Part, string>> = {
  responder: 'responder',
  commander: 'on-call commander',
  guest: 'guest',
  outsider: 'outsider',
  victim: 'the compromised account',
  colleague: 'colleague',
}

/** Whoever Slack itself speaks as: what is left of a deleted message is said by it. */
const slackbot: Mentioned = { id: 'USLACKBOT', handle: 'slackbot', name: 'Slackbot', bot: true }

/** Handles, names and ids alone: an address or a membership is nothing a mention shows. */
function mentioned(slack: LocalSlack): readonly Mentioned[] {
  const { users, usergroups } = slack.directory()
  return [
    ...users.map(({ id, handle, name, bot }) => ({ id, handle, name, bot })),
    slackbot,
    ...usergroups.map(({ id, handle, name }) => ({ id, handle, name, bot: false })),
  ]
}

function appFor({ app }: LocalSlack, actor: Actor): App {
  const available = actor.hasApp()
  return {
    user: app.user,
    name: app.name,
    available,
    commands: available
      ? [...app.commands].map(([command, { description, usage }]) => ({ command, description, usage }))
      : [],
    shortcuts: available ? app.shortcuts.map(({ callback, type: kind, name }) => ({ callback, kind, name })) : [],
  }
}

function channelsOf({ app }: LocalSlack, actor: Actor): readonly Channel[] {
  return actor.channels().map(({ id, name, kind, members: inside, archived, shared, writable }) => ({
    id,
    name: kind === 'im' ? app.name : name,
    kind,
    // The app is no person.
    members: inside.filter((member) => member !== app.user).length,
    archived,
    shared,
    writable,
  }))
}
