import { html, render } from 'lit-html'
import type { JsonObject } from '../../../slack/json.ts'
import { isObject, object, text } from '../../../slack/json.ts'
import type { Context } from '../context.ts'
import { plainObject, textObject } from './mrkdwn.ts'

/** Asks what an element wants confirmed, if it wants anything. Leaving the question in any other way means no. */
export async function isConfirmed(context: Context, element: JsonObject): Promise<boolean> {
  const confirm = element['confirm']
  return isObject(confirm) ? ask(context, confirm) : true
}

async function ask(context: Context, confirm: JsonObject): Promise<boolean> {
  const dialog = document.createElement('dialog')
  dialog.className = 'confirm'
  dialog.setAttribute('role', 'alertdialog')
  dialog.setAttribute('aria-labelledby', 'confirm-title')
  dialog.setAttribute('aria-describedby', 'confirm-text')
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const danger = confirm['style'] === 'danger'
  const answer = (yes: boolean) => (event: MouseEvent) => {
    // The second half of a double click was meant for the button that asked.
    if (event.detail > 1) return
    resolve(yes)
    dialog.close()
  }
  render(
    html`<h1 id="confirm-title">${wordsOr(confirm['title'], 'Are you sure?')}</h1>
      <div id="confirm-text" class="confirm-text">${textObject(context, object(confirm['text']))}</div>
      <div class="confirm-buttons">
        <button type="button" class="act" ?autofocus=${danger} @click=${answer(false)}>
          ${wordsOr(confirm['deny'], 'Cancel')}
        </button>
        <button
          type="button"
          class=${danger ? 'act danger filled' : 'act primary filled'}
          ?autofocus=${!danger}
          @click=${answer(true)}
        >
          ${wordsOr(confirm['confirm'], 'Yes')}
        </button>
      </div>`,
    dialog,
  )
  document.body.append(dialog)
  dialog.addEventListener('close', () => resolve(false))
  dialog.showModal()
  try {
    return await promise
  } finally {
    dialog.remove()
  }
}

function wordsOr(given: JsonObject[string], otherwise: string): string {
  return text(object(given)['text']) === '' ? otherwise : plainObject(object(given))
}
