import { cast, incidentChannel, workspace } from '#/drill/cast.ts'
import type { Case } from '../../support/incident-flow.ts'
import type { Random } from '../harness/random.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** Payloads as Slack sends them, one of each kind. The press approves nothing: its digest is no request's. */
export function realPayloads({ id }: Pick<Case, 'id'>): readonly Json[] {
  const user = { id: cast.bao.user, username: 'bao', name: 'bao', team_id: workspace.team }
  const team = { id: workspace.team, domain: workspace.domain }
  const channel = { id: incidentChannel.id, name: incidentChannel.name }
  const common = { user, team, api_app_id: 'A0RESPONDER', trigger_id: '1.2.3', is_enterprise_install: false }
  const value = `${id}|r1|${'0'.repeat(64)}`
  return [
    {
      ...common,
      type: 'block_actions',
      channel,
      container: { type: 'message', message_ts: '1.000100', channel_id: channel.id },
      message: { ts: '1.000100', text: 'x', blocks: [] },
      actions: [{ type: 'button', action_id: 'approve', block_id: 'b', value, action_ts: '1' }],
    },
    {
      ...common,
      type: 'view_submission',
      view: {
        id: 'V1',
        type: 'modal',
        callback_id: 'note_form',
        private_metadata: id,
        state: { values: { note: { note: { type: 'plain_text_input', value: '' } } } },
        blocks: [],
      },
    },
    { ...common, type: 'block_suggestion', action_id: 'target', block_id: 'target', value: 'ali', view: { id: 'V1' } },
    { ...common, type: 'shortcut', callback_id: 'open_incident' },
    {
      ...common,
      type: 'message_action',
      callback_id: 'add_to_timeline',
      channel,
      message: { ts: '1.1', text: 'x', type: 'message' },
      response_url: 'http://127.0.0.1:1/',
    },
  ]
}

/** What nobody sends by mistake: each was fatal to some program once. */
export const rubbish: readonly Json[] = [
  null,
  [],
  '',
  0,
  {},
  [null],
  { type: null },
  { type: 'block_actions' },
  { type: 'block_actions', actions: null },
  { type: 'block_actions', actions: [null], user: null, team: null },
  { type: 'view_submission', view: null, user: {} },
  { type: 'view_submission', view: { state: { values: null } }, user: { id: 'U1' } },
  { type: 'event_callback', event: null },
  { type: 'event_callback' },
  { type: '__proto__', user: { id: '__proto__' } },
  JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}') as Json,
  { type: 'block_actions', user: { id: '\ud800' }, actions: [{ action_id: '\udfff', value: '\ud800' }] },
  {
    type: 'block_actions',
    user: { id: 'x'.repeat(200_000) },
    actions: [{ action_id: 'approve', value: 'y'.repeat(200_000) }],
  },
]

/** The same payload with one thing in it taken out or replaced by something of another shape. */
export function mutated(payload: Json, random: Random): Json {
  const places = placesIn(payload)
  const place = random.pick(places)
  const strange: readonly Json[] = [
    'nothing at all',
    null,
    [],
    {},
    '',
    0,
    -1,
    true,
    [[[[]]]],
    'x'.repeat(5_000),
    '\ud800',
    '<!channel>',
    'constructor',
    '__proto__',
  ]
  const by = random.pick(strange)
  return replaced(payload, place, by === 'nothing at all' ? undefined : by) ?? null
}

function placesIn(value: Json, path: readonly string[] = []): readonly (readonly string[])[] {
  const inside = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return [path, ...inside.flatMap(([name, one]) => placesIn(one as Json, [...path, name]))]
}

function replaced(value: Json, [name, ...rest]: readonly string[], by: Json | undefined): Json | undefined {
  if (name === undefined) return by
  if (Array.isArray(value))
    return value.flatMap((one: Json, at) => (String(at) === name ? (replaced(one, rest, by) ?? []) : [one]))
  const entries = Object.entries(value as { readonly [name: string]: Json })
  return Object.fromEntries(
    entries.flatMap(([key, one]) => {
      const next = key === name ? replaced(one, rest, by) : one
      return next === undefined ? [] : [[key, next]]
    }),
  )
}
