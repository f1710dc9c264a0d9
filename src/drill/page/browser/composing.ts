import { keyOf, type Talk } from './conversations.ts'
import { isTexts, type Store } from './store.ts'

const name = 'drafts'

/** What is being typed somewhere, for the list of completions. */
export type Typing = {
  readonly key: string
  readonly caret: number
  /** Which choice is marked; undefined when none was looked for yet. */
  readonly chosen: number | undefined
  /** The list was sent away with Escape. */
  readonly dismissed: boolean
}

/** What was sent and has no answer yet, or was not taken. */
export type Sent = { readonly text: string; readonly failure: string | undefined }

/** Drafts by conversation, and what became of what was sent. */
export class Composing {
  readonly #store: Store
  #drafts: Readonly<Record<string, string>>
  readonly #sent = new Map<string, Sent>()
  typing: Typing | undefined

  constructor(store: Store) {
    this.#store = store
    this.#drafts = store.read(name, isTexts) ?? {}
  }

  draft(talk: Talk): string {
    return this.#drafts[keyOf(talk)] ?? ''
  }

  setDraft(talk: Talk, text: string): void {
    const { [keyOf(talk)]: _before, ...others } = this.#drafts
    this.#drafts = text === '' ? others : { ...others, [keyOf(talk)]: text }
    this.#store.write(name, this.#drafts)
  }

  sent(talk: Talk): Sent | undefined {
    return this.#sent.get(keyOf(talk))
  }

  /** Takes the draft out of the field: it is on its way. */
  send(talk: Talk, text: string): void {
    this.setDraft(talk, '')
    this.#sent.set(keyOf(talk), { text, failure: undefined })
    this.typing = undefined
  }

  /** It was taken. */
  settle(talk: Talk): void {
    this.#sent.delete(keyOf(talk))
  }

  /** It was not taken: it goes back into the field, before anything typed since. */
  fail(talk: Talk, failure: string): void {
    const text = this.#sent.get(keyOf(talk))?.text ?? ''
    const since = this.draft(talk)
    this.setDraft(talk, since === '' ? text : `${text}\n${since}`)
    this.#sent.set(keyOf(talk), { text, failure })
  }
}
