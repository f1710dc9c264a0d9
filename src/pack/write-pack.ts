import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import type { Recorded } from '#/incident/events.ts'
import { evidenceOf } from '#/incident/files.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { canonicalLine, type Entry } from '#/ledger/chain.ts'
import { signCheckpoint } from '#/ledger/checkpoint.ts'
import { EvidenceAltered, EvidenceMissing } from '#/ledger/evidence.ts'
import { rootOf } from '#/ledger/merkle.ts'
import { signNote } from '#/ledger/note.ts'
import type { LedgerReader } from '#/ledger/reader.ts'
import { type AuditRow, auditRowsIn, auditTable } from './audit-slice.ts'
import { evidenceFolder, folderOf, leafLine, manifestText, packFiles, sharedStream } from './layout.ts'
import { readmeText } from './readme.ts'
import { timelineMarkdown } from './timeline-markdown.ts'
import { timelinePage } from './timeline-page.ts'
import { zipTo } from './zip.ts'

export type PackSource = {
  readonly ledger: LedgerReader
  /** The pack tells of the first so many entries. The incident and its entries are as of then. */
  readonly size: number
  readonly incident: OpenedIncident
  readonly recorded: readonly Recorded[]
  /** The bytes with this digest. Throws EvidenceMissing, EvidenceAltered. */
  readonly evidence: (digest: string) => Promise<Uint8Array>
  /** The ledger's name, the key that signs for it now, and its first key as a verifier key. */
  readonly signer: { readonly name: string; readonly key: KeyObject; readonly firstKey: string }
  /** The text of the verifier that goes into the pack. */
  readonly verifier: string
  /** What Autentico's audit log answered for this pack, if it was asked. */
  readonly asked?: { readonly at: string; readonly rows: readonly AuditRow[] } | undefined
}

/** What is not in the pack although entries name it, a sentence each; and how much is. */
export type PackWritten = { readonly missing: readonly string[]; readonly files: number }

/**
 * Writes the evidence pack of an incident, piece by piece. The same state of the ledger gives the same bytes, unless Autentico was
 * asked. Nothing of other incidents is in it but the hashes of their entries.
 */
export async function writePack(source: PackSource, write: (bytes: Uint8Array) => void): Promise<PackWritten> {
  const { ledger, size, incident, recorded, signer } = source
  const folder = folderOf(incident.id)
  const zip = zipTo(write)
  const digests = new Map<string, string>()
  const add = (name: string, chunks: Iterable<Uint8Array>): void => {
    const hash = createHash('sha256')
    zip.add(`${folder}${name}`, hashed(chunks, hash))
    digests.set(name, hash.digest('hex'))
  }
  const addText = (name: string, text: string): void => add(name, [Buffer.from(text, 'utf8')])

  const own = [...ledger.stream(incident.id), ...ledger.stream(sharedStream)]
  const shown = own.filter(({ seq }) => seq <= size).toSorted((one, other) => one.seq - other.seq)
  const { missing, rows } = await addEvidence(source, add)
  const askedRows = source.asked?.rows ?? []
  const note = signCheckpoint({ origin: signer.name, size, root: rootOf(ledger.tree(size)) }, signer.key)
  const newest = ledger.entry(size)?.at ?? incident.openedAt
  addText(
    packFiles.readme,
    readmeText({
      incident,
      ledger: signer.name,
      size,
      shown: shown.length,
      newest,
      askedAt: source.asked?.at,
      missing,
    }),
  )
  add(
    packFiles.entries,
    shown.map((entry) => Buffer.from(`${canonicalLine(entry)}\n`, 'utf8')),
  )
  add(packFiles.leaves, leaves(ledger, size, new Set(shown.map(({ seq }) => seq))))
  addText(packFiles.checkpoint, note)
  addText(packFiles.firstKey, `${signer.firstKey}\n`)
  addText(packFiles.publicKey, createPublicKey(signer.key).export({ type: 'spki', format: 'pem' }).toString())
  addText(packFiles.timeline, timelineMarkdown(incident, recorded))
  addText(packFiles.page, timelinePage(incident, recorded))
  addText(packFiles.audit, auditTable(shown, [...rows, ...askedRows]))
  addText(packFiles.verifier, source.verifier)

  const head = { incident: incident.id, ledger: signer.name, size }
  const manifest = signNote(manifestText(head, digests), { name: signer.name, key: signer.key })
  zip.add(`${folder}${packFiles.manifest}`, [Buffer.from(manifest, 'utf8')])
  zip.end()
  return { missing, files: digests.size + 1 }
}

/** Every piece of evidence that the entries name, once, under its digest; and the lines of audit logs that stand in them. */
async function addEvidence(
  { recorded, evidence }: PackSource,
  add: (name: string, chunks: Iterable<Uint8Array>) => void,
): Promise<{ readonly missing: readonly string[]; readonly rows: readonly AuditRow[] }> {
  const missing: string[] = []
  const rows: AuditRow[] = []
  const named = recorded.flatMap(evidenceOf)
  for (const { digest, fileName, seq } of new Map(named.map((one) => [one.digest, one])).values()) {
    const bytes = await evidence(digest).catch((error: unknown) => {
      if (error instanceof EvidenceMissing || error instanceof EvidenceAltered) return error
      throw error
    })
    if (bytes instanceof Error) {
      const what = bytes instanceof EvidenceMissing ? 'is not in the evidence folder any more' : 'was altered'
      missing.push(`Evidence ${digest}, which entry ${seq} names, ${what}.`)
      continue
    }
    const ending = /\.[a-z0-9]{1,8}$/.exec(fileName)?.[0] ?? ''
    add(`${evidenceFolder}${digest}${ending}`, [bytes])
    rows.push(...auditRowsIn(bytes, `evidence ${digest.slice(0, 12)} of entry ${seq}`))
  }
  return { missing, rows }
}

const leavesAtATime = 5_000

function* leaves(ledger: LedgerReader, size: number, shown: ReadonlySet<number>): Iterable<Uint8Array> {
  let after = 0
  while (after < size) {
    const entries: readonly Entry[] = ledger.read({ after, limit: Math.min(leavesAtATime, size - after) })
    if (entries.length === 0) return
    yield Buffer.from(entries.map((entry) => leafLine(entry, shown.has(entry.seq))).join(''), 'utf8')
    after = entries.at(-1)?.seq ?? size
  }
}

function* hashed(chunks: Iterable<Uint8Array>, hash: ReturnType<typeof createHash>): Iterable<Uint8Array> {
  for (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
}
