import { rotationStream } from '#/ledger/rotation.ts'

/** The files of an evidence pack that are always there. All but the manifest stand in the manifest. */
export const packFiles = {
  readme: 'README.txt',
  entries: 'ledger.jsonl',
  leaves: 'leaves.txt',
  checkpoint: 'checkpoint.txt',
  firstKey: 'first-key.txt',
  publicKey: 'ledger-key.pem',
  timeline: 'timeline.md',
  page: 'timeline.html',
  audit: 'autentico-audit.csv',
  verifier: 'verify.mjs',
  manifest: 'manifest.txt',
} as const

export const evidenceFolder = 'evidence/'

/** The folder that everything in the zip lies in, so that unpacking two packs mixes nothing. */
export function folderOf(incident: string): string {
  return `${incident}-evidence-pack/`
}

/** The stream whose entries stand in every pack: who may decide, by which rules and with which keys. */
export const sharedStream = rotationStream

/** What stands in the first line of the manifest. */
export type ManifestHead = { readonly incident: string; readonly ledger: string; readonly size: number }

/** The manifest before it is signed: what the pack is about, and the SHA-256 of every other file, like `sha256sum` writes it. */
export function manifestText(
  { incident, ledger, size }: ManifestHead,
  digests: Iterable<readonly [string, string]>,
): string {
  const lines = [...digests].map(([name, digest]) => `${digest}  ${name}\n`)
  return `evidence-pack/1 ${incident} ${ledger} ${size}\n${lines.join('')}`
}

/** The first line of a manifest, signed or not. */
export function manifestHead(text: string): ManifestHead | undefined {
  const [, incident, ledger, size] = /^evidence-pack\/1 (\S+) (\S+) (\d+)\n/.exec(text) ?? []
  return incident === undefined || ledger === undefined ? undefined : { incident, ledger, size: Number(size) }
}

/** A line of `leaves.txt`: an entry's number and hash, and its stream where the pack shows it. */
export function leafLine(
  { seq, hash, incident }: { readonly seq: number; readonly hash: string; readonly incident: string },
  shown: boolean,
): string {
  return `${seq} ${hash} ${shown ? incident : '-'}\n`
}
