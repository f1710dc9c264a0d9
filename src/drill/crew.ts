import { setTimeout as pause } from 'node:timers/promises'
import { incidentChannel } from './cast.ts'
import type { Actor } from './slack/acts/actor.ts'
import type { Entries, Form, Outcome, Seen, Submitted } from './slack/acts/seen.ts'
import { type Json, type JsonObject, object, objects, text } from './slack/json.ts'

/** Somebody at a Slack client who looks for things by the words that stand on them, as people do. */
export type Member = {
  readonly actor: Actor
  /** Presses the newest button that they see with these words; choosing from a menu counts. Throws when there is none. */
  readonly press: (words: string | RegExp) => Promise<Outcome>
  /** The newest message with such a button, now. */
  readonly button: (words: string | RegExp) => Seen | undefined
  /** Waits until a button with these words is there, and presses it. */
  readonly pressWhenThere: (words: string | RegExp, limitMs?: number) => Promise<Outcome>
  /** Waits for a form with this title, fills it in by the labels of its fields, and sends it. */
  readonly fillIn: (title: string | RegExp, answers?: Readonly<Record<string, Json>>) => Promise<Submitted>
  /** Waits for a message that says this: in the channel, in a thread, or to them alone. */
  readonly reads: (words: string | RegExp, limitMs?: number) => Promise<Seen>
  /** The newest message only they see that says this. */
  readonly toldAlone: (words: string | RegExp, limitMs?: number) => Promise<Seen>
  /** `/autentico incident`, then the form. Answers with what became of the form. Without a target it is about Autentico as a whole. */
  readonly openIncident: (what: {
    /** By its id; without one, the one that the form shows at first. */
    readonly playbook?: string
    readonly target?: string
    readonly summary?: string
    readonly severity?: string
  }) => Promise<Submitted>
}

const patienceMs = 20_000

export function member(actor: Actor): Member {
  const button = (words: string | RegExp) =>
    actor.sees().findLast((message) => findButton(message, words) !== undefined)
  const press = async (words: string | RegExp): Promise<Outcome> => {
    const message = button(words)
    const found = message === undefined ? undefined : findButton(message, words)
    if (message === undefined || found === undefined) throw new Error(`nobody sees a button that says ${String(words)}`)
    return actor.press({ channel: message.channel, ts: message.ts }, found.action, found.how)
  }
  const form = async (title: string | RegExp) =>
    until(() => actor.views().findLast((view) => matches(view.title, title)), `a form called ${String(title)}`)

  const fillIn = async (title: string | RegExp, answers: Readonly<Record<string, Json>> = {}): Promise<Submitted> => {
    const view = await form(title)
    return actor.submit(view.id, entriesFor(view, answers))
  }
  const reads = async (words: string | RegExp, limitMs = patienceMs) =>
    until(
      () => actor.sees().findLast((message) => matches(wordsOf(message), words)),
      `a message that says ${String(words)}`,
      limitMs,
    )

  return {
    actor,
    press,
    button,
    async pressWhenThere(words, limitMs = patienceMs) {
      await until(() => button(words), `a button that says ${String(words)}`, limitMs)
      return press(words)
    },
    fillIn,
    reads,
    toldAlone: async (words, limitMs = patienceMs) =>
      until(
        () => actor.sees().findLast((message) => message.ephemeral && matches(wordsOf(message), words)),
        `a private message that says ${String(words)}`,
        limitMs,
      ),
    async openIncident({ playbook, target, summary = 'Login from two countries', severity = 'sev2' }) {
      const command = ['/autentico incident', ...(playbook === undefined ? [] : [playbook])].join(' ')
      const asked = await actor.command(command, { channel: incidentChannel.id })
      if (!asked.ok) return asked
      const view = await form('Open an incident')
      const about = { 'What happened': summary, Severity: severity }
      if (target === undefined) return fillIn('Open an incident', about)
      const field = blockLabelled(view, 'Target')
      const id = text(field['block_id'])
      const action = text(object(field['element'])['action_id'])
      const offered = await actor.type(view.id, id, action, target)
      if (!offered.ok) return offered
      const option =
        offered.options.find((one) => one.text === target || one.text.startsWith(`${target} `)) ?? offered.options[0]
      if (option === undefined) throw new Error(`the type-ahead offers nothing for ${target}`)
      return fillIn('Open an incident', { Target: option.value, ...about })
    },
  }
}

/** The same person, with eyes for some messages only. */
export function looking(actor: Actor, eyes: (message: Seen) => boolean): Member {
  return member({ ...actor, sees: () => actor.sees().filter(eyes) })
}

/** Waits until `look` finds something. Throws after `limitMs`, naming what did not come. */
export async function until<T>(look: () => T | undefined, what: string, limitMs = patienceMs): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    if (performance.now() > end) throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`)
    await pause(40)
  }
}

/** All the words of a message: its text, and those of its blocks. */
export function wordsOf(message: Pick<Seen, 'text' | 'blocks'>): string {
  return [message.text, ...message.blocks.flatMap(wordsIn)].join('\n')
}

/** All the words of a form. */
export function wordsOfForm(view: Form): string {
  return view.blocks.flatMap(wordsIn).join('\n')
}

function wordsIn(block: JsonObject): readonly string[] {
  return Object.entries(block).flatMap(([key, value]): readonly string[] => {
    if (key === 'text' && typeof value === 'string') return [value]
    if (Array.isArray(value)) return objects(value as Json).flatMap(wordsIn)
    return typeof value === 'object' && value !== null ? wordsIn(object(value as Json)) : []
  })
}

type Button = {
  readonly action: string
  readonly how: { readonly value?: string; readonly selected?: string; readonly blockId?: string }
}

function findButton(message: Seen, words: string | RegExp): Button | undefined {
  for (const block of message.blocks) {
    const accessory = block['accessory']
    const elements = [...objects(block['elements']), ...(accessory === undefined ? [] : [object(accessory)])]
    const blockId = text(block['block_id'])
    for (const element of elements) {
      const action = text(element['action_id'])
      if (element['type'] === 'button' && labelsOf(element).some((label) => matches(label, words))) {
        return { action, how: { blockId, value: text(element['value']) } }
      }
      const option =
        element['type'] === 'overflow'
          ? objects(element['options']).find((one) => matches(labelOf(one), words))
          : undefined
      if (option !== undefined) return { action, how: { blockId, selected: text(option['value']) } }
    }
  }
  return undefined
}

/** What stands on a button, and what is read out in its place. */
function labelsOf(element: JsonObject): readonly string[] {
  const spoken = text(element['accessibility_label'])
  return spoken === '' ? [labelOf(element)] : [labelOf(element), spoken]
}

function labelOf(element: JsonObject): string {
  return text(object(element['text'])['text'])
}

function blockLabelled(view: Form, label: string): JsonObject {
  const block = view.blocks.find((one) => one['type'] === 'input' && text(object(one['label'])['text']) === label)
  if (block === undefined) throw new Error(`the form "${view.title}" has no field "${label}"`)
  return block
}

function entriesFor(view: Form, answers: Readonly<Record<string, Json>>): Entries {
  return Object.fromEntries(
    Object.entries(answers).map(([label, value]) => [text(blockLabelled(view, label)['block_id']), value]),
  )
}

function matches(words: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? words.includes(wanted) : wanted.test(words)
}
