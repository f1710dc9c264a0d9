import type {
  ActionsBlockElement,
  Button,
  ConfirmationDialog,
  ContextBlock,
  KnownBlock,
  PlainTextElement,
  PlainTextOption,
  RichTextBlock,
  RichTextBlockElement,
  View,
} from '@slack/types'
import { limits } from '../limits.ts'
import { type Reference, writeReference } from '../references.ts'
import { fitted, lines, type Mrkdwn, oneLine, shortened, visible } from './text.ts'

export type Blocks = readonly KnownBlock[]

/** A message: `text` is what screen readers and notifications say, so it carries the whole meaning. */
export type Message = { readonly text: string; readonly blocks: Blocks }

export type Form = Extract<View, { type: 'modal' }>

export function message(text: Mrkdwn, blocks: Blocks): Message {
  return { text: fitted(text, limits.messageText), blocks: blocks.slice(0, limits.blocksPerMessage) }
}

/** `verbatim` keeps Slack from making links, channels or mentions out of bare words. */
export function section(text: Mrkdwn): KnownBlock {
  return {
    type: 'section',
    text: { type: 'mrkdwn', text: present(fitted(text, limits.sectionText)), verbatim: true },
    expand: true,
  }
}

/** Slack refuses a text without a character. */
function present(text: string): string {
  return text === '' ? '–' : text
}

/** As many sections as the lines need; a line that is too long for one is cut. */
export function sections(pieces: readonly Mrkdwn[]): Blocks {
  return packed(pieces, limits.sectionText).map(section)
}

/** The same in small. */
export function contexts(pieces: readonly Mrkdwn[]): Blocks {
  return packed(pieces, limits.contextText).map((text) => context(text))
}

function packed(pieces: readonly Mrkdwn[], longest: number): readonly Mrkdwn[] {
  const texts: Mrkdwn[] = []
  for (const piece of pieces.map((one) => fitted(one, longest))) {
    const last = texts.at(-1)
    if (last !== undefined && last.length + piece.length + 1 <= longest) texts[texts.length - 1] = lines(last, piece)
    else texts.push(piece)
  }
  return texts
}

export function context(...texts: readonly Mrkdwn[]): ContextBlock {
  return {
    type: 'context',
    elements: texts
      .slice(0, limits.contextElements)
      .map((text) => ({ type: 'mrkdwn', text: present(fitted(text, limits.contextText)), verbatim: true })),
  }
}

export const divider: KnownBlock = { type: 'divider' }

/** A row of buttons; none at all when there is nothing to press, since Slack refuses an empty row. */
export function row(elements: readonly (ActionsBlockElement | undefined)[]): Blocks {
  const present = elements.filter((element) => element !== undefined)
  return present.length === 0 ? [] : [{ type: 'actions', elements: present.slice(0, limits.actionElements) }]
}

export function button(
  words: string,
  action: string,
  reference: Reference,
  options: { readonly style?: 'primary' | 'danger'; readonly confirm?: ConfirmationDialog } = {},
): Button {
  return {
    type: 'button',
    text: plain(words, limits.buttonText),
    action_id: action,
    value: writeReference(reference),
    ...options,
  }
}

export function linkButton(words: string, url: string, action: string): Button {
  return { type: 'button', text: plain(words, limits.buttonText), action_id: action, url }
}

export function confirm(question: {
  readonly title: string
  readonly text: string
  readonly yes: string
  readonly danger: boolean
}): ConfirmationDialog {
  return {
    title: plain(question.title, limits.confirmTitle),
    text: plain(question.text, limits.confirmText),
    confirm: plain(question.yes, limits.confirmButton),
    deny: plain('Back', limits.confirmButton),
    ...(question.danger ? { style: 'danger' } : {}),
  }
}

/** Plain text has no markup at all; Slack shows it as it is. An empty one is refused, so it becomes a dash. */
export function plain(text: string, longest: number): PlainTextElement {
  const shown = shortened(oneLine(text), longest)
  return { type: 'plain_text', text: present(shown), emoji: false }
}

export function option(text: string, value: string, description?: string): PlainTextOption {
  return {
    text: plain(text, limits.optionText),
    value: shortened(value, limits.optionValue),
    ...(description === undefined ? {} : { description: plain(description, limits.optionDescription) }),
  }
}

/** Plain text in a box, letter for letter and without any markup. */
export function boxed(text: string): RichTextBlock {
  return { type: 'rich_text', elements: [preformatted(shortened(text, limits.sectionText))] }
}

/** Instructions, letter for letter: what is indented is a command, and stands in a box that it can be copied from. */
export function exactly(text: string): RichTextBlock {
  const groups: { readonly isCommand: boolean; readonly lines: string[] }[] = []
  for (const one of shortened(visible(text), limits.sectionText).split('\n')) {
    const isCommand = /^ {2,}\S/.test(one)
    const last = groups.at(-1)
    if (last?.isCommand === isCommand) last.lines.push(one)
    else groups.push({ isCommand, lines: [one] })
  }
  return { type: 'rich_text', elements: groups.map(richText) }
}

function richText(group: { readonly isCommand: boolean; readonly lines: readonly string[] }): RichTextBlockElement {
  const { isCommand, lines: given } = group
  if (isCommand) return preformatted(given.map((one) => one.trimStart()).join('\n'))
  return { type: 'rich_text_section', elements: [{ type: 'text', text: `${present(given.join('\n'))}\n` }] }
}

function preformatted(text: string): RichTextBlockElement {
  return { type: 'rich_text_preformatted', elements: [{ type: 'text', text: present(text) }] }
}

/** A field for text. What is put in before the person types is cut to what the field takes. */
export function textField(field: {
  readonly id: string
  readonly label: string
  readonly hint?: string
  readonly placeholder?: string
  readonly value?: string
  readonly multiline?: boolean
  readonly optional?: boolean
  readonly longest?: number
}): KnownBlock {
  const longest = field.longest ?? limits.plainInput
  const value = shortened(visible(field.value ?? ''), longest)
  return {
    type: 'input',
    block_id: field.id,
    label: plain(field.label, limits.inputLabel),
    optional: field.optional ?? false,
    ...(field.hint === undefined ? {} : { hint: plain(field.hint, limits.inputHint) }),
    element: {
      type: 'plain_text_input',
      action_id: field.id,
      multiline: field.multiline ?? false,
      max_length: longest,
      ...(field.placeholder === undefined ? {} : { placeholder: plain(field.placeholder, limits.placeholder) }),
      ...(value === '' ? {} : { initial_value: value }),
    },
  }
}

export function form(parts: {
  readonly callback: string
  readonly title: string
  readonly blocks: Blocks
  readonly submit?: string
  readonly metadata?: string
  readonly close?: string
}): Form {
  return {
    type: 'modal',
    callback_id: parts.callback,
    title: plain(parts.title, limits.viewTitle),
    close: plain(parts.close ?? (parts.submit === undefined ? 'Close' : 'Cancel'), limits.viewTitle),
    ...(parts.submit === undefined ? {} : { submit: plain(parts.submit, limits.viewTitle) }),
    ...(parts.metadata === undefined ? {} : { private_metadata: shortened(parts.metadata, limits.viewMetadata) }),
    blocks: parts.blocks.slice(0, limits.blocksPerView),
  }
}
