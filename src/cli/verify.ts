import { readFileSync } from 'node:fs'
import type { LedgerReport } from '#/record/verify-data-dir.ts'

export type VerifyOptions = { readonly dataDir: string; readonly json?: boolean; readonly key?: string }

/**
 * Verifies a ledger, or the evidence pack that is the first of the files (`.zip`), against the checkpoints in the other files, and says
 * what does not hold. Throws LedgerUnusable.
 */
export async function verifyAndTell(
  files: readonly string[],
  { dataDir, json = false, key: firstVkey, out }: VerifyOptions & { readonly out: (text: string) => void },
): Promise<0 | 1> {
  const [first = '', ...rest] = files
  const isPack = first.toLowerCase().endsWith('.zip')
  const kept = {
    checkpoints: (isPack ? rest : files).map((name) => ({ note: readFileSync(name, 'utf8'), where: `in ${name}` })),
    firstVkey,
  }
  const report = isPack ? await pack(first, kept) : await dataDirectory(dataDir, kept)
  out(json ? `${JSON.stringify(report)}\n` : inWords(report, isPack ? 'pack' : 'ledger'))
  return report.ok ? 0 : 1
}

type Kept = { readonly checkpoints: readonly { note: string; where: string }[]; readonly firstVkey: string | undefined }

/** Each loads only what it needs. */
async function pack(file: string, kept: Kept): Promise<LedgerReport> {
  const { verifyPackFile } = await import('./verify-pack.ts')
  return verifyPackFile(file, kept)
}

async function dataDirectory(dataDir: string, kept: Kept): Promise<LedgerReport> {
  const { verifyDataDir } = await import('#/record/verify-data-dir.ts')
  return verifyDataDir(dataDir, kept)
}

function inWords({ ok, entries, head, checkpoints, problems, vkey, firstVkey }: LedgerReport, what: string): string {
  return [
    ...problems.map(({ seq, what: sentence }) => `${seq === undefined ? '' : `entry ${seq}: `}${sentence}`),
    `${what} ${ok ? 'verified' : 'NOT verified'}: ${entries} entries, head ${
      head === undefined ? 'none' : `#${head.seq} ${head.hash}`
    }, ${checkpoints} checkpoints compared`,
    ...(vkey === undefined ? [] : [`checkpoint key: ${vkey}`]),
    ...(firstVkey === undefined ? [] : [`first key: ${firstVkey}`]),
    '',
  ].join('\n')
}
