import { parse } from 'yaml'
import type { Json } from './json.ts'
import { list, object, objects, text } from './json.ts'

/** What the app's manifest allows it: the local Slack grants nothing that does not stand there. */
export type Manifest = {
  readonly name: string
  readonly commands: ReadonlyMap<
    string,
    {
      readonly escapes: boolean
      /** What the list of commands says beside it. */
      readonly description: string
      readonly usage: string
    }
  >
  readonly shortcuts: readonly {
    readonly callback: string
    readonly type: 'global' | 'message'
    readonly name: string
  }[]
  /** Bot scopes, those marked optional included. */
  readonly scopes: readonly string[]
  readonly events: ReadonlySet<string>
  readonly home: boolean
  readonly interactive: boolean
  readonly socketMode: boolean
}

/** Reads an app manifest (YAML or JSON text). Throws when it names no scopes, for then nothing would work. */
export function readManifest(source: string): Manifest {
  const manifest = object(parse(source) as Json)
  const features = object(manifest['features'])
  const scopes = object(object(manifest['oauth_config'])['scopes'])
  const settings = object(manifest['settings'])
  const bot = [...list(scopes['bot']), ...list(scopes['bot_optional'])].map(text)
  if (bot.length === 0) throw new Error('the manifest grants no bot scope (oauth_config.scopes.bot): add the scopes')

  return {
    name: text(object(manifest['display_information'])['name']),
    commands: new Map(
      objects(features['slash_commands']).map((command) => [
        text(command['command']),
        {
          escapes: command['should_escape'] === true,
          description: text(command['description']),
          usage: text(command['usage_hint']),
        },
      ]),
    ),
    shortcuts: objects(features['shortcuts']).map((shortcut) => ({
      callback: text(shortcut['callback_id']),
      type: shortcut['type'] === 'message' ? 'message' : 'global',
      name: text(shortcut['name']),
    })),
    scopes: bot,
    events: new Set(list(object(settings['event_subscriptions'])['bot_events']).map(text)),
    home: object(features['app_home'])['home_tab_enabled'] === true,
    interactive: object(settings['interactivity'])['is_enabled'] === true,
    socketMode: settings['socket_mode_enabled'] === true,
  }
}
