import type { Entries, Form, Offered, Outcome, Press, Seen, Submitted } from '../slack/acts/seen.ts'

/**
 * What the page's server and the page in a browser say to each other. One window is one person.
 *
 * - `GET  /as/<handle>`             the page, as this person
 * - `GET  /as/<handle>/live`        server-sent events: `screen` (a whole `Screen`, first and after each reconnect), then `change` (a `Change`)
 * - `GET  /as/<handle>/files/<id>`  a file of a message that this person sees, to be saved
 * - `POST /as/<handle>/<act>`       what the person does in Slack; the body is an object, the answer what Slack shows them
 * - `POST /glass/<part>`            what is done behind the glass: `attack`, `bot`, `redis`, `autentico`, `slack`, `ledger`
 *
 * A request that no person could make is answered 400 with `Refused`; so are, with the HTTP status that fits, those that no page of ours
 * sends. Messages hold Slack's own blocks and mrkdwn, as untrusted as in Slack.
 */

/** Somebody the page can act as. */
export type Member = {
  readonly handle: string
  /** Slack user id. */
  readonly user: string
  readonly name: string
  /** What they are in this drill, in a few words: "responder", "guest", "the compromised account". */
  readonly part: string
  /** May read nothing and press nothing of the incident. */
  readonly outside: boolean
}

/** A user, bot or user group that a message may mention. */
export type Mentioned = { readonly id: string; readonly handle: string; readonly name: string; readonly bot: boolean }

/** A channel, or the direct messages with the app, as this person has it in the sidebar. */
export type Channel = {
  readonly id: string
  readonly name: string
  readonly kind: 'public' | 'private' | 'im'
  /** How many people are in it. */
  readonly members: number
  readonly archived: boolean
  readonly shared: boolean
  /** Whether this person may write here. */
  readonly writable: boolean
}

/** The app as Slack shows it to this person. */
export type App = {
  readonly user: string
  readonly name: string
  readonly commands: readonly { readonly command: string; readonly description: string; readonly usage: string }[]
  readonly shortcuts: readonly {
    readonly callback: string
    readonly kind: 'global' | 'message'
    readonly name: string
  }[]
  /** Whether this person has the app at all: people of other companies have not. */
  readonly available: boolean
}

/** Everything one window shows. */
export type Screen = {
  readonly me: Member
  readonly workspace: string
  readonly cast: readonly Member[]
  readonly mentioned: readonly Mentioned[]
  readonly app: App
  readonly channels: readonly Channel[]
  /** By `<channel>/<ts>`; threads are replies whose `thread` is the parent's `ts`. */
  readonly messages: Readonly<Record<string, Seen>>
  /** Open forms, the lowest first. */
  readonly views: readonly Form[]
  readonly home: Form | null
  readonly hint: Hint
  readonly account: Account | null
  readonly instance: Instance | null
  readonly attacker: Attacker
  readonly queue: QueueView
  readonly machine: Machine
  readonly ledgerFile: LedgerFile
  /** The ledger, by sequence number. */
  readonly entries: Readonly<Record<string, LedgerEntry>>
}

type Keyed = 'messages' | 'entries'

/** What is different since the last event: a field that changed is sent whole, those with keys by key. */
export type Change = {
  readonly [Field in Exclude<keyof Screen, Keyed>]?: Screen[Field]
} & {
  readonly [Field in Keyed]?: {
    readonly set: Screen[Field]
    readonly gone: readonly string[]
  }
}

/** What to try next. It never blocks. */
export type Hint = {
  /** One sentence. Names of buttons stand as they are on the button. */
  readonly words: string
  /** Whose move it is, when it is not the person of this window. */
  readonly switchTo: string | null
  /** How far along the first incident is, 0 to 1. */
  readonly progress: number
}

/** What Autentico holds now for the target, read from its own database. */
export type Account = {
  readonly username: string
  readonly email: string
  readonly state: 'active' | 'suspended' | 'locked'
  /** One row for each kind of thing that opens a door, in a fixed order. */
  readonly holdings: readonly Holding[]
}

export type Holding = {
  readonly kind: string
  readonly label: string
  /** How many open a door now. */
  readonly live: number
  /** How many there were when the drill began, and have come since. */
  readonly ever: number
  /** The live ones, one line each, at most ten; never a secret. */
  readonly lines: readonly string[]
}

/** What Autentico as a whole is like now, for an incident that is about that. */
export type Instance = { readonly incident: string; readonly holdings: readonly InstanceHolding[] }

