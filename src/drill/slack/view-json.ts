import { workspace as company } from '../cast.ts'
import { stateOf } from './form-values.ts'
import type { JsonObject } from './json.ts'
import { objects } from './json.ts'
import type { View } from './workspace.ts'
import { app } from './workspace.ts'

/** A form or a Home tab as answers and payloads show it. */
export function viewJson(view: View): JsonObject {
  const { spec } = view
  return {
    id: view.id,
    team_id: company.team,
    type: view.kind,
    blocks: spec['blocks'] ?? [],
    private_metadata: spec['private_metadata'] ?? '',
    callback_id: spec['callback_id'] ?? '',
    state: stateOf(objects(spec['blocks']), view.entered),
    hash: view.hash,
    title: spec['title'] ?? {
      type: 'plain_text',
      text: 'View Title',
      emoji: true,
    },
    clear_on_close: spec['clear_on_close'] ?? false,
    notify_on_close: spec['notify_on_close'] ?? false,
    close: spec['close'] ?? null,
    submit: spec['submit'] ?? null,
    previous_view_id: view.previous ?? null,
    root_view_id: view.root,
    app_id: app.id,
    external_id: spec['external_id'] ?? '',
    app_installed_team_id: company.team,
    bot_id: app.bot,
  }
}
