import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { canonicalLine, canonicalText, type Entry, genesis, type Head, type Problem, rowOf } from '#/ledger/chain.ts'
import { NoteRefused, openNote, parseVkey } from '#/ledger/note.ts'
import { followRotations, type TrustedKey } from '#/ledger/rotation.ts'
import { createWitness, type KeptCheckpoint, openNotes, type Verification } from '#/ledger/verify.ts'
import { evidenceFolder, folderOf, type ManifestHead, manifestHead, packFiles, sharedStream } from './layout.ts'

export type PackReport = Verification & {
  readonly vkey: string | undefined
  readonly firstVkey: string | undefined
}

export type KeptForPack = { readonly checkpoints?: readonly KeptCheckpoint[]; readonly firstVkey?: string | undefined }

/**
 * Holds an evidence pack, given as its files by name, against itself, and against what was kept elsewhere. Finds what `verify.mjs` finds;
 * the two share no code. Never throws for what is in the files.
 */
export function verifyPack(zip: ReadonlyMap<string, Uint8Array>, kept: KeptForPack = {}): PackReport {
  const problems: Problem[] = []
  const manifest = textOf(zip, packFiles.manifest)
  const head = manifestHead(manifest)
  if (head === undefined) return unreadable(`${packFiles.manifest} is missing, or does not say what the pack is about`)
  const files = inFolder(zip, folderOf(head.incident), problems)
  const text = (name: string): string => {
    const decoded = decode(files.get(name))
    if (decoded === undefined) problems.push({ what: `${name} is missing, or is not UTF-8` })
    return decoded ?? ''
  }
  const lines = (name: string): readonly string[] => {
    const whole = text(name)
    if (!whole.endsWith('\n')) problems.push({ what: `${name} is cut off: its last line does not end` })
    return whole.split('\n').slice(0, -1)
  }

  const leaves = readLeaves(lines(packFiles.leaves), head, problems)
  const entries = readEntries(lines(packFiles.entries), { leaves, head, problems })
  const { keys, vkey, firstVkey } = keysOf(entries, { firstKey: text(packFiles.firstKey).trim(), kept, problems })
  const checkpoints = compare(leaves, keys, {
    problems,
    ledger: head.ledger,
    notes: [
      { note: text(packFiles.checkpoint), where: `in ${packFiles.checkpoint}` },
      ...recordedNotes(entries),
      ...(kept.checkpoints ?? []),
    ],
  })
  problems.push(...signedAtTerminals(entries))
  problems.push(...checkManifest(files, { manifest, keys, size: leaves.length }))
  problems.push(...checkEvidence(files, entries))
  return {
    ok: problems.length === 0,
    entries: entries.length,
    head: headOf(leaves),
    problems,
    checkpoints,
    vkey,
    firstVkey: firstVkey === vkey ? undefined : firstVkey,
  }
}

function unreadable(what: string): PackReport {
  return {
    ok: false,
    entries: 0,
    head: undefined,
    problems: [{ what }],
    checkpoints: 0,
    vkey: undefined,
    firstVkey: undefined,
  }
}

/** The one file of this name, in whatever folder of the zip; "" where there is none. */
function textOf(zip: ReadonlyMap<string, Uint8Array>, name: string): string {
  const found = [...zip].find(([path]) => path === name || path.endsWith(`/${name}`))
  return decode(found?.[1]) ?? ''
}