/** `live` and `ever` count what is the attacker's, or in the attacker's hands; `lines` name what there is, the attacker's first. */
export type InstanceHolding = Holding & {
  /** How many there are, in words: "1 of 4" while one of the four is the attacker's. */
  readonly count: string
  /** What of it the attacker has, in words: "a client"; empty: nothing. */
  readonly hold: string
}

/** The attacker, and every door tried. */
export type Attacker = {
  readonly name: string
  readonly busy: boolean
  readonly doors: readonly AttackedDoor[]
}

export type AttackedDoor = {
  readonly door: string
  /** Can be tried again and again; the others use up what was stolen. */
  readonly repeatable: boolean
  /** The first try, before anything was done; null when it was kept for later. */
  readonly before: Attempt | null
  /** The latest try after that. */
  readonly now: Attempt | null
}

export type Attempt = { readonly got: 'in' | 'out'; readonly at: string; readonly detail: string }

/** The queue, as Redis has it. */
export type QueueView = {
  /** False: Redis does not answer, and the rest is what was last seen. */
  readonly up: boolean
  readonly orders: readonly QueuedOrder[]
  readonly outcomes: number
}

export type QueuedOrder = {
  readonly id: string
  readonly what: string
  readonly state: 'waiting' | 'active' | 'delayed' | 'completed' | 'failed'
  readonly tries: number
  /** ISO 8601. */
  readonly since: string
}

/** What can be broken here, and how it is. */
export type Machine = {
  readonly bot: 'running' | 'starting' | 'dead'
  readonly redis: 'running' | 'starting' | 'stopped'
  readonly autentico: 'well' | 'slow' | 'failing' | 'stopped'
  readonly slack: 'connected' | 'reconnecting' | 'disconnected'
  /** What was broken, mended and noticed, the newest last, at most 50. */
  readonly log: readonly { readonly at: string; readonly words: string; readonly tone: 'plain' | 'good' | 'bad' }[]
}

/** One entry of the ledger. */
export type LedgerEntry = {
  readonly seq: number
  readonly at: string
  readonly incident: string
  readonly type: string
  readonly who: string
  readonly words: string
  readonly hash: string
  readonly previous: string
}

/** What somebody did to the ledger's file behind the bot's back, and what verifying it found since. */
export type LedgerFile = {
  /** The entry that is another one now, and what of it, in words. */
  readonly tampered: { readonly seq: number; readonly words: string } | null
  readonly verified: {
    /** ISO 8601. */
    readonly at: string
    readonly ok: boolean
    readonly entries: number
    readonly problems: readonly { readonly seq: number | null; readonly what: string }[]
  } | null
}

/** Where somebody presses: a message, an open form, or the Home tab. */
export type At = { readonly channel: string; readonly ts: string } | { readonly view: string } | { readonly home: true }

/** What the body of `POST /as/<handle>/<act>` says. */
export type SlackActs = {
  readonly command: { readonly text: string; readonly channel: string; readonly thread?: string }
  readonly press: At & Press & { readonly action: string }
  readonly type: { readonly view: string; readonly block: string; readonly action: string; readonly text: string }
  readonly submit: { readonly view: string; readonly values: Entries }
  /** The form on top, or with `all` every form. */
  readonly close: { readonly view?: string; readonly all?: boolean }
  readonly openHome: Readonly<Record<string, never>>
  readonly shortcut: { readonly callback: string }
  readonly messageShortcut: { readonly callback: string; readonly channel: string; readonly ts: string }
  readonly say: { readonly channel: string; readonly text: string; readonly thread?: string }
  /** Hides a message that only they see. */
  readonly dismiss: { readonly ts: string }
}

/** What Slack answers to each. */
export type SlackAnswers = {
  readonly command: Outcome
  readonly press: Outcome
  readonly type: Offered
  readonly submit: Submitted
  readonly close: { readonly ok: true }
  readonly openHome: Outcome
  readonly shortcut: Outcome
  readonly messageShortcut: Outcome
  readonly say: Seen
  readonly dismiss: { readonly ok: true }
}

/** What the body of `POST /glass/<part>` says. */
export type GlassActs = {
  readonly attack: { readonly doors: 'repeatable' | 'all' }
  readonly bot: { readonly to: 'dead' | 'running' }
  readonly redis: { readonly to: 'stopped' | 'running' }
  readonly autentico: { readonly to: Machine['autentico'] }
  readonly slack: { readonly to: 'disconnected' | 'connected' }
  readonly ledger: { readonly to: 'tampered' | 'restored' | 'verified' }
}

/** Why a request was turned down. */
export type Refused = { readonly error: string }
