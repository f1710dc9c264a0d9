import { html, nothing, type TemplateResult } from 'lit-html'
import type { Member } from '../../wire.ts'
import type { Client } from '../client.ts'
import { writePlace } from '../place.ts'
import { avatar } from './avatar.ts'
import { icon } from './icons.ts'

/** Says on every page what this is. */
export function drillMark(): TemplateResult {
  return html`<p class="drill">
    <span class="drill-words"
      >${icon('flask')}<b>DRILL</b><span class="drill-more"> · everything here runs on this machine; nobody real is affected</span></span
    >
  </p>`
}

/** Everybody this window could be, one press away, at the same place. */
export function people(client: Client): TemplateResult {
  const { screen } = client
  const other = otherPerson(client)
  return html`<nav class="people" aria-label="Act as">
    <span class="people-label" aria-hidden="true">Act as</span>
    <ul>
      ${screen.cast.map((member) => html`<li>${personLink(client, member)}</li>`)}
    </ul>
    ${
      other === undefined
        ? nothing
        : html`<a class="people-window" href=${addressOf(client, other)} target="_blank" rel="noopener" title="Open another window as ${other}">
            ${icon('out')}<span>Open another window as ${other}</span>
          </a>`
    }
  </nav>`
}

/** The address of this very place as somebody else. */
export function addressOf({ place }: Client, handle: string): string {
  return `/as/${encodeURIComponent(handle)}${writePlace(place)}`
}

/** Why somebody sees so little, or nothing when they see what there is. */
export function standing({ screen }: Client): TemplateResult | typeof nothing {
  const { me, channels, app, workspace } = screen
  if (!me.outside) return nothing
  const named = channels.filter(({ kind }) => kind !== 'im').map(({ name }) => `#${name}`)
  const sees = named.length === 0 ? 'no channel' : named.join(' and ')
  return html`<p class="standing">
    You are <b>${me.handle}</b>, ${me.part}:
    ${
      app.available
        ? html`you are not in the incident channel, so Slack shows you nothing of the incident.`
        : html`you work at another company. Of ${workspace}, Slack shows you ${sees} alone, and nothing of the incident.`
    }
  </p>`
}

function personLink(client: Client, member: Member): TemplateResult {
  const { handle, part, user, name } = member
  const isMe = handle === client.screen.me.handle
  return html`<a
    class="person"
    href=${addressOf(client, handle)}
    aria-label="${handle}, ${part}"
    aria-current=${isMe ? 'page' : nothing}
    title="${name}, ${part}"
  >
    ${avatar({ id: user, name, bot: false })}
    <span class="person-words"><b>${handle}<span class="unseen">,</span></b> <small>${part}</small></span>
  </a>`
}

/** Whom a second window is for: whose move it is, otherwise another responder. */
function otherPerson({ screen }: Client): string | undefined {
  const { me, cast, hint } = screen
  if (hint.switchTo !== null && hint.switchTo !== me.handle) return hint.switchTo
  return cast.find(({ handle, part }) => handle !== me.handle && part === 'responder')?.handle
}
