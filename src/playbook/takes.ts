import type { ActionName } from './actions.ts'
import type { InputType } from './inputs.ts'

/** One thing that an action is told by the field of that name. */
export type Taken = {
  readonly type: InputType
  readonly optional?: true
  /** For a `choice`: what the action knows. A playbook may offer fewer. */
  readonly choices?: readonly string[]
}

/** What an action has to be told, by the id of the input. Empty: nothing. What it would not know is refused: people would approve it in vain. */
export function takenBy(action: ActionName): Readonly<Record<string, Taken>> {
  return table[action] ?? {}
}

/** Without it a review of the log goes thirty days back; the others mark what is newer. */
const since = { type: 'moment', optional: true } as const
const fingerprint = { type: 'fingerprint', optional: true } as const

const table: Readonly<Partial<Record<ActionName, Readonly<Record<string, Taken>>>>> = {
  'review-audit': { since },
  'review-admins': { since },
  'review-clients': { since },
  'make-signing-key': { fingerprint },
  'replace-signing-key': { fingerprint },
  'limit-requests': {
    proxy: { type: 'choice', choices: ['configured', 'nginx', 'caddy', 'traefik'] },
    rate: { type: 'number' },
    burst: { type: 'number' },
    // None: nobody reaches the admin API through the proxy.
    networks: { type: 'networks', optional: true },
  },
}
