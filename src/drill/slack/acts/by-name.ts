import type { Json, JsonObject } from '../json.ts'
import { object, text } from '../json.ts'
import type { Actor } from './actor.ts'
import type { Press, Seen, Where } from './seen.ts'

/** Something a person does, told with the arguments as a JSON object. Throws what the actor throws. */
export type Act = (who: Actor, args: JsonObject) => Promise<object | undefined | void>

/** The act of this name, or nothing: for those that hear by HTTP what a person does. */
export function actNamed(name: string): Act | undefined {
  return Object.hasOwn(acts, name) ? acts[name] : undefined
}

const acts: Readonly<Record<string, Act>> = {
  command: (who, args) => who.command(text(args['text']), given(args, 'channel', 'thread')),
  press: (who, args) => who.press(whereOf(args), text(args['action']), how(args)),
  pressStale: (who, args) => who.pressStale(args['copy'] as Seen, text(args['action']), how(args)),
  type: (who, args) => who.type(text(args['view']), text(args['block']), text(args['action']), text(args['text'])),
  submit: (who, args) =>
    who.submit(text(args['view']) || undefined, object(args['values']) as Readonly<Record<string, Json>>),
  close: (who, args) => who.close(text(args['view']) || undefined, { all: args['all'] === true }),
  openHome: (who) => who.openHome(),
  shortcut: (who, args) => who.shortcut(text(args['callback'])),
  messageShortcut: (who, args) =>
    who.messageShortcut(text(args['callback']), { channel: text(args['channel']), ts: text(args['ts']) }),
  say: (who, args) => who.say(text(args['channel']), text(args['text']), text(args['thread']) || undefined),
  edit: (who, args) => who.edit({ channel: text(args['channel']), ts: text(args['ts']) }, text(args['text'])),
  remove: async (who, args) => who.remove({ channel: text(args['channel']), ts: text(args['ts']) }),
  dismiss: async (who, args) => who.dismiss(text(args['ts'])),
  download: async (who, args) => {
    const { name, bytes } = who.download(text(args['file']))
    return { name, text: bytes.toString('utf8') }
  },
}

function given<Name extends string>(args: JsonObject, ...names: readonly Name[]): { readonly [name in Name]?: string } {
  const present = names.filter((name) => text(args[name]) !== '').map((name) => [name, text(args[name])])
  return Object.fromEntries(present) as { readonly [name in Name]?: string }
}

function how(args: JsonObject): Press {
  return { ...given(args, 'blockId', 'value'), ...(args['selected'] !== undefined && { selected: args['selected'] }) }
}

/** `{home: true}`, `{view}`, `{channel, ts}` or `{ts}`. */
function whereOf(args: JsonObject): Where {
  if (args['home'] === true) return { home: true }
  if (text(args['view']) !== '') return { view: text(args['view']) }
  const ts = text(args['ts'])
  return text(args['channel']) === '' ? ts : { channel: text(args['channel']), ts }
}
