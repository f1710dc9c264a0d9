import type { App, Channel, Mentioned } from '../../wire.ts'

/** What may be put in place of what is being typed. */
export type Completion = {
  /** What the list is: the words before it is read out. */
  readonly of: 'Commands' | 'People' | 'Channels'
  /** Where in the text the completed part begins; it ends at the caret. */
  readonly from: number
  readonly choices: readonly Choice[]
  /** Whether Enter takes the first choice without it being looked for: not where the text may be sent as it is. */
  readonly eager: boolean
}

export type Choice = {
  readonly label: string
  /** What stands beside it, smaller. */
  readonly detail: string
  /** What takes the place of what was typed. */
  readonly text: string
}

type Known = {
  readonly app: App
  readonly mentioned: readonly Mentioned[]
  readonly channels: readonly Channel[]
}

/** The most choices shown for a name. */
const most = 8

/**
 * What could complete the text before the caret: a command at its very beginning, one of the command's own words after it, or a name after
 * `@` or `#`. Nothing where the text is complete as it stands.
 */
export function completionsFor(text: string, caret: number, known: Known): Completion | undefined {
  const before = text.slice(0, caret)
  return commandFor(before, known) ?? wordFor(before, known) ?? nameFor(before, known)
}

/** The text with a choice in place, and where the caret then is. */
export function completed(
  text: string,
  caret: number,
  { completion, choice }: { readonly completion: Completion; readonly choice: Choice },
): { readonly text: string; readonly caret: number } {
  const rest = text.slice(caret).replace(/^\S*[ ]?/, '')
  const head = text.slice(0, completion.from) + choice.text
  return { text: head + rest, caret: head.length }
}

/** The ways a command may be used, out of its usage hint: alternatives with `|` between them, each a word and what follows it. */
export function usesOf(usage: string): readonly { readonly word: string; readonly rest: string }[] {
  return usage
    .split('|')
    .map((use) => use.trim())
    .filter((use) => /^[\w-]/.test(use))
    .map((use) => {
      const [word = '', ...rest] = use.split(/\s+/)
      return { word, rest: rest.join(' ') }
    })
}

function commandFor(before: string, { app }: Known): Completion | undefined {
  if (!/^\/\S*$/.test(before) || !app.available) return undefined
  const choices = app.commands
    .filter(({ command }) => command.startsWith(before.toLowerCase()) && command !== before)
    .map(({ command, description, usage }) => ({ label: command, detail: description || usage, text: `${command} ` }))
  return choices.length === 0 ? undefined : { of: 'Commands', from: 0, choices, eager: true }
}

function wordFor(before: string, { app }: Known): Completion | undefined {
  const [, name, gap = '', typed = ''] = /^(\/\S+)(\s+)(\S*)$/.exec(before) ?? []
  const command = app.available ? app.commands.find((each) => each.command === name) : undefined
  if (command === undefined || name === undefined) return undefined
  const choices = usesOf(command.usage)
    .filter(({ word }) => word.startsWith(typed.toLowerCase()) && word !== typed)
    .map(({ word, rest }) => ({
      label: `${command.command} ${word}`,
      detail: rest,
      text: rest === '' ? word : `${word} `,
    }))
  if (choices.length === 0) return undefined
  return { of: 'Commands', from: name.length + gap.length, choices, eager: typed !== '' }
}

function nameFor(before: string, { mentioned, channels }: Known): Completion | undefined {
  const [, sign, typed = ''] = /(?:^|[\s(])([@#])([\w.-]*)$/.exec(before) ?? []
  if (sign === undefined) return undefined
  const from = before.length - typed.length - 1
  const fits = (...names: readonly string[]) => names.some((name) => name.toLowerCase().startsWith(typed.toLowerCase()))
  const choices =
    sign === '@'
      ? mentioned
          .filter(({ handle, name }) => handle !== typed && fits(handle, ...name.split(' ')))
          .map(({ handle, name, bot }) => ({ label: `@${handle}`, detail: bot ? 'app' : name, text: `@${handle} ` }))
      : channels
          .filter(({ kind, name }) => kind !== 'im' && name !== typed && fits(name))
          .map(({ name }) => ({ label: `#${name}`, detail: '', text: `#${name} ` }))
  if (choices.length === 0) return undefined
  return { of: sign === '@' ? 'People' : 'Channels', from, choices: choices.slice(0, most), eager: true }
}
