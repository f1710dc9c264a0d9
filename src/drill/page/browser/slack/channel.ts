import { html, nothing, type TemplateResult } from 'lit-html'
import type { Channel } from '../../wire.ts'
import type { Client } from '../client.ts'
import { composer, noComposer } from './composer.ts'
import { icon } from './icons.ts'
import { messageList } from './message-list.ts'

/** A channel: its name, what is said in it, and the field to say something. */
export function channelView(client: Client, channel: Channel): TemplateResult {
  const { id, name, members, writable } = channel
  return html`<main id="main" class="pane pane-channel" tabindex="-1">
    <header class="pane-head">
      <h1># ${name}</h1>
      <p class="pane-about">${[...traits(channel), `${members} ${members === 1 ? 'member' : 'members'}`].join(' · ')}</p>
    </header>
    <div class="conversation">
      ${messageList(client, {
        talk: { channel: id },
        messages: client.talks.get(id) ?? [],
        label: `Messages in #${name}`,
        beginning: beginning(client, channel),
      })}
    </div>
    ${writable ? composer(client, { channel: id }, { label: `Message #${name}` }) : noComposer(whyNot(channel))}
  </main>`
}

/** What is special about a channel, in words. */
function traits({ kind, shared, archived }: Channel): readonly string[] {
  return [
    kind === 'private' ? 'Private' : 'Public',
    ...(shared ? ['shared with another company'] : []),
    ...(archived ? ['archived'] : []),
  ]
}

function beginning({ screen }: Client, { name, kind, id }: Channel): TemplateResult {
  const command = screen.app.available ? screen.app.commands[0] : undefined
  const isEmpty = !Object.values(screen.messages).some(({ channel }) => channel === id)
  return html`<div class="beginning">
    <p class="beginning-name">${kind === 'private' ? icon('lock') : '#'} ${name}</p>
    <p>
      This is the very beginning of the ${kind} channel
      <b>#${name}</b>.${
        isEmpty && command !== undefined && kind === 'private'
          ? html` Nothing has happened here yet. ${command.description}: type <code>${command.command}</code> below.`
          : nothing
      }
    </p>
  </div>`
}

function whyNot({ archived, name }: Channel): string {
  return archived ? `#${name} is archived: nobody can write in it.` : `You can read #${name}, but not write in it.`
}
