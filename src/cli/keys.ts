import type { KeyPurpose } from '#/ledger/rotation.ts'
import { type RotationStep, rotateKey } from '#/record/rotate-key.ts'

/** Replaces a signing key of a bot that is stopped, and says what was done and what is left to do. Throws what `rotateKey` throws. */
export function rotateKeyAndTell({
  dataDir,
  key: purpose,
  out,
}: {
  readonly dataDir: string
  readonly key: KeyPurpose
  readonly out: (text: string) => void
}): void {
  const { from, to } = rotateKey({ dataDir, purpose, now: () => new Date(), after: (step) => out(`${said[step]}\n`) })
  out(`was: ${from}\nnow: ${to}\n${left[purpose]}\n`)
}

const said: Readonly<Record<RotationStep, string>> = {
  made: 'A new key is on disk.',
  recorded: 'The ledger says so in an entry that both keys have signed.',
  replaced: 'The new key is in place.',
  destroyed: 'The file of the old one was overwritten and removed.',
}

const left: Readonly<Record<KeyPurpose, string>> = {
  ledger: 'Whoever kept the first key can follow this by the ledger alone; nothing else has to be done. Start the bot.',
  orders:
    'Where workers run apart, give them the new public keys first: responder keys --role bot, into BOT_PUBLIC_KEYS_FILE. Then start the bot.',
}
