import { existsSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { recordedOf } from '#/deciders/incidents.ts'
import type { IncidentId } from '#/incident/events.ts'
import { evidenceOf } from '#/incident/files.ts'
import { EvidenceAltered, EvidenceMissing, readEvidence } from '#/ledger/evidence.ts'
import type { LedgerReader } from '#/ledger/reader.ts'

/** What came of writing an incident's evidence out. Each problem is a sentence for an operator. */
export type FilesWritten =
  | { readonly kind: 'no such incident' }
  /** Nothing was written: these are there already, and an export never overwrites. */
  | { readonly kind: 'taken'; readonly files: readonly string[] }
  | { readonly kind: 'written'; readonly files: readonly string[]; readonly problems: readonly string[] }

/**
 * Writes every piece of evidence that an incident's entries name into a folder, each as a file (0600) that is called as in the thread. What is
 * gone, or is not what was recorded, is left out and is a problem.
 */
export async function exportFiles(
  ledger: LedgerReader,
  id: IncidentId,
  { dataDir, folder }: { readonly dataDir: string; readonly folder: string },
): Promise<FilesWritten> {
  const entries = ledger.stream(id)
  if (entries.length === 0) return { kind: 'no such incident' }
  const evidence = entries.map(recordedOf).flatMap(evidenceOf)
  const taken = evidence.map(({ fileName }) => join(folder, fileName)).filter((file) => existsSync(file))
  if (taken.length > 0) return { kind: 'taken', files: taken }

  await mkdir(folder, { recursive: true, mode: 0o700 })
  const files: string[] = []
  const problems: string[] = []
  for (const { digest, fileName, seq } of evidence) {
    const bytes = await readEvidence(join(dataDir, 'evidence'), digest).catch((error: unknown) => {
      if (error instanceof EvidenceMissing || error instanceof EvidenceAltered) return error
      throw error
    })
    if (bytes instanceof Error) {
      problems.push(`${fileName} was not written: entry #${seq} names it, but ${bytes.message}.`)
      continue
    }
    const file = join(folder, fileName)
    await using handle = await open(file, 'wx', 0o600)
    await handle.writeFile(bytes)
    files.push(file)
  }
  return { kind: 'written', files, problems }
}
