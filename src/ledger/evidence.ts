import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** There is no evidence under this digest in the directory. */
export class EvidenceMissing extends Error {
  override readonly name = 'EvidenceMissing'
}

/** The file's bytes are not the ones its name promises. They are never returned. */
export class EvidenceAltered extends Error {
  override readonly name = 'EvidenceAltered'
}

/**
 * Keeps bytes under the hex SHA-256 of themselves and returns it once they are on disk (file 0600, directory 0700). The
 * same bytes again change nothing; a file altered meanwhile is put right.
 */
export async function storeEvidence(directory: string, bytes: Uint8Array): Promise<string> {
  const digest = digestOf(bytes)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  if (!(await isIntact(directory, digest))) await put(directory, digest, bytes)
  // The name is durable only once the directory is. One that is there already may never have come so far.
  await sync(directory)
  return digest
}

async function put(directory: string, digest: string, bytes: Uint8Array): Promise<void> {
  const partial = join(directory, `.${digest}.${randomUUID()}`)
  try {
    await writeDurably(partial, bytes)
    await rename(partial, join(directory, digest))
  } finally {
    await rm(partial, { force: true })
  }
}

/** The bytes with this digest. Throws {@link EvidenceMissing}, {@link EvidenceAltered}, or a RangeError for what is no digest. */
export async function readEvidence(directory: string, digest: string): Promise<Buffer> {
  // The digest becomes a file name, so nothing else may pass.
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new RangeError('a digest is 64 lower-case hex digits')
  const file = join(directory, digest)
  const bytes = await readFile(file).catch((cause: unknown) => {
    if (isNotFound(cause)) throw new EvidenceMissing(`there is no evidence ${digest} in ${directory}`, { cause })
    throw cause
  })
  if (digestOf(bytes) !== digest) throw new EvidenceAltered(`${file} was altered: its bytes hash to something else`)
  return bytes
}

async function isIntact(directory: string, digest: string): Promise<boolean> {
  try {
    await readEvidence(directory, digest)
    return true
  } catch (error) {
    if (error instanceof EvidenceMissing || error instanceof EvidenceAltered) return false
    throw error
  }
}

async function writeDurably(file: string, bytes: Uint8Array): Promise<void> {
  await using handle = await open(file, 'wx', 0o600)
  await handle.writeFile(bytes)
  await handle.sync()
}

async function sync(directory: string): Promise<void> {
  await using handle = await open(directory, 'r')
  await handle.sync()
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
