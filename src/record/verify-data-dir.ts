import { createPublicKey, type KeyObject } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { originOf } from '#/keyring.ts'
import type { Problem } from '#/ledger/chain.ts'
import { encodeVkey, parseVkey } from '#/ledger/note.ts'
import { followRotations, type RotationEntry, rotationIn, type TrustedKey } from '#/ledger/rotation.ts'
import { signedPartsOf } from '#/ledger/signed.ts'
import { type KeptCheckpoint, type Verification, verifyLedger } from '#/ledger/verify.ts'
import { verifySigned } from './verify-signed.ts'

/** What a whole verification found, with the checkpoints that the ledger holds itself and those given from outside. */
export type LedgerReport = Verification & {
  /** The key that signs checkpoints now. */
  readonly vkey: string | undefined
  /** The key that signed the first of them, when it is another one. Whoever keeps it can follow every rotation from it. */
  readonly firstVkey: string | undefined
}

/** What a ledger is held against besides itself. */
export type Kept = {
  /** Signed notes, such as those copied from a thread. */
  readonly checkpoints?: readonly KeptCheckpoint[]
  /** The verifier key that signed the first checkpoints, as somebody kept it. */
  readonly firstVkey?: string | undefined
}

/**
 * Recomputes the whole ledger of a data directory and compares it with every checkpoint in it and with those that were kept elsewhere.
 * Follows the keys that signed them from the first, and holds what people signed at a terminal against their registered keys. Throws LedgerUnusable where there is no ledger.
 */
export async function verifyDataDir(dataDir: string, kept: Kept = {}): Promise<LedgerReport> {
  const file = join(dataDir, 'ledger.sqlite')
  const { notes, rotations } = signedPartsOf(file)
  const { keys, problems, vkey, firstVkey } = ledgerKeys(join(dataDir, 'keys'), rotations, kept.firstVkey)
  const report = await verifyLedger({
    file,
    checkpoints: [...notes, ...(kept.checkpoints ?? [])],
    vkeys: keys,
  })
  const signed = verifySigned(file, new Set(keys.map((key) => parseVkey(key.vkey).name)))
  return {
    ...report,
    ok: report.ok && problems.length === 0 && signed.length === 0,
    problems: [...problems, ...signed, ...report.problems],
    vkey,
    firstVkey: firstVkey === vkey ? undefined : firstVkey,
  }
}

type LedgerKeys = {
  readonly keys: readonly TrustedKey[]
  readonly problems: readonly Problem[]
  readonly vkey: string | undefined
  readonly firstVkey: string | undefined
}

/**
 * Who may have signed checkpoints: the keys that the rotations lead to, and what an operator put beside the present one by hand. What
 * the ledger says of its last key is compared with the key that is there.
 */
function ledgerKeys(directory: string, rotations: readonly RotationEntry[], kept: string | undefined): LedgerKeys {
  const held = ['ledger.pem', 'ledger.next.pem'].map((name) => publicKeyIn(join(directory, name)))
  const [present] = held
  const isOfOrders = ({ body }: RotationEntry): boolean => rotationIn(body)?.purpose === 'orders'
  const first = kept ?? (rotations.every(isOfOrders) && present !== undefined ? vkeyOf(present) : undefined)
  const { keys, problems } = followRotations(rotations, { purpose: 'ledger', first })
  const orders = followRotations(rotations.filter(isOfOrders), { purpose: 'orders' })
  const last = keys.at(-1)?.vkey
  const isHeld = held.some((key) => key !== undefined && last !== undefined && parseVkey(last).key.equals(key))
  const strange: readonly Problem[] =
    present === undefined || last === undefined || isHeld
      ? []
      : [{ what: `the key in ${join(directory, 'ledger.pem')} is not the one that the ledger names as its own` }]
  return {
    keys: [...keys, ...formerKeys(directory)],
    problems: [...problems, ...orders.problems, ...strange],
    vkey: last,
    firstVkey: keys[0]?.vkey,
  }
}

/** Keys that an operator replaced by hand and kept as `ledger-….pem`. No entry says until when they were good. */
function formerKeys(directory: string): readonly TrustedKey[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((name) => /^ledger-.+\.pem$/.test(name))
    .flatMap((name) => publicKeyIn(join(directory, name)) ?? [])
    .map((key) => ({ vkey: vkeyOf(key), from: 0, until: Number.POSITIVE_INFINITY }))
}

function publicKeyIn(file: string): KeyObject | undefined {
  return existsSync(file) ? createPublicKey(readFileSync(file)) : undefined
}

function vkeyOf(key: KeyObject): string {
  return encodeVkey(originOf(key), key)
}
