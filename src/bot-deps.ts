import type { Logger } from 'pino'
import type { Health } from '#/doors/health.ts'
import type { consumeOutcomes } from '#/work/outcomes.ts'
import type { Config, Secrets, SlackConfig } from './config.ts'
import type { BotKeys } from './keyring.ts'

/** What a bot is built from, whether it may write or not. */
export type BotDeps = {
  readonly config: Config & { readonly slack: SlackConfig }
  readonly secrets: Secrets
  readonly keys: BotKeys
  readonly workerKeys: Parameters<typeof consumeOutcomes>[0]['workerKeys']
  readonly log: Logger
  /** Something is stuck that only a restart mends: the program ends, and its supervisor starts it again. */
  readonly onStuck: (why: string) => void
  /** Where operators look, when an address for that is configured. */
  readonly health?: Health | undefined
}
