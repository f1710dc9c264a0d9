import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { OrderId } from '#/incident/work.ts'
import type { Sealed } from './seal.ts'

/**
 * Sealed secrets that wait on the bot for the one person who may see them. What lies here is closed; the key is elsewhere. What the disk
 * refuses is thrown as Node throws it, and may be tried again.
 */
export type Vault = {
  /** Keeps the sealed secret of an order; it is on disk when this returns. The same order again replaces it. */
  readonly keep: (order: OrderId, sealed: Sealed) => void
  /** Gives it out and destroys it. Undefined: it is gone, or never was. */
  readonly take: (order: OrderId) => Sealed | undefined
  readonly destroy: (order: OrderId) => void
}

/** A vault in a directory of its own (0700, files 0600), so that a secret outlives a restart of the bot. */
export function openVault(directory: string): Vault {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const fileOf = (order: OrderId) => {
    if (!/^[A-Za-z]+-\d+-\d+$/.test(order)) throw new RangeError('an order id is <incident>-<number>')
    return join(directory, `${order}.json`)
  }
  const destroy = (order: OrderId) => {
    try {
      // Not rmSync: of a disk that refuses, it does not say why.
      unlinkSync(fileOf(order))
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
  return {
    keep(order, sealed) {
      const partial = `${fileOf(order)}.partial`
      try {
        writeFileSync(partial, JSON.stringify(sealed), { mode: 0o600, flush: true })
        renameSync(partial, fileOf(order))
      } finally {
        rmSync(partial, { force: true })
      }
      // The new name is durable only once the directory is.
      sync(directory)
    },
    take(order) {
      try {
        const sealed = JSON.parse(readFileSync(fileOf(order), 'utf8')) as Sealed
        destroy(order)
        return sealed
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    destroy,
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function sync(directory: string): void {
  const open = openSync(directory, 'r')
  try {
    fsyncSync(open)
  } finally {
    closeSync(open)
  }
}
