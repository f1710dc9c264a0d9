import type { KeyObject } from 'node:crypto'
import { type Frontier, rootOf } from './merkle.ts'
import { NoteRefused, openNote, parseVkey, signNote } from './note.ts'

/** A statement about the first `size` entries of one ledger (C2SP tlog-checkpoint). */
export type Checkpoint = {
  /** Names the ledger, like a URL without a scheme; also the name of the key that signs. */
  readonly origin: string
  readonly size: number
  /** RFC 6962 root over the 32-byte hashes of entries 1 to `size`. */
  readonly root: Buffer
}

/**
 * Signs the ledger as it is now, or as it was when it had `size` entries. The result is a signed note that anyone may keep: whoever
 * has it notices when an entry it covers is changed or removed. O(log n) for the head, one scan of the hashes for an
 * earlier size. Throws a RangeError when the ledger has fewer entries than `size`.
 */
export function checkpoint(
  ledger: { readonly tree: (size?: number) => Frontier },
  { origin, key, size }: { readonly origin: string; readonly key: KeyObject; readonly size?: number },
): string {
  const tree = ledger.tree(size)
  return signCheckpoint({ origin, size: tree.size, root: rootOf(tree) }, key)
}

/** The note for a checkpoint, signed under its origin's name. */
export function signCheckpoint({ origin, size, root }: Checkpoint, key: KeyObject): string {
  return signNote(`${origin}\n${size}\n${root.toString('base64')}\n`, { name: origin, key })
}

/**
 * What a note says, once one of the `vkeys` has signed it under the origin's name. Throws {@link NoteRefused} otherwise, and for
 * a text that is not a checkpoint. Extension lines are allowed and ignored.
 */
export function openCheckpoint(note: string, vkeys: readonly string[]): Checkpoint {
  const claimed = note.slice(0, Math.max(0, note.indexOf('\n')))
  // A key speaks for its own ledger only: a note of another origin is not evidence about this one.
  const keys = vkeys.map(parseVkey).filter(({ name }) => name === claimed)
  return parseCheckpoint(openNote(note, keys))
}

function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', decimal = '', encoded = '', ...extensions] = text.slice(0, -1).split('\n')
  const size = Number(decimal)
  const root = Buffer.from(encoded, 'base64')
  if (origin === '' || extensions.includes('')) throw new NoteRefused('a checkpoint has no empty lines')
  if (!/^(0|[1-9]\d*)$/.test(decimal) || !Number.isSafeInteger(size)) {
    throw new NoteRefused('the second line of a checkpoint is the number of entries')
  }
  if (root.length !== 32 || root.toString('base64') !== encoded) {
    throw new NoteRefused('the third line of a checkpoint is the base64 of a 32-byte root')
  }
  return { origin, size, root }
}