/** Undefined for what is no UTF-8: two different files must never read the same. */
function decode(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined
    ? undefined
    : orNothing(() => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
}

function inFolder(
  zip: ReadonlyMap<string, Uint8Array>,
  folder: string,
  problems: Problem[],
): ReadonlyMap<string, Uint8Array> {
  for (const path of zip.keys())
    if (!path.startsWith(folder)) problems.push({ what: `${path} lies outside of ${folder}` })
  return new Map(
    [...zip].flatMap(([path, bytes]) => (path.startsWith(folder) ? [[path.slice(folder.length), bytes]] : [])),
  )
}

type Leaf = { readonly hash: string; readonly stream: string }

function readLeaves(lines: readonly string[], { size }: ManifestHead, problems: Problem[]): readonly Leaf[] {
  const leaves = lines.map((line, index) => {
    const [, seq, hash = '', stream = ''] = /^(\d+) ([0-9a-f]{64}) (\S+)$/.exec(line) ?? []
    if (seq !== String(index + 1))
      problems.push({ seq: index + 1, what: `its line in ${packFiles.leaves} is not as it has to be` })
    return { hash, stream }
  })
  if (leaves.length !== size)
    problems.push({ what: `${packFiles.leaves} has ${leaves.length} entries, the manifest says ${size}` })
  return leaves
}

function readEntries(
  lines: readonly string[],
  {
    leaves,
    head,
    problems,
  }: { readonly leaves: readonly Leaf[]; readonly head: ManifestHead; readonly problems: Problem[] },
): readonly Entry[] {
  const entries: Entry[] = []
  const seen = new Set<number>()
  for (const line of lines) {
    const entry = parsedEntry(line)
    if (entry === undefined) {
      problems.push({ what: `a line of ${packFiles.entries} is no entry: ${line.slice(0, 60)}` })
      continue
    }
    const { seq } = entry
    problems.push(...checkEntry(entry, { line, leaves, head }).map((what) => ({ seq, what })))
    if (seq <= (entries.at(-1)?.seq ?? 0)) problems.push({ seq, what: 'it stands twice, or not in order' })
    entries.push(entry)
    seen.add(seq)
  }
  for (const [index, { stream }] of leaves.entries())
    if (stream !== '-' && !seen.has(index + 1))
      problems.push({ seq: index + 1, what: `it is missing in ${packFiles.entries}` })
  return entries
}

/** An entry as far as its fields are of the right types; nothing else of it is believed. */
function parsedEntry(line: string): Entry | undefined {
  try {
    const value = JSON.parse(line) as Partial<Entry> | null
    if (typeof value !== 'object' || value === null || !Number.isSafeInteger(value.seq)) return undefined
    const texts = [value.incident, value.at, value.type, value.previous, value.hash]
    return texts.every((one) => typeof one === 'string') && value.actor !== undefined && value.body !== undefined
      ? (value as Entry)
      : undefined
  } catch {
    return undefined
  }
}

function checkEntry(
  entry: Entry,
  { line, leaves, head }: { readonly line: string; readonly leaves: readonly Leaf[]; readonly head: ManifestHead },
): readonly string[] {
  const { seq, incident, previous, hash } = entry
  const leaf = leaves[seq - 1]
  const before = seq === 1 ? genesis : leaves[seq - 2]?.hash
  return [
    ...(orNothing(() => canonicalLine(entry)) === line ? [] : ['it is not canonical JSON']),
    ...(orNothing(() => sha256(canonicalText(rowOf(entry)))) === hash
      ? []
      : ['its hash does not match its fields: it was altered']),
    ...(leaf?.hash === hash && leaf.stream === incident ? [] : [`it is not the one that ${packFiles.leaves} has`]),
    ...(previous === before ? [] : ['previous is not the hash of the entry before']),
    ...(incident === head.incident || incident === sharedStream ? [] : [`it does not belong to ${head.incident}`]),
  ]
}

function keysOf(
  entries: readonly Entry[],
  { firstKey, kept, problems }: { readonly firstKey: string; readonly kept: KeptForPack; readonly problems: Problem[] },
): { readonly keys: readonly TrustedKey[]; readonly vkey: string | undefined; readonly firstVkey: string } {
  if (kept.firstVkey !== undefined && kept.firstVkey !== firstKey)
    problems.push({ what: `${packFiles.firstKey} is not the key that was given` })
  const first = kept.firstVkey ?? firstKey
  const rotations = entries.filter(({ incident, type }) => incident === sharedStream && type === 'SigningKeyRotated')
  const followed = followRotations(rotations, { purpose: 'ledger', first })
  problems.push(...followed.problems)
  return { keys: followed.keys, vkey: followed.keys.at(-1)?.vkey, firstVkey: first }
}

function recordedNotes(entries: readonly Entry[]): readonly KeptCheckpoint[] {
  return entries.flatMap(({ seq, type, body }) => {
    const note = field(body, 'note')
    return type === 'CheckpointSigned' && typeof note === 'string' ? [{ seq, note }] : []
  })
}

/** How many checkpoints were compared. */
function compare(
  leaves: readonly Leaf[],
  keys: readonly TrustedKey[],
  {
    problems,
    ledger,
    notes,
  }: { readonly problems: Problem[]; readonly ledger: string; readonly notes: readonly KeptCheckpoint[] },
): number {
  const opened = openNotes(notes, keys, problems)
  const others = opened.filter(({ origin }) => origin !== ledger)
  problems.push(...others.map(({ where }) => ({ what: `the checkpoint${where} is of another ledger` })))
  const witness = createWitness(opened)
  for (const leaf of leaves) witness.see(leaf)
  problems.push(...witness.findings())
  return opened.length
}

function signedAtTerminals(entries: readonly Entry[]): readonly Problem[] {
  const keys = new Map<unknown, KeyObject | undefined>(
    entries
      .filter(({ type }) => type === 'KeyRegistered')
      .map(({ body }) => [field(body, 'fingerprint'), publicKeyIn(field(body, 'publicKey'))]),
  )
  return entries.flatMap(({ seq, type, body }) => {
    if (type !== 'CommandSigned') return []
    const [text, signature] = [field(body, 'text'), field(body, 'signature')]
    const key = keys.get(field(body, 'fingerprint'))
    const isSigned =
      key !== undefined &&
      typeof text === 'string' &&
      typeof signature === 'string' &&
      verify(null, Buffer.from(text, 'utf8'), key, Buffer.from(signature, 'base64'))
    return isSigned ? [] : [{ seq, what: 'the signature made at a terminal does not hold' }]
  })
}

function publicKeyIn(base64: unknown): KeyObject | undefined {
  if (typeof base64 !== 'string') return undefined
  return orNothing(() => createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' }))
}

function checkManifest(
  files: ReadonlyMap<string, Uint8Array>,
  { manifest, keys, size }: { readonly manifest: string; readonly keys: readonly TrustedKey[]; readonly size: number },
): readonly Problem[] {
  const signers = keys.filter(({ from, until }) => size >= from && size < until).map(({ vkey }) => vkey)
  let signed: string
  try {
    signed = openNote(manifest, signers.map(parseVkey))
  } catch (error) {
    if (!(error instanceof NoteRefused)) throw error
    return [{ what: `${packFiles.manifest} was refused: ${error.message}` }]
  }
  const listed = new Map(
    signed
      .split('\n')
      .slice(1, -1)
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  )
  const present = [...files].filter(([name]) => name !== packFiles.manifest)
  return [
    ...present.flatMap(([name, bytes]) => {
      const digest = listed.get(name)
      if (digest === undefined) return [{ what: `${name} is not in the manifest` }]
      return sha256(bytes) === digest ? [] : [{ what: `${name} is not the file of the manifest` }]
    }),
    ...[...listed.keys()].filter((name) => !files.has(name)).map((name) => ({ what: `${name} is missing` })),
  ]
}

function checkEvidence(files: ReadonlyMap<string, Uint8Array>, entries: readonly Entry[]): readonly Problem[] {
  const kept = new Map(
    [...files]
      .filter(([name]) => name.startsWith(evidenceFolder))
      .map(([name, bytes]) => [name.slice(evidenceFolder.length, evidenceFolder.length + 64), sha256(bytes)]),
  )
  const named = entries.flatMap(({ seq, body }) =>
    ['evidence', 'files'].flatMap((list) => digestsIn(field(body, list)).map((digest) => ({ seq, digest }))),
  )
  const digests = new Set(named.map(({ digest }) => digest))
  return [
    ...named.flatMap(({ seq, digest }) =>
      kept.get(digest) === digest ? [] : [{ seq, what: `evidence ${digest} is missing, or is not what was recorded` }],
    ),
    ...[...kept.keys()]
      .filter((digest) => !digests.has(digest))
      .map((digest) => ({ what: `evidence ${digest} belongs to no entry` })),
  ]
}

function digestsIn(list: unknown): readonly string[] {
  return (Array.isArray(list) ? (list as readonly unknown[]) : []).flatMap((one) => {
    const digest = field(one, 'digest')
    return typeof digest === 'string' ? [digest] : []
  })
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}

function headOf(leaves: readonly Leaf[]): Head | undefined {
  const last = leaves.at(-1)
  return last === undefined ? undefined : { seq: leaves.length, hash: last.hash }
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** What has no canonical form was not written by us. */
function orNothing<Result>(compute: () => Result): Result | undefined {
  try {
    return compute()
  } catch {
    return undefined
  }
}
