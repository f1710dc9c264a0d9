import { Composing } from './composing.ts'
import type { Place } from './place.ts'
import { Reading } from './reading.ts'
import { isFlag, type Store } from './store.ts'

/** Where one pane at a time is shown: which. */
export type Pane = 'channels' | 'channel' | 'thread' | 'glass'

export type Notice = { readonly id: number; readonly words: string }

/** How the Home tab is doing that is being shown. */
export type HomeLoad =
  | { readonly is: 'shown' }
  | { readonly is: 'loading' }
  | { readonly is: 'failed'; readonly words: string }

/** How long a notice stays when nobody sends it away. */
const noticeMs = 12_000
/** The most notices at a time: the oldest goes first. */
const mostNotices = 3

/** What this window alone remembers. Nobody else learns of it; some of it outlives a reload. */
export class Memory {
  readonly reading: Reading
  readonly composing: Composing
  /** What was asked for last; what is shown may be elsewhere, when the person does not have it. */
  place: Place | undefined
  pane: Pane = 'channel'
  /** The menu that is open. */
  menu: string | undefined
  home: HomeLoad = { is: 'shown' }
  /** By conversation, the message that the arrow keys have reached. */
  readonly reached = new Map<string, string>()
  /** Conversations that are scrolled up, so that new messages come below what is seen. */
  readonly scrolledUp = new Set<string>()
  /** How large each conversation was when it was last put in its place. */
  readonly measured = new Map<string, string>()
  readonly #window: Store
  readonly #changed: () => void
  #glass: boolean | undefined
  #hint: boolean
  #notices: readonly Notice[] = []
  #nextNotice = 1

  /**
   * `person` keeps what all windows of this person share, `drafts` what this window holds of theirs over a reload, and `window` what it keeps
   * whoever it shows. `changed` is called when a notice comes or goes; whoever changes anything else asks for drawing themselves.
   */
  constructor(options: {
    readonly me: string
    readonly place: Place | undefined
    readonly person: Store
    readonly drafts: Store
    readonly window: Store
    readonly changed: () => void
  }) {
    const { me, place, person, drafts, window, changed } = options
    this.reading = new Reading({ me, store: person })
    this.composing = new Composing(drafts)
    this.place = place
    if (place?.at === 'channel' && place.thread !== undefined) this.pane = 'thread'
    this.#window = window
    this.#changed = changed
    this.#glass = window.read('glass', isFlag)
    this.#hint = window.read('hint', isFlag) ?? true
  }

  /** Whether the panel behind the glass is open: as the person left it, or as wide a window as this has it. */
  glass(wide: boolean): boolean {
    return this.#glass ?? wide
  }

  setGlass(open: boolean): void {
    this.#glass = open
    this.#window.write('glass', open)
  }

  get hint(): boolean {
    return this.#hint
  }

  setHint(shown: boolean): void {
    this.#hint = shown
    this.#window.write('hint', shown)
  }

  get notices(): readonly Notice[] {
    return this.#notices
  }

  /** Shows a short notice for a while. One that says the same already is not shown twice. */
  notice(words: string): void {
    if (this.#notices.some((each) => each.words === words)) return
    const id = this.#nextNotice++
    this.#notices = [...this.#notices, { id, words }].slice(-mostNotices)
    setTimeout(() => this.dismiss(id), noticeMs)
    this.#changed()
  }

  dismiss(id: number): void {
    this.#notices = this.#notices.filter((each) => each.id !== id)
    this.#changed()
  }
}
