import { elementsOf } from '../blocks.ts'
import { entryFor, holdsValue, place } from '../form-values.ts'
import type { Json, JsonObject } from '../json.ts'
import { objects, text } from '../json.ts'
import type { Surface } from '../payloads.ts'
import { actorFields, blockActions, blocksOf, surfaceFields } from '../payloads.ts'
import type { ResponseTarget } from '../response-urls.ts'
import type { View } from '../workspace.ts'
import type { Client } from './client.ts'
import { failure, mayOpen } from './client.ts'
import type { Offered, Outcome, Press, Seen, Where } from './seen.ts'

/** How many options of a field are kept: those of about ten full answers. */
const mostOffered = 1000

/** Presses a button or chooses in a menu. A confirmation dialog counts as confirmed. */
export async function press(client: Client, where: Where, action: string, how: Press = {}): Promise<Outcome> {
  return act(client, surfaceAt(client, where), action, how)
}

/**
 * Presses a button of an old copy of a message, which the person's client still shows: the app gets the payload of that
 * copy, whatever the message says now.
 */
export async function pressStale(client: Client, copy: Seen, action: string, how: Press = {}): Promise<Outcome> {
  const channel = client.workspace.channels.get(copy.channel)
  if (channel === undefined) throw new Error(`there is no channel ${copy.channel} in the local Slack`)
  const { ts, thread, blocks, user } = copy
  const kept = { ts, thread, blocks, text: copy.text }
  const surface: Surface = copy.ephemeral
    ? { kind: 'ephemeral', channel, shown: { ...kept, channel: channel.id, viewer: client.user().id } }
    : {
        kind: 'message',
        channel,
        message: { ...kept, user, byApp: true, broadcast: false, files: copy.files, reactions: [], pinned: false },
      }
  return act(client, surface, action, how)
}

/** Types into a type-ahead field and reads what is offered. Below the field's least length nothing is asked. */
export async function type(
  client: Client,
  where: Where,
  field: { readonly block: string; readonly action: string },
  typed: string,
): Promise<Offered> {
  const surface = surfaceAt(client, where)
  const { block, element } = elementAt(surface, field.action, { blockId: field.block })
  // Slack asks the app from the third letter on unless the field says otherwise.
  const least = typeof element['min_query_length'] === 'number' ? element['min_query_length'] : 3
  if (typed.length < least) return { ok: true, options: [] }

  const ack = await client.deliver({
    kind: 'interactive',
    payload: {
      type: 'block_suggestion',
      ...actorFields(client.user()),
      ...surfaceFields(client.workspace, surface),
      action_id: field.action,
      block_id: text(block['block_id']),
      value: typed,
    },
  })
  if (!ack.ok) return failure(ack, field.action)
  const groups = objects(ack.payload['option_groups'])
  const options = [...objects(ack.payload['options']), ...groups.flatMap((group) => objects(group['options']))]
  if (options.length > 100) {
    return { ok: false, error: 'too_many_options', text: 'Result not loaded.' }
  }
  keepOffered(client, fieldKey(surface, block, element), options)
  return { ok: true, options: options.map((option) => ({ text: labelOf(option), value: text(option['value']) })) }
}

/** The newest first. What was chosen stays chosen while somebody searches on, so what was offered before is kept for a while. */
function keepOffered(client: Client, field: string, options: readonly JsonObject[]): void {
  const before = client.offered.get(field) ?? []
  client.offered.set(field, [...options, ...before].slice(0, mostOffered))
}

/** The options the last type-aheads offered for a field of a form. */
export function offeredFor(client: Client, view: View, block: JsonObject, element: JsonObject): readonly JsonObject[] {
  return client.offered.get(fieldKey({ kind: 'view', view }, block, element)) ?? []
}

async function act(client: Client, surface: Surface, action: string, how: Press): Promise<Outcome> {
  const user = client.user()
  if (user.deactivated) throw new Error(`${user.handle} is deactivated and has no client`)
  const { block, element } = elementAt(surface, action, how)
  const ids = { action_id: action, block_id: text(block['block_id']), action_ts: client.workspace.clock.stamp() }
  const entry = holdsValue(element)
    ? entryFor(element, how.selected ?? null, client.offered.get(fieldKey(surface, block, element)) ?? [])
    : undefined
  const entered = new Map(entry === undefined ? [] : [[place(ids.block_id, action), entry as Json] as const])
  const current = surface.kind === 'view' ? keep(client, surface.view, entered) : surface

  const ack = await client.deliver({
    kind: 'interactive',
    payload: blockActions({
      workspace: client.workspace,
      user,
      surface: current,
      entered,
      action: {
        ...(entry ?? buttonFields(element)),
        ...ids,
      },
      trigger: client.triggers.issue(user.id, current.kind === 'view' ? current.view.id : undefined),
      responseUrl: responseUrl(client, current),
    }),
  })
  return ack.ok ? { ok: true } : failure(ack, action)
}

