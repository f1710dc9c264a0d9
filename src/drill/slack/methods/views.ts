import { faultsInView, withIds } from '../blocks.ts'
import type { Json, JsonObject } from '../json.ts'
import { object, objects, text } from '../json.ts'
import { invalid, SlackRefusal } from '../refusal.ts'
import { viewJson } from '../view-json.ts'
import type { View, Workspace } from '../workspace.ts'
import type { Call, Method } from './call.ts'

/** A person's forms lie on each other, at most three deep. */
const deepest = 3
const largest = 250_000

export const openView: Method = (call) => {
  const spec = modalOf(call)
  const { user } = exchange(call)
  // Opening takes the place of whatever the person had open.
  for (const open of call.workspace.stack(user)) call.workspace.closeView(open.id)
  return { view: viewJson(addView(call.workspace, { user, spec, below: undefined })) }
}

export const pushView: Method = (call) => {
  const spec = modalOf(call)
  const { user, view } = exchange(call)
  const below = view === undefined ? undefined : call.workspace.views.get(view)
  if (below === undefined) throw new SlackRefusal('not_found')
  if (call.workspace.stack(user).length >= deepest) throw new SlackRefusal('push_limit_reached')
  return { view: viewJson(addView(call.workspace, { user, spec, below })) }
}

export const updateView: Method = (call) => {
  const id = call.args.text('view_id')
  const external = call.args.text('external_id')
  const open = [...call.workspace.views.values(), ...call.workspace.homes.values()]
  const view = open.find((each) => (id === '' ? text(each.spec['external_id']) === external : each.id === id))
  if (view === undefined) throw new SlackRefusal('not_found')
  checkHash(call, view)
  return { view: viewJson(replaceView(call.workspace, view, specOf(call, view.kind))) }
}

export const publishView: Method = (call) => {
  const user = call.args.required('user_id', 'invalid_arguments')
  if (!call.workspace.users.has(user)) throw new SlackRefusal('user_not_found')
  const spec = specOf(call, 'home')
  const before = call.workspace.homes.get(user)
  if (before !== undefined) checkHash(call, before)
  const id = before?.id ?? call.workspace.clock.id('V')
  const home = {
    id,
    kind: 'home',
    user,
    spec: identified(call.workspace, spec),
    root: id,
    previous: undefined,
  } as const
  const view = { ...home, hash: newHash(call.workspace), entered: new Map<string, Json>() }
  call.workspace.setView(view)
  return { view: viewJson(view) }
}

/** Puts a form on top of the person's stack. The spec must be in order. */
export function addView(
  workspace: Workspace,
  form: { readonly user: string; readonly spec: JsonObject; readonly below: View | undefined },
): View {
  const id = workspace.clock.id('V')
  const view: View = {
    id,
    kind: 'modal',
    user: form.user,
    spec: identified(workspace, form.spec),
    hash: newHash(workspace),
    root: form.below?.root ?? id,
    previous: form.below?.id,
    entered: new Map(),
  }
  workspace.setView(view)
  return view
}

/** Changes an open form. What the person has entered stays where block id and action id stay. */
export function replaceView(workspace: Workspace, view: View, spec: JsonObject): View {
  const after = { ...view, spec: identified(workspace, spec), hash: newHash(workspace) }
  workspace.setView(after)
  return after
}

/** Why a person's client would refuse this form; empty when it is in order. */
export function faultsInForm(workspace: Workspace, spec: Json, except?: string): readonly string[] {
  const faults = faultsInView(spec, 'modal')
  if (faults.length > 0) return faults
  return isDuplicate(workspace, object(spec), except) ? ['duplicate_external_id'] : []
}

function specOf(call: Call, kind: View['kind']): JsonObject {
  const spec = call.args.object('view', 'invalid_arguments')
  if (spec === undefined) throw new SlackRefusal('invalid_arguments')
  const faults = faultsInView(spec, kind)
  if (faults.length > 0) throw invalid('invalid_arguments', faults)
  if (JSON.stringify(spec).length > largest) throw new SlackRefusal('view_too_large')
  if (isDuplicate(call.workspace, spec, call.args.text('view_id'))) throw new SlackRefusal('duplicate_external_id')
  return spec
}

function modalOf(call: Call): JsonObject {
  return specOf(call, 'modal')
}

function isDuplicate(workspace: Workspace, spec: JsonObject, except: string | undefined): boolean {
  const external = text(spec['external_id'])
  if (external === '') return false
  return [...workspace.views.values()].some((view) => text(view.spec['external_id']) === external && view.id !== except)
}

function exchange(call: Call): { readonly user: string; readonly view: string | undefined } {
  return call.triggers.exchange(call.args.text('trigger_id') || call.args.text('interactivity_pointer'))
}

function checkHash(call: Call, view: View): void {
  const hash = call.args.text('hash')
  if (hash !== '' && hash !== view.hash) throw new SlackRefusal('hash_conflict')
}

function identified(workspace: Workspace, spec: JsonObject): JsonObject {
  return { ...spec, blocks: withIds(objects(spec['blocks']), () => workspace.clock.id('')) }
}

function newHash(workspace: Workspace): string {
  return `${workspace.clock.seconds()}.${workspace.clock.id('').toLowerCase()}`
}
