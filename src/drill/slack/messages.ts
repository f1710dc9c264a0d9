import { workspace as company } from '../cast.ts'
import type { JsonObject } from './json.ts'
import type { Channel, Message, User, Workspace } from './workspace.ts'
import { app } from './workspace.ts'

/** A message as the Web API and the payloads show it. Metadata only where the caller asked for it. */
export function messageJson(
  workspace: Workspace,
  channel: string,
  message: Message,
  options: { readonly metadata: boolean },
): JsonObject {
  return {
    type: 'message',
    ...(message.tombstone === true && { subtype: 'tombstone', hidden: true }),
    user: message.user,
    ts: message.ts,
    text: message.text,
    ...(message.byApp ? appFields(workspace) : { team: workspace.users.get(message.user)?.team ?? company.team }),
    ...(message.blocks.length > 0 && { blocks: message.blocks }),
    ...(message.files.length > 0 && { files: message.files }),
    ...(message.reactions.length > 0 && {
      reactions: message.reactions.map(({ name, users }) => ({
        name,
        users,
        count: users.length,
      })),
    }),
    ...(message.pinned && { pinned_to: [channel] }),
    ...(message.edited !== undefined && { edited: message.edited }),
    ...(options.metadata && message.metadata !== undefined && { metadata: message.metadata }),
    ...threadFields(workspace, channel, message),
  }
}

/** A channel as `conversations.info` shows it to the app. */
export function channelJson(channel: Channel): JsonObject {
  const isPrivate = channel.kind === 'private'
  const common = { id: channel.id, created: 1_700_000_000, is_archived: channel.archived, is_org_shared: false }
  if (channel.kind === 'im') {
    return {
      ...common,
      is_im: true,
      user: channel.members.find((member) => member !== app.user),
      is_user_deleted: false,
    }
  }
  return {
    ...common,
    name: channel.name,
    name_normalized: channel.name,
    creator: app.user,
    context_team_id: company.team,
    is_channel: !isPrivate,
    is_group: isPrivate,
    is_im: false,
    is_mpim: false,
    is_private: isPrivate,
    is_general: channel.name === 'general',
    is_member: channel.members.includes(app.user),
    is_shared: channel.shared,
    is_ext_shared: channel.shared,
    is_pending_ext_shared: false,
    pending_shared: [],
    shared_team_ids: [company.team],
    num_members: channel.members.length,
    topic: {
      value: '',
      creator: '',
      last_set: 0,
    },
    purpose: {
      value: '',
      creator: '',
      last_set: 0,
    },
  }
}

/** A person as `users.info` shows them; the address only to those who may read addresses. */
export function userJson(workspace: Workspace, user: User, options: { readonly email: boolean }): JsonObject {
  const outside = user.team !== company.team
  return {
    id: user.id,
    team_id: user.team,
    name: user.handle,
    real_name: user.name,
    deleted: user.deactivated,
    tz: 'Etc/UTC',
    tz_label: 'Coordinated Universal Time',
    tz_offset: 0,
    updated: 17e8,
    profile: {
      real_name: user.name,
      real_name_normalized: user.name,
      display_name: user.handle,
      team: user.team,
      ...(options.email && user.email !== '' && { email: user.email }),
      ...(user.bot && {
        bot_id: app.bot,
        api_app_id: app.id,
      }),
    },
    is_bot: user.bot,
    is_app_user: false,
    is_email_confirmed: true,
    ...(outside && { is_stranger: workspace.isStranger(user) }),
    ...(!user.deactivated && {
      is_admin: false,
      is_owner: false,
      is_primary_owner: false,
      is_restricted: user.guest,
      is_ultra_restricted: user.guest,
    }),
  }
}

function appFields(workspace: Workspace): JsonObject {
  const name = workspace.users.get(app.user)?.name ?? app.handle
  return {
    bot_id: app.bot,
    app_id: app.id,
    team: company.team,
    bot_profile: {
      id: app.bot,
      app_id: app.id,
      name,
      deleted: false,
      updated: 17e8,
      team_id: company.team,
    },
  }
}

function threadFields(workspace: Workspace, channel: string, message: Message): JsonObject {
  if (message.thread !== undefined) {
    const parent = workspace.message(channel, message.thread)
    return {
      thread_ts: message.thread,
      ...(parent !== undefined && { parent_user_id: parent.user }),
      ...(message.broadcast && { subtype: 'thread_broadcast' }),
    }
  }
  const replies = workspace.replies(channel, message.ts)
  const last = replies.at(-1)
  if (last === undefined) return {}
  const users = [...new Set(replies.map(({ user }) => user))]
  return {
    thread_ts: message.ts,
    reply_count: replies.length,
    reply_users: users,
    reply_users_count: users.length,
    latest_reply: last.ts,
    is_locked: false,
    subscribed: false,
  }
}
