import type { TemplateResult } from 'lit-html'
import { html, nothing } from 'lit-html'
import type { Context } from '../context.ts'
import { askForChannel, askForMessage } from '../events.ts'
import { fullDate, readsTwelveHours, slackDate } from './dates.ts'
import type { Inline, Named, SlackDate } from './inline.ts'
import { isAddress, messageOf } from './links.ts'

/** Runs of text as the person of this window reads them: names for ids, their own zone, links that are safe to follow. */
export function inlineView(context: Context, nodes: readonly Inline[]): readonly TemplateResult[] {
  return nodes.map((node) => nodeView(context, node))
}

function nodeView(context: Context, node: Inline): TemplateResult {
  switch (node.kind) {
    case 'text':
      return html`${node.text}`
    case 'bold':
      return html`<b>${inlineView(context, node.of)}</b>`
    case 'italic':
      return html`<i>${inlineView(context, node.of)}</i>`
    case 'strike':
      return html`<s>${inlineView(context, node.of)}</s>`
    case 'code':
      return html`<code>${node.text}</code>`
    case 'emoji':
      return html`<span class="emoji" role="img" aria-label=${node.written} title=${node.written}>${node.sign}</span>`
    case 'link':
      return linkView(context, node.url, node.label)
    case 'user':
    case 'usergroup':
      return mentionView(context, node)
    case 'channel':
      return channelView(context, node)
    case 'broadcast':
      return html`<span class="mention me">@${node.range}</span>`
    case 'date':
      return dateView(context, node)
  }
}

/**
 * A link to another site opens in a window of its own and is never fetched from here; one to a message of this workspace
 * stays in the page. What is no address of the web or of e-mail is only text.
 */
export function linkView(context: Context, url: string, label: string | TemplateResult): TemplateResult {
  if (!isAddress(url)) return html`${label}`
  const message = messageOf(url, context.screen.workspace)
  if (message === undefined)
    return html`<a href=${url} target="_blank" rel="noreferrer noopener" title=${url}>${label}</a>`
  const follow = (event: Event) => {
    event.preventDefault()
    if (event.currentTarget instanceof Element) askForMessage(event.currentTarget, message)
  }
  return html`<a href=${url} @click=${follow}>${label}</a>`
}

function mentionView({ screen }: Context, { kind, id, label }: Named): TemplateResult {
  const known = screen.mentioned.find((each) => each.id === id)
  const name = known?.handle ?? label?.replace(/^@/, '') ?? id
  const me = kind === 'user' && id === screen.me.user
  return html`<span class=${me ? 'mention me' : 'mention'} title=${known?.name ?? nothing}>@${name}</span>`
}

function channelView({ screen }: Context, { id, label }: Named): TemplateResult {
  const known = screen.channels.find((each) => each.id === id)
  // Slack says as little about a channel that somebody is not in.
  if (known === undefined)
    return html`<span class="mention">${label === undefined ? '🔒 private channel' : `#${label}`}</span>`
  const open = (event: Event) => {
    if (event.currentTarget instanceof Element) askForChannel(event.currentTarget, { channel: id })
  }
  return html`<button type="button" class="mention" @click=${open}>#${known.name}</button>`
}

function dateView(context: Context, node: SlackDate): TemplateResult {
  const reader = { now: new Date(), hour12: readsTwelveHours() }
  const words = slackDate(node.seconds, node.format, reader)
  if (words === undefined) return html`${node.fallback}`
  const time = html`<time datetime=${new Date(node.seconds * 1000).toISOString()} title=${fullDate(node.seconds, reader)}
    >${words}</time
  >`
  return node.link === undefined ? time : linkView(context, node.link, time)
}
