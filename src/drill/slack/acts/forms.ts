import { elementsOf } from '../blocks.ts'
import { clientFaults, entryFor, place } from '../form-values.ts'
import type { JsonObject } from '../json.ts'
import { object, objects, text } from '../json.ts'
import { addView, faultsInForm, replaceView } from '../methods/views.ts'
import { viewPayload } from '../payloads.ts'
import type { View } from '../workspace.ts'
import type { Client } from './client.ts'
import { failure, form } from './client.ts'
import { offeredFor } from './press.ts'
import type { Entries, Submitted } from './seen.ts'

const trouble = { ok: false, error: 'invalid_response', text: 'We had some trouble connecting. Try again?' } as const

/**
 * Fills in a form and submits it. What the client itself objects to (an empty required field, a length) comes back as
 * errors and is not sent. Without an id it is the form on top.
 */
export async function submit(client: Client, id: string | undefined, entries: Entries): Promise<Submitted> {
  const view = enter(client, topOr(client, id), entries)
  if (view.spec['submit'] === undefined && objects(view.spec['blocks']).every((block) => block['type'] !== 'input')) {
    throw new Error(`the form "${form(view).title}" has no submit button`)
  }
  const faults = clientFaults(objects(view.spec['blocks']), view.entered)
  if (Object.keys(faults).length > 0) return { ok: true, now: 'errors', errors: faults }

  const user = client.user()
  const trigger = client.triggers.issue(user.id, view.id)
  const ack = await client.deliver({
    kind: 'interactive',
    payload: viewPayload('view_submission', { user, view, trigger }),
  })
  if (!ack.ok) return { ...failure(ack, 'form'), text: trouble.text }
  return respond(client, view, ack.payload)
}

/** Closes a form; with `all`, the whole stack, as the cross in its corner does. The app hears of it if it asked to. */
export async function close(client: Client, id?: string, options: { readonly all?: boolean } = {}): Promise<void> {
  const view = topOr(client, id)
  const closing = options.all === true ? client.workspace.stack(view.user) : [view]
  for (const each of closing) client.workspace.closeView(each.id)
  const told = closing.filter((each) => each.spec['notify_on_close'] === true)
  await Promise.all(
    told.map((each) =>
      client.deliver({
        kind: 'interactive',
        payload: viewPayload('view_closed', { user: client.user(), view: each, cleared: options.all === true }),
      }),
    ),
  )
}

function respond(client: Client, view: View, answer: JsonObject): Submitted {
  const spec = answer['view'] ?? null
  switch (text(answer['response_action'])) {
    case '':
      client.workspace.closeView(view.id)
      return { ok: true, now: 'closed' }
    case 'clear':
      for (const each of client.workspace.stack(view.user)) client.workspace.closeView(each.id)
      return { ok: true, now: 'closed' }
    case 'errors':
      return showErrors(view, object(answer['errors']))
    case 'update': {
      const current = client.workspace.views.get(view.id)
      if (current === undefined || faultsInForm(client.workspace, spec, view.id).length > 0) return trouble
      return { ok: true, now: 'updated', form: form(replaceView(client.workspace, current, object(spec))) }
    }
    case 'push':
      if (faultsInForm(client.workspace, spec).length > 0 || client.workspace.stack(view.user).length >= 3)
        return trouble
      return {
        ok: true,
        now: 'pushed',
        form: form(
          addView(client.workspace, {
            user: view.user,
            spec: object(spec),
            below: view,
          }),
        ),
      }
    default:
      return trouble
  }
}

/** Errors must stand at input blocks that are there; otherwise the client cannot show them. */
function showErrors(view: View, errors: JsonObject): Submitted {
  const inputs = objects(view.spec['blocks']).filter((block) => block['type'] === 'input')
  const known = new Set(inputs.map((block) => text(block['block_id'])))
  const shown = Object.entries(errors).map(([block, words]) => [block, text(words)] as const)
  if (shown.length === 0 || shown.some(([block, words]) => !known.has(block) || words === '')) return trouble
  return { ok: true, now: 'errors', errors: Object.fromEntries(shown) }
}

function enter(client: Client, view: View, entries: Entries): View {
  const entered = new Map(view.entered)
  const waiting = new Set(Object.keys(entries))
  for (const block of objects(view.spec['blocks'])) {
    for (const element of elementsOf(block)) {
      const ids = [text(element['action_id']), text(block['block_id'])]
      const name = ids.find((each) => waiting.has(each))
      if (name === undefined) continue
      waiting.delete(name)
      const entry = entryFor(element, entries[name] ?? null, offeredFor(client, view, block, element))
      entered.set(place(text(block['block_id']), text(element['action_id'])), entry)
    }
  }
  if (waiting.size > 0) throw new Error(`the form "${form(view).title}" has no field ${[...waiting].join(', ')}`)
  const after = { ...view, entered }
  client.workspace.setView(after)
  return after
}

function topOr(client: Client, id: string | undefined): View {
  const user = client.user()
  const view = id === undefined ? client.workspace.stack(user.id).at(-1) : client.workspace.views.get(id)
  if (view?.user !== user.id) throw new Error(`${user.handle} has no open form${id === undefined ? '' : ` ${id}`}`)
  return view
}
