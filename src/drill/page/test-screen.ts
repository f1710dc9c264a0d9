import type { Seen } from '../slack/acts/seen.ts'
import type { Screen } from './wire.ts'

/** What ana sees where nothing has happened yet. */
export const blankScreen: Screen = {
  me: { handle: 'ana', user: 'U0ANA', name: 'Ana Ruiz', part: 'responder', outside: false },
  workspace: 'Acme',
  cast: [],
  mentioned: [],
  app: { user: 'U0RESPONDER', name: 'Autentico Responder', commands: [], shortcuts: [], available: true },
  channels: [],
  messages: {},
  views: [],
  home: null,
  hint: { words: 'Go on.', switchTo: null, progress: 0 },
  account: null,
  instance: null,
  attacker: { name: 'mallory', busy: false, doors: [] },
  queue: { up: true, orders: [], outcomes: 0 },
  machine: { bot: 'running', redis: 'running', autentico: 'well', slack: 'connected', log: [] },
  ledgerFile: { tampered: null, verified: null },
  entries: {},
}

/** A message for a test; what it does not say is as in most messages. */
export function message(given: Partial<Seen> & { readonly ts: string }): Seen {
  return {
    channel: 'C0INCIDENTS',
    thread: undefined,
    user: 'U0BAO',
    text: 'words',
    blocks: [],
    ephemeral: false,
    edited: false,
    files: [],
    ...given,
  }
}
