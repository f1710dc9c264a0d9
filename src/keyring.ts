import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { exportPublicKey, type KeyPair, keyIdOf, loadOrMakeKey, type PublicKeys, readPublicKeys } from '#/work/keys.ts'
import type { Config } from './config.ts'

/** The keys of the bot: what it signs orders and checkpoints with, and what secrets are sealed to. */
export type BotKeys = { readonly signing: KeyPair; readonly sealing: KeyPair; readonly ledger: KeyPair }

/** What this process signs with, and whom it believes. */
export type Keyring = {
  readonly bot: BotKeys | undefined
  readonly worker: { readonly signing: KeyPair } | undefined
  /** Whose orders a worker takes, and to whom it seals. */
  readonly trustedBot: { readonly signing: readonly KeyObject[]; readonly sealing: KeyObject | undefined }
  /** Whose outcomes the bot believes. */
  readonly trustedWorkers: readonly KeyObject[]
}

/**
 * The keys of this process, made on first start in `DATA_DIR/keys` (directory 0700, files 0600). Where bot and worker run apart, each
 * is given the other's public keys in a file. Throws KeyUnusable.
 */
export function openKeyring(config: Pick<Config, 'role' | 'dataDir' | 'keys'>): Keyring {
  const { role } = config
  const directory = join(config.dataDir, 'keys')
  const bot = role === 'worker' ? undefined : botKeys(directory)
  const worker = role === 'bot' ? undefined : { signing: loadOrMakeKey(directory, 'worker-signing', 'ed25519') }
  const bots = publicKeysIn(config.keys.botPublicKeys)
  const workers = publicKeysIn(config.keys.workerPublicKeys)
  return {
    bot,
    worker,
    trustedBot: {
      signing: [...(bot === undefined ? [] : [bot.signing.publicKey]), ...bots.signing],
      sealing: bot?.sealing.publicKey ?? bots.sealing[0],
    },
    trustedWorkers: [...(worker === undefined ? [] : [worker.signing.publicKey]), ...workers.signing],
  }
}

function publicKeysIn(file: string | undefined): PublicKeys {
  return file === undefined ? { signing: [], sealing: [] } : readPublicKeys(file)
}

/** The bot's keys alone, for commands that look at the ledger. */
export function botKeys(directory: string): BotKeys {
  return {
    signing: loadOrMakeKey(directory, 'bot-signing', 'ed25519'),
    sealing: loadOrMakeKey(directory, 'bot-sealing', 'x25519'),
    ledger: loadOrMakeKey(directory, 'ledger', 'ed25519'),
  }
}

/** The name that a ledger signs its checkpoints under: it follows from its key, so it needs no configuration. */
export function originOf(ledgerKey: KeyObject): string {
  return `autentico-responder/${keyIdOf(ledgerKey)}`
}

/** What the other side has to be given: the public keys of this role, as one PEM text. */
export function publicKeysOf({ bot, worker }: Keyring): {
  readonly bot: string | undefined
  readonly worker: string | undefined
} {
  return {
    bot:
      bot === undefined ? undefined : exportPublicKey(bot.signing.publicKey) + exportPublicKey(bot.sealing.publicKey),
    worker: worker === undefined ? undefined : exportPublicKey(worker.signing.publicKey),
  }
}
