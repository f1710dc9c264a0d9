import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** The bytes of a file, or undefined when there is none. */
export function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/**
 * Puts a file where it belongs in one move: whoever reads sees the old bytes or the new ones, also after a power cut. It
 * gets owner and mode of `like`, which is what it takes the place of unless said otherwise; where that is not there it may be
 * read by everybody, unless `mode` says less.
 */
export function place(
  path: string,
  bytes: Uint8Array,
  { like = path, mode = 0o644 }: { readonly like?: string; readonly mode?: number } = {},
): void {
  const fresh = `${path}.new`
  rmSync(fresh, { force: true })
  const file = openSync(fresh, 'wx', 0o600)
  try {
    writeFileSync(file, bytes)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  dressLike(like, fresh, mode)
  renameSync(fresh, path)
  syncFolder(path)
}

/** Moves a file into the place of another. Needs no room on the disk. */
export function putBack(from: string, path: string): void {
  renameSync(from, path)
  syncFolder(path)
}

/** Removes a file if it is there. */
export function remove(path: string): void {
  rmSync(path, { force: true })
  syncFolder(path)
}

/** Where a path leads in the end, so that a link stays a link. */
export function whereIs(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if (!isMissing(error)) throw error
    return join(realpathSync(dirname(path)), basename(path))
  }
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function dressLike(like: string, fresh: string, mode: number): void {
  const old = statSync(like, { throwIfNoEntry: false })
  chmodSync(fresh, old === undefined ? mode : old.mode & 0o7777)
  // Only root may give a file away; anybody else owns what it places, which the proxy reads all the same.
  if (old !== undefined && process.getuid?.() === 0) chownSync(fresh, old.uid, old.gid)
}

function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
