import type { UserId } from '#/incident/people.ts'
import type { Form } from '../cards/blocks.ts'
import type { Door } from '../door.ts'
import type { Call } from '../lanes.ts'
import type { Log } from '../log.ts'
import type { Outbound, Where } from '../outbound.ts'
import type { Reference } from '../references.ts'
import type { Roster } from '../roster.ts'
import type { SigningIn } from '../signing-in.ts'
import type { Viewers } from '../viewers.ts'
import type { Workspace } from '../workspace.ts'

/** What everything that comes in works with. */
export type Desk = {
  readonly door: Door
  readonly roster: Roster
  readonly outbound: Outbound
  readonly workspace: Workspace
  /** The lane for forms, the Home tab and private answers. */
  readonly call: Call
  /** Where incidents are opened. */
  readonly channel: string
  readonly log: Log
  /** Who may have the Home tab open. */
  readonly viewers: Viewers
  /** Who is signing in to Autentico. */
  readonly signingIn: SigningIn
  /** ISO 8601, UTC, milliseconds. */
  readonly now: () => string
}

/** Somebody did something in Slack that wants an answer. */
export type Asked = {
  readonly user: UserId
  readonly where: Where
  /** Good for one form, within three seconds. */
  readonly trigger: string
  /** Acknowledges; more than once does no harm. When it takes too long, it is done without us. */
  readonly ack: () => Promise<void>
}

/** A button was pressed, or a line of a menu chosen. */
export type Press = Asked & {
  readonly reference: Reference | undefined
  /** What stands on the button, as it came: the client may have made it up. */
  readonly value: string
  /** Where it was a field of a form that reports at once: what was chosen in it. */
  readonly chosen?: string
  /** The form in which it was pressed, and what its fields hold. */
  readonly view?: Filled & { readonly id: string }
}

/** The fields of a form. */
export type Filled = {
  /** What was typed or chosen in a field; "" when nothing was. */
  readonly value: (field: string) => string
  /** The words of a chosen option, as opposed to its value. */
  readonly words: (field: string) => string
  /** Whether the form has such a field at all. */
  readonly has: (field: string) => boolean
}

export type Command = Asked & { readonly text: string }

/** A shortcut. `message` is the one it was used on. */
export type Shortcut = Asked & {
  readonly message?: { readonly channel: string; readonly ts: string; readonly thread?: string; readonly text: string }
}

/** How a form ends: it closes, shows sentences under its fields and stays, or becomes another one. */
export type FormAnswer =
  | { readonly kind: 'close' }
  | { readonly kind: 'errors'; readonly errors: Readonly<Record<string, string>> }
  | { readonly kind: 'form'; readonly form: Form }

/** A form was sent. */
export type Submission = Filled & {
  readonly user: UserId
  /** Slack's id of the form. It stays the same when the form becomes another one. */
  readonly form: string
  readonly reference: Reference | undefined
  readonly metadata: string
  readonly answer: (answer: FormAnswer) => Promise<void>
}

/** Somebody types into the target field. */
export type Suggestion = {
  readonly user: UserId
  readonly typed: string
  readonly answer: (options: object) => Promise<void>
}

export type HomeOpened = { readonly user: UserId }
