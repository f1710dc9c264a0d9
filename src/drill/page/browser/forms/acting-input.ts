import type { TemplateResult } from 'lit-html'
import { html } from 'lit-html'
import { object, text } from '../../../slack/json.ts'
import { failedMark } from '../blocks/button.ts'
import { isConfirmed } from '../blocks/confirm.ts'
import { Drawn } from '../blocks/drawn.ts'
import { plainObject } from '../blocks/mrkdwn.ts'
import type { Acting } from '../blocks/press.ts'
import { press } from '../blocks/press.ts'
import type { Moment } from './field.ts'
import { fieldView, inputBlock } from './field.ts'
import type { Entered } from './values.ts'
import { jsonOf, placeOf, startOf } from './values.ts'

/** How long somebody pauses in a text before an app that wants each letter is told. */
const pauseMs = 400

/**
 * A menu or field that stands in a message, on the Home tab or among the buttons of a form. The app hears of each choice at
 * once; in an `input` block only if it asked to.
 */
export class ActingInput extends Drawn<Acting> {
  #entered: Entered | undefined
  #place = ''
  #waiting = false
  #failed: string | undefined
  #pause: ReturnType<typeof setTimeout> | undefined

  disconnectedCallback(): void {
    clearTimeout(this.#pause)
  }

  protected template({ scene, block, element }: Acting): TemplateResult {
    const { context, at } = scene
    const place = placeOf(block, element)
    // Another field has come into this one's place.
    if (place !== this.#place) this.#entered = undefined
    this.#place = place
    const surface = 'view' in at ? at.view : 'home' in at ? 'home' : `${at.channel}-${at.ts}`
    const field = {
      context,
      id: `field-${surface}-${text(block['block_id'])}-${text(element['action_id'])}`.replaceAll(/[^\w-]/g, '_'),
      element,
      busy: this.#waiting,
      entered: this.#entered ?? startOf(element),
      change: (entered: Entered, moment: Moment) => void this.#change(entered, moment),
      ask: (typed: string) =>
        context.act('type', {
          view: 'view' in at ? at.view : '',
          block: text(block['block_id']),
          action: text(element['action_id']),
          text: typed,
        }),
    }
    if (block['type'] === 'input') return html`${inputBlock(block, field, undefined)}${failedMark(this.#failed)}`
    const label = plainObject(object(element['placeholder'])) || 'Choose an option'
    const alone = { ...field, label, labelledBy: undefined, describedBy: undefined, optional: false, wrong: false }
    return html`${fieldView(alone)}${failedMark(this.#failed)}`
  }

  async #change(entered: Entered, moment: Moment): Promise<void> {
    const { scene, element } = this.has
    const before = this.#entered
    this.#entered = entered
    this.draw()
    clearTimeout(this.#pause)
    if (!this.#tells(moment)) return
    if (moment === 'typed') {
      this.#pause = setTimeout(() => void this.#send(entered), pauseMs)
      return
    }
    if (await isConfirmed(scene.context, element)) await this.#send(entered)
    else {
      this.#entered = before
      this.draw()
    }
  }

  #tells(moment: Moment): boolean {
    const { block, element } = this.has
    if (block['type'] === 'input' && block['dispatch_action'] !== true) return false
    return moment === 'done' || sendsEachLetter(element)
  }

  async #send(entered: Entered): Promise<void> {
    this.#waiting = true
    this.#failed = undefined
    this.draw()
    this.#failed = await press(this.has, jsonOf(this.has.element, entered))
    this.#waiting = false
    this.draw()
  }
}

/** Whether an app that hears of a text wants it before Enter is pressed. */
export function sendsEachLetter(element: Acting['element']): boolean {
  const on = object(element['dispatch_action_config'])['trigger_actions_on']
  return Array.isArray(on) && on.includes('on_character_entered')
}

customElements.define('acting-input', ActingInput)
