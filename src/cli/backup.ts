import { join } from 'node:path'
import { copyLedger } from '#/ledger/backup.ts'

/** Copies a ledger while its bot may be running, and says what was copied. Throws BackupRefused, LedgerUnusable. */
export async function backUp({
  dataDir,
  file,
  out,
}: {
  readonly dataDir: string
  readonly file: string
  readonly out: (text: string) => void
}): Promise<0> {
  const { entries, head } = await copyLedger({ from: join(dataDir, 'ledger.sqlite'), to: file })
  out(
    `copied ${entries} entries, head ${head?.hash ?? 'none'}. Keep a checkpoint with it: a copy alone cannot show that its end was cut off.\n`,
  )
  return 0
}
