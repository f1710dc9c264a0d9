import type { TemplateResult } from 'lit-html'
import { render } from 'lit-html'

/**
 * A part of the page that remembers something of its own: a press that is under way, an open menu, what was typed. It draws
 * itself whenever it is given something, and again when what it remembers has changed. It has no shadow tree, so the page's
 * styles and labels reach into it.
 */
export abstract class Drawn<Given> extends HTMLElement {
  #given: Given | undefined

  set given(given: Given) {
    this.#given = given
    this.draw()
  }

  protected get has(): Given {
    if (this.#given === undefined) throw new Error(`<${this.localName}> was given nothing to draw`)
    return this.#given
  }

  protected draw(): void {
    if (this.#given !== undefined) render(this.template(this.#given), this)
  }

  protected abstract template(given: Given): TemplateResult
}
