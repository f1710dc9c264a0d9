import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportPublicKey, keyIdOf, type KeyPair, KeyUnusable, loadOrMakeKey } from '#/work/keys.ts'
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
  const others = {
    bots: config.keys.botPublicKeys === undefined ? [] : readPublicKeys(config.keys.botPublicKeys),
    workers: config.keys.workerPublicKeys === undefined ? [] : readPublicKeys(config.keys.workerPublicKeys),
  }
  const bots = [...(bot === undefined ? [] : [bot.signing.publicKey, bot.sealing.publicKey]), ...others.bots]
  return {
    bot,
    worker,
    trustedBot: {
      signing: bots.filter(({ asymmetricKeyType }) => asymmetricKeyType === 'ed25519'),
      sealing: bots.find(({ asymmetricKeyType }) => asymmetricKeyType === 'x25519'),
    },
    trustedWorkers: [...(worker === undefined ? [] : [worker.signing.publicKey]), ...others.workers].filter(
      ({ asymmetricKeyType }) => asymmetricKeyType === 'ed25519',
    ),
  }
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
export function publicKeysOf({ bot, worker }: Keyring): { readonly bot: string | undefined; readonly worker: string | undefined } {
  return {
    bot: bot === undefined ? undefined : exportPublicKey(bot.signing.publicKey) + exportPublicKey(bot.sealing.publicKey),
    worker: worker === undefined ? undefined : exportPublicKey(worker.signing.publicKey),
  }
}

/** Several public keys, one PEM behind the other, in one file. */
function readPublicKeys(file: string): readonly KeyObject[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new KeyUnusable(`The file ${file} cannot be read. Put the other side's public keys there; \`responder keys\` prints them.`, { cause })
  }
  if (text.includes('PRIVATE KEY')) throw new KeyUnusable(`The file ${file} holds a private key. Put only public keys there.`)
  const blocks = text.match(/-----BEGIN PUBLIC KEY-----[\s\S]*?-----END PUBLIC KEY-----/g) ?? []
  if (blocks.length === 0) throw new KeyUnusable(`The file ${file} holds no public key. \`responder keys\` on the other side prints them.`)
  return blocks.map((block) => {
    try {
      return createPublicKey(block)
    } catch (cause) {
      throw new KeyUnusable(`The file ${file} holds a public key that cannot be read.`, { cause })
    }
  })
}
