import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { IncidentId } from '#/incident/events.ts'
import type { OrderId } from '#/incident/work.ts'
import { type Sealed, writtenKey } from './seal.ts'

/** A secret, closed, and the key of its own that opens it; without one it was sealed to the bot's. */
type Kept = { readonly sealed: Sealed; readonly key?: KeyObject }

/**
 * Sealed secrets that wait on the bot for the one person who may see them, each with a key of its own. Once that is destroyed nobody can
 * open a copy any more, wherever one is left: at a worker, in Redis, in a backup. What the disk refuses is thrown as Node throws it, and
 * may be tried again.
 */
export type Vault = {
  /** The public key that the secret of an order is to be sealed to. The private one is on disk when this returns, and the same by every call. */
  readonly keyFor: (order: OrderId) => string
  /** Keeps the sealed secret of an order; it is on disk when this returns. The same order again replaces it. */
  readonly keep: (order: OrderId, sealed: Sealed) => void
  /** Gives it out and destroys it. Undefined: it is gone, or never was. */
  readonly take: (order: OrderId) => Kept | undefined
  /** Destroys the secret of an order, and its key. */
  readonly destroy: (order: OrderId) => void
  /** The same for everything that is left of an incident. */
  readonly clear: (incident: IncidentId) => void
}

/** A vault in a directory of its own (0700, files 0600), so that a secret outlives a restart of the bot. */
export function openVault(directory: string): Vault {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const pathOf = (order: OrderId, ending: 'json' | 'key'): string => {
    if (!/^[A-Za-z]+-\d+-\d+$/.test(order)) throw new RangeError('an order id is <incident>-<number>')
    return join(directory, `${order}.${ending}`)
  }
  const write = (file: string, content: string): void => {
    const partial = `${file}.partial`
    try {
      writeFileSync(partial, content, { mode: 0o600, flush: true })
      renameSync(partial, file)
    } finally {
      rmSync(partial, { force: true })
    }
    // The new name is durable only once the directory is.
    sync(directory)
  }
  const keyOf = (order: OrderId): KeyObject | undefined => {
    const pem = readIfThere(pathOf(order, 'key'))
    return pem === undefined ? undefined : createPrivateKey(pem)
  }
  const destroy = (order: OrderId): void => {
    // The key first: without it the rest is noise.
    remove(pathOf(order, 'key'))
    remove(pathOf(order, 'json'))
    sync(directory)
  }
  return {
    keyFor(order) {
      const known = keyOf(order)
      if (known !== undefined) return writtenKey(createPublicKey(known))
      const { publicKey, privateKey } = generateKeyPairSync('x25519')
      write(pathOf(order, 'key'), privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
      return writtenKey(publicKey)
    },
    keep: (order, sealed) => write(pathOf(order, 'json'), JSON.stringify(sealed)),
    take(order) {
      const text = readIfThere(pathOf(order, 'json'))
      if (text === undefined) return undefined
      const key = keyOf(order)
      destroy(order)
      return { sealed: JSON.parse(text) as Sealed, ...(key === undefined ? {} : { key }) }
    },
    destroy,
    clear(incident) {
      const left = readdirSync(directory).flatMap((name) => /^(.+)\.(?:json|key)$/.exec(name)?.[1] ?? [])
      for (const order of new Set(left)) if (order.startsWith(`${incident}-`)) destroy(order as OrderId)
    },
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Written over first: a file system may leave the bytes of a file that is gone. It may keep them elsewhere even so. */
function remove(file: string): void {
  try {
    writeFileSync(file, Buffer.alloc(statSync(file).size), { flag: 'r+', flush: true })
  } catch {
    // A full disk may refuse that and still delete; what deleting it says is what counts.
  }
  try {
    // Not rmSync: of a disk that refuses, it does not say why.
    unlinkSync(file)
  } catch (error) {
    if (!isMissing(error)) throw error
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
