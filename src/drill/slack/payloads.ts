import { workspace as company } from '../cast.ts'
import { stateOf } from './form-values.ts'
import type { Json, JsonObject } from './json.ts'
import { messageJson } from './messages.ts'
import { viewJson } from './view-json.ts'
import type { Channel, Ephemeral, Message, User, View, Workspace } from './workspace.ts'
import { app } from './workspace.ts'

/** The legacy verification token every payload carries. Nothing may rely on it. */
const verificationToken = 'local-verification-token'

/** Where a person acts: a message, an ephemeral message, or a form. */
export type Surface =
  | { readonly kind: 'message'; readonly channel: Channel; readonly message: Message }
  | { readonly kind: 'ephemeral'; readonly channel: Channel; readonly shown: Ephemeral }
  | { readonly kind: 'view'; readonly view: View }

/** Who acted, in which installation. A person of another company carries that company's team id, the payload ours. */
export function actorFields(user: User): JsonObject {
  return {
    user: {
      id: user.id,
      username: user.handle,
      name: user.handle,
      team_id: user.team,
    },
    api_app_id: app.id,
    token: verificationToken,
    team: {
      id: company.team,
      domain: company.domain,
    },
    enterprise: null,
    is_enterprise_install: false,
  }
}

export function channelFields(channel: Channel): { readonly id: string; readonly name: string } {
  return { id: channel.id, name: nameInPayloads(channel) }
}

export function surfaceFields(workspace: Workspace, surface: Surface): JsonObject {
  if (surface.kind === 'view') {
    return { container: { type: 'view', view_id: surface.view.id }, view: viewJson(surface.view) }
  }
  const shown = surface.kind === 'message' ? surface.message : surface.shown
  return {
    container: {
      type: 'message',
      message_ts: shown.ts,
      channel_id: surface.channel.id,
      is_ephemeral: surface.kind === 'ephemeral',
      ...(shown.thread !== undefined && { thread_ts: shown.thread }),
    },
    channel: channelFields(surface.channel),
    // What an ephemeral message says is not sent back to the app.
    ...(surface.kind === 'message' && {
      message: messageJson(workspace, surface.channel.id, surface.message, { metadata: true }),
    }),
  }
}

export function blockActions(given: {
  readonly workspace: Workspace
  readonly user: User
  readonly surface: Surface
  readonly action: JsonObject
  readonly entered: ReadonlyMap<string, Json>
  readonly trigger: string
  readonly responseUrl: string | undefined
}): JsonObject {
  const state = given.surface.kind === 'view' ? {} : { state: stateOf(blocksOf(given.surface), given.entered) }
  return {
    type: 'block_actions',
    ...actorFields(given.user),
    ...surfaceFields(given.workspace, given.surface),
    ...state,
    trigger_id: given.trigger,
    actions: [given.action],
    ...(given.responseUrl !== undefined && { response_url: given.responseUrl }),
  }
}

export function slashCommand(given: {
  readonly user: User
  readonly channel: Channel
  readonly command: string
  readonly text: string
  readonly trigger: string
  readonly responseUrl: string
}): JsonObject {
  return {
    token: verificationToken,
    team_id: company.team,
    team_domain: company.domain,
    channel_id: given.channel.id,
    channel_name: nameInPayloads(given.channel),
    user_id: given.user.id,
    user_name: given.user.handle,
    command: given.command,
    text: given.text,
    api_app_id: app.id,
    is_enterprise_install: 'false',
    response_url: given.responseUrl,
    trigger_id: given.trigger,
  }
}

export function viewPayload(
  type: 'view_submission' | 'view_closed',
  given: { readonly user: User; readonly view: View; readonly trigger?: string; readonly cleared?: boolean },
): JsonObject {
  return {
    type,
    ...actorFields(given.user),
    view: viewJson(given.view),
    ...(type === 'view_submission'
      ? {
          trigger_id: given.trigger,
          response_urls: [],
        }
      : { is_cleared: given.cleared === true }),
  }
}

/** The wrapping of an event of the Events API. */
export function eventCallback(workspace: Workspace, event: JsonObject): JsonObject {
  return {
    token: verificationToken,
    team_id: company.team,
    context_team_id: company.team,
    api_app_id: app.id,
    event,
    type: 'event_callback',
    event_id: workspace.clock.id('Ev'),
    event_time: workspace.clock.seconds(),
    authorizations: [
      {
        enterprise_id: null,
        team_id: company.team,
        user_id: app.user,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
  }
}

/** The blocks a person sees there. */
export function blocksOf(surface: Surface): readonly JsonObject[] {
  if (surface.kind === 'message') return surface.message.blocks
  if (surface.kind === 'ephemeral') return surface.shown.blocks
  return surface.view.spec['blocks'] as readonly JsonObject[]
}

/** Payloads do not name a private channel. */
function nameInPayloads(channel: Channel): string {
  if (channel.kind === 'im') return 'directmessage'
  return channel.kind === 'private' ? 'privategroup' : channel.name
}
