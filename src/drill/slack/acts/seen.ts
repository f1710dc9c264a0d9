import type { Json, JsonObject } from '../json.ts'

/** Something did not work, and this is what the person reads. */
export type Failed = { readonly ok: false; readonly error: string; readonly text: string }

/** A message as a person sees it. */
export type Seen = {
  readonly channel: string
  readonly ts: string
  readonly thread: string | undefined
  /** A reply that stands in the channel as well. */
  readonly broadcast?: true
  readonly user: string
  readonly text: string
  readonly blocks: readonly JsonObject[]
  /** Seen by this person alone, until the client is reloaded. */
  readonly ephemeral: boolean
  readonly edited: boolean
  readonly files: readonly JsonObject[]
}

/** A form or a Home tab as a person sees it. */
export type Form = {
  readonly id: string
  readonly kind: 'modal' | 'home'
  readonly title: string
  /** The submit button's text; without one the form can only be closed. */
  readonly submit: string | undefined
  /** The text of the button beside it. */
  readonly close: string
  /** That button closes every form of the stack, not this one alone. */
  readonly closesAll: boolean
  readonly callback: string
  readonly blocks: readonly JsonObject[]
  readonly hash: string
}

export type Outcome = { readonly ok: true; readonly answer?: Seen | undefined } | Failed

/** What a person acts on: a message by its `ts`, an open form by its id, or their Home tab. */
export type Where =
  | string
  | { readonly channel: string; readonly ts: string }
  | { readonly view: string }
  | { readonly home: true }

export type Press = {
  readonly blockId?: string
  /** Tells buttons apart that share an action id. */
  readonly value?: string
  /** What is chosen, for a menu or a field: an option's value or text, or what is typed. */
  readonly selected?: Json
}

export type Option = { readonly text: string; readonly value: string }

/** What a type-ahead field offers. */
export type Offered = { readonly ok: true; readonly options: readonly Option[] } | Failed

/** What a person sees after pressing a form's submit button. */
export type Submitted =
  | { readonly ok: true; readonly now: 'closed' }
  | { readonly ok: true; readonly now: 'errors'; readonly errors: Readonly<Record<string, string>> }
  | { readonly ok: true; readonly now: 'updated' | 'pushed'; readonly form: Form }
  | Failed

/** What is entered in a form before it is sent, by action id or block id. */
export type Entries = Readonly<Record<string, Json>>