function keep(client: Client, view: View, entered: ReadonlyMap<string, Json>): Surface {
  const after = { ...view, entered: new Map([...view.entered, ...entered]) }
  if (entered.size > 0) client.workspace.setView(after)
  return { kind: 'view', view: after }
}

function responseUrl(client: Client, surface: Surface): string | undefined {
  if (surface.kind === 'view') return undefined
  const shown = surface.kind === 'message' ? surface.message : surface.shown
  const target: ResponseTarget = {
    user: client.user().id,
    channel: surface.channel.id,
    thread: shown.thread,
    source: {
      ts: shown.ts,
      ephemeral: surface.kind === 'ephemeral',
    },
  }
  return client.url + client.responseUrls.issue(target)
}

function surfaceAt(client: Client, where: Where): Surface {
  const user = client.user()
  if (typeof where === 'object' && 'home' in where) {
    const home = client.workspace.homes.get(user.id)
    if (home === undefined) throw new Error(`the app has published no Home tab for ${user.handle}`)
    return { kind: 'view', view: home }
  }
  if (typeof where !== 'string' && 'view' in where) {
    const view = client.workspace.views.get(where.view)
    if (view?.user !== user.id) throw new Error(`${user.handle} has no open form ${where.view}`)
    return { kind: 'view', view }
  }
  return messageAt(client, typeof where === 'string' ? { ts: where } : where)
}

function messageAt(client: Client, at: { readonly channel?: string; readonly ts: string }): Surface {
  const user = client.user()
  for (const channel of client.workspace.channels.values()) {
    if (at.channel !== undefined && at.channel !== channel.id) continue
    if (!mayOpen(user, channel)) continue
    const message = client.workspace.message(channel.id, at.ts)
    if (message !== undefined) return { kind: 'message', channel, message }
    const shown = client.workspace.ephemerals(user.id).find((each) => each.ts === at.ts && each.channel === channel.id)
    if (shown !== undefined) return { kind: 'ephemeral', channel, shown }
  }
  throw new Error(`${user.handle} sees no message ${at.ts}`)
}

function elementAt(
  surface: Surface,
  action: string,
  how: Press,
): { readonly block: JsonObject; readonly element: JsonObject } {
  const all = blocksOf(surface).flatMap((block) => elementsOf(block).map((element) => ({ block, element })))
  const fitting = all
    .filter(({ element }) => element['action_id'] === action)
    .filter(({ block }) => how.blockId === undefined || block['block_id'] === how.blockId)
    .filter(({ element }) => how.value === undefined || element['value'] === how.value)
  const found = fitting[0]
  if (found !== undefined && fitting.length === 1) return found
  const there = all.map(({ element }) => text(element['action_id'])).join(', ')
  if (found === undefined)
    throw new Error(`nothing to press is called ${action} there; there is: ${there || 'nothing'}`)
  throw new Error(`${fitting.length} elements are called ${action} there: say which by blockId or value`)
}

function buttonFields(element: JsonObject): JsonObject {
  const { type: kind, text: label, value, style, confirm } = element
  return {
    type: kind,
    ...(label !== undefined && { text: label }),
    ...(value !== undefined && { value }),
    ...(style !== undefined && { style }),
    ...(confirm !== undefined && { confirm }),
  }
}

function fieldKey(surface: Surface, block: JsonObject, element: JsonObject): string {
  const shown = surface.kind === 'view' ? surface.view.id : blocksOwner(surface)
  return JSON.stringify([shown, block['block_id'], element['action_id']])
}

function blocksOwner(surface: Exclude<Surface, { kind: 'view' }>): string {
  return surface.kind === 'message' ? surface.message.ts : surface.shown.ts
}

function labelOf(option: JsonObject): string {
  const label = option['text']
  return typeof label === 'object' && label !== null && 'text' in label ? text(label['text']) : ''
}
