import { closeSync, existsSync, fstatSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { fold } from '#/deciders/incidents.ts'
import type { IncidentId } from '#/incident/events.ts'
import { originOf } from '#/keyring.ts'
import { genesis, type Json } from '#/ledger/chain.ts'
import { type Ledger, openLedger } from '#/ledger/ledger.ts'
import { takeLock } from '#/ledger/lock.ts'
import { encodeVkey, parseVkey } from '#/ledger/note.ts'
import type { LedgerReader } from '#/ledger/reader.ts'
import {
  type KeyPurpose,
  type Rotation,
  rotationIn,
  rotationStream,
  rotationType,
  signRotation,
} from '#/ledger/rotation.ts'
import { signedPartsOf } from '#/ledger/signed.ts'
import { type KeyPair, KeyUnusable, makeKey, readPrivateKey } from '#/work/keys.ts'

/** The key was not replaced, and nothing was changed. The message says why and what to do. */
export class RotationRefused extends Error {
  override readonly name = 'RotationRefused'
}

/** What is durable, one after the other, while a key is replaced. Cut short behind any of them, the next start ends it or undoes it. */
export type RotationStep = 'made' | 'recorded' | 'replaced' | 'destroyed'

const fileNames: Readonly<Record<KeyPurpose, string>> = { ledger: 'ledger', orders: 'bot-signing' }

/**
 * Replaces a signing key of the bot: the new one is made, an entry that both have signed says so, and only then does it take the old
 * one's place, whose file is overwritten. Takes the ledger's lock for as long as it lasts. Throws {@link RotationRefused}, KeyUnusable,
 * LedgerLocked where the bot runs, LedgerUnusable.
 */
export function rotateKey({
  dataDir,
  purpose,
  now,
  after = () => undefined,
}: {
  readonly dataDir: string
  readonly purpose: KeyPurpose
  readonly now: () => Date
  /** Called behind every step, once it is durable. */
  readonly after?: (step: RotationStep) => void
}): Rotation {
  const directory = join(dataDir, 'keys')
  const file = join(dataDir, 'ledger.sqlite')
  if (!existsSync(file))
    throw new RotationRefused(`there is no ledger at ${file}: a first key is made at the first start`)
  settleRotations(dataDir)
  using ledger = openLedger({ file, now })
  refuseMeanwhile(ledger, purpose)
  const old = readPrivateKey(join(directory, `${fileNames[purpose]}.pem`), 'ed25519')
  const name = nameOf(ledger, { purpose, directory })
  refuseStranger(ledger, { purpose, name, old })

  const fresh = makeKey('ed25519')
  writeNext(directory, purpose, fresh)
  after('made')
  const { seq = 0, hash = genesis } = ledger.head() ?? {}
  const at = { seq: seq + 1, previous: hash }
  const rotation = signRotation({ purpose, name, old: old.privateKey, fresh: fresh.privateKey, at })
  ledger.append({
    incident: rotationStream,
    expected: ledger.stream(rotationStream).at(-1)?.seq ?? 0,
    at: now().toISOString(),
    drafts: [
      {
        type: rotationType,
        actor: { program: 'autentico' },
        body: { ...rotation, operator: userInfo().username } satisfies Json,
      },
    ],
  })
  after('recorded')
  replace(directory, purpose, after)
  return rotation
}

/**
 * Ends what a replacement of a key left half done: where its entry stands in the ledger the new key takes its place, otherwise it is
 * removed. To be called before the keys are read. Costs nothing where nothing is left. Throws LedgerLocked while a replacement is at work.
 */
export function settleRotations(dataDir: string): void {
  const directory = join(dataDir, 'keys')
  const left = purposes.filter((purpose) => existsSync(nextFile(directory, purpose)))
  if (left.length === 0) return
  const file = join(dataDir, 'ledger.sqlite')
  using _lock = takeLock({ file, now: () => new Date() })
  const rotations = existsSync(file) ? signedPartsOf(file).rotations : []
  for (const purpose of left) {
    const last = rotations.flatMap(({ body }) => rotationIn(body) ?? []).findLast((one) => one.purpose === purpose)
    if (last !== undefined && isKeyOf(nextFile(directory, purpose), last.to))
      replace(directory, purpose, () => undefined)
    else rmSync(nextFile(directory, purpose), { force: true })
  }
}

/** The name that a ledger's checkpoints are signed under: it follows from its first key, whatever key signs by now. */
export function ledgerName(ledger: Pick<LedgerReader, 'stream'>, key: Pick<KeyPair, 'publicKey'>): string {
  const first = firstLedgerKey(ledger)
  return first === undefined ? originOf(key.publicKey) : parseVkey(first).name
}

/** The first key that a ledger was signed with, as a verifier key; undefined where it was never replaced. */
export function firstLedgerKey(ledger: Pick<LedgerReader, 'stream'>): string | undefined {
  return rotationsIn(ledger, 'ledger')[0]?.from
}

const purposes: readonly KeyPurpose[] = ['ledger', 'orders']

function nextFile(directory: string, purpose: KeyPurpose): string {
  return join(directory, `${fileNames[purpose]}.next.pem`)
}

function rotationsIn(ledger: Pick<LedgerReader, 'stream'>, purpose: KeyPurpose): readonly Rotation[] {
  return ledger
    .stream(rotationStream)
    .flatMap(({ type, body }) => (type === rotationType ? (rotationIn(body) ?? []) : []))
    .filter((one) => one.purpose === purpose)
}

function nameOf(
  ledger: Ledger,
  { purpose, directory }: { readonly purpose: KeyPurpose; readonly directory: string },
): string {
  const name = ledgerName(ledger, readPrivateKey(join(directory, 'ledger.pem'), 'ed25519'))
  return purpose === 'ledger' ? name : `${name}/orders`
}

/** Orders that are under way were signed with the old key, and would be taken for forged. */
function refuseMeanwhile(ledger: Ledger, purpose: KeyPurpose): void {
  if (purpose !== 'orders') return
  const busy = ledger
    .streams({ having: 'IncidentOpened', without: 'IncidentClosed' })
    .filter((id) => (fold(ledger, id as IncidentId)?.orders.size ?? 0) > 0)
  if (busy.length > 0)
    throw new RotationRefused(
      `orders of ${busy.join(', ')} are under way, signed with the present key: wait until they have ended, sweeps included`,
    )
}

/** Only the key that the record leads to may name its successor; anything else would leave a chain that nobody can follow. */
function refuseStranger(
  ledger: Ledger,
  { purpose, name, old }: { readonly purpose: KeyPurpose; readonly name: string; readonly old: KeyPair },
): void {
  const last = rotationsIn(ledger, purpose).at(-1)
  if (last === undefined || last.to === encodeVkey(name, old.publicKey)) return
  throw new RotationRefused(
    `the key in ${fileNames[purpose]}.pem is not the one that the ledger names (${last.to}): put that one back`,
  )
}

function isKeyOf(file: string, vkey: string): boolean {
  try {
    return parseVkey(vkey).key.equals(readPrivateKey(file, 'ed25519').publicKey)
  } catch (error) {
    if (error instanceof KeyUnusable) return false // Cut short while it was written, so nothing was signed with it.
    throw error
  }
}

function writeNext(directory: string, purpose: KeyPurpose, { privateKey }: KeyPair): void {
  const file = openSync(nextFile(directory, purpose), 'wx', 0o600)
  writeSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  fsyncSync(file)
  closeSync(file)
  syncDirectory(directory)
}

/** The new key takes the old one's name in one move, so that there is one at any moment; then the old bytes are overwritten. */
function replace(directory: string, purpose: KeyPurpose, after: (step: RotationStep) => void): void {
  const file = join(directory, `${fileNames[purpose]}.pem`)
  const old = existsSync(file) ? openSync(file, 'r+') : undefined
  renameSync(nextFile(directory, purpose), file)
  syncDirectory(directory)
  after('replaced')
  if (old === undefined) return
  writeSync(old, Buffer.alloc(fstatSync(old).size), 0, undefined, 0)
  fsyncSync(old)
  closeSync(old)
  after('destroyed')
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r')
  fsyncSync(handle)
  closeSync(handle)
}
