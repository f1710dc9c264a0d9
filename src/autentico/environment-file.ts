import { constants } from 'node:fs'
import { access, type FileHandle, lstat, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { NotDotenv, parseDotenv, Unwritable, withValues } from './dotenv.ts'
import { EnvironmentUnusable } from './failures.ts'

/** The variables that a file gives to Autentico. All of them may be secrets. */
export type EnvironmentValues = {
  /**
   * What the file says, undefined if nothing. Autentico takes a variable from its real environment (a unit file, a compose
   * file) rather than from here, an empty one too, and nothing on disk tells: only what it publishes after a restart does.
   */
  valueOf(name: string): string | undefined
}

export type EnvironmentChange =
  /** `backup` is a file beside it, mode 0600, that holds the old secrets: remove it when nobody wants to go back. */
  | { readonly kind: 'changed'; readonly backup: string; readonly names: readonly string[] }
  /** It says all of this already. */
  | { readonly kind: 'unchanged' }

/**
 * Reads Autentico's environment file, which counts from Autentico's next start.
 *
 * @throws EnvironmentUnusable if it is missing, no regular file, or not readable as Autentico would read it.
 */
export async function readEnvironment(file: string): Promise<EnvironmentValues> {
  const { text } = await look(file)
  const values = new Map(parsed(file, text).map(({ name, value }) => [name, value]))
  return { valueOf: (name) => values.get(name) }
}

/** Why the file could not be changed here and now, in a sentence; undefined if nothing speaks against it. Changes nothing. */
export async function environmentProblem(file: string): Promise<string | undefined> {
  try {
    const { text, uid } = await look(file)
    parsed(file, text)
    const me = process.getuid?.()
    if (me !== undefined && me !== 0 && me !== uid) throw unusable(file, reasons['EPERM'] ?? '')
    await access(dirname(file), constants.W_OK).catch((error: unknown) => {
      throw meaningOf(file, error)
    })
    return undefined
  } catch (error) {
    if (error instanceof EnvironmentUnusable) return error.message
    throw error
  }
}

/**
 * Changes variables and leaves every other byte as it was. A reader finds the old file or the new one, never half of it, also
 * after a power cut; mode and owner stay. The same values again change nothing.
 *
 * @param now Names the backup.
 * @param resumes The caller was cut off in this very change before and is alone with it: what is half-made is its own, and goes.
 * @param kept Told of the backup before anything is replaced, so that whoever goes on after a crash knows the way back.
 * @throws EnvironmentUnusable if the file cannot be used, changed under our hands, or cannot hold a value. No message repeats
 *   a value.
 */
export async function changeEnvironment({
  file,
  set,
  now,
  resumes = false,
  kept = async () => Promise.resolve(),
}: {
  readonly file: string
  readonly set: Readonly<Record<string, string>>
  readonly now: Date
  readonly resumes?: boolean
  readonly kept?: (backup: string) => Promise<void>
}): Promise<EnvironmentChange> {
  const before = await look(file)
  const wanted = new Map(Object.entries(set))
  const text = changedText(file, before.text, wanted)
  if (text === before.text) return { kind: 'unchanged' }

  const old = new Map(parsed(file, before.text).map(({ name, value }) => [name, value]))
  const names = [...wanted.keys()].filter((name) => old.get(name) !== wanted.get(name))
  const backup = await keep(file, before, now)
  await kept(backup)
  try {
    await replace(file, { text, like: before, resumes })
  } catch (error) {
    await rm(backup, { force: true })
    throw error
  }
  return { kind: 'changed', backup, names }
}

/**
 * Puts back the bytes that `changeEnvironment` kept. The backup stays. Safe to repeat.
 *
 * @param backup The path it returned.
 */
export async function restoreEnvironment(backup: string): Promise<'restored' | 'already'> {
  const file = /^(.+)\.before-\d{8}T\d{6}Z(?:-\d+)?$/.exec(backup)?.[1]
  if (file === undefined) throw new EnvironmentUnusable(`${backup} is not named like a backup of an environment file.`)
  const { text } = await look(backup)
  const present = await look(file)
  if (present.text === text) return 'already'
  await replace(file, { text, like: present })
  return 'restored'
}

/** A file as it was found: its bytes as latin1, and what tells whether it is still the same. */
type Found = {
  readonly text: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly version: string
}

/** Far above any environment file. */
const longest = 1024 * 1024

async function look(file: string): Promise<Found> {
  try {
    // Opening a link would follow it, and replacing it would leave the file behind it as it was.
    if ((await lstat(file)).isSymbolicLink()) throw unusable(file, 'it is a symbolic link; name the file itself')
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const seen = await handle.stat({ bigint: true })
    if (!seen.isFile()) throw unusable(file, 'it is not a regular file')
    if (seen.nlink > 1n) throw unusable(file, 'it has a second name (a hard link), which a change would not reach')
    if (seen.size > longest) throw unusable(file, 'it is larger than any environment file')
    const text = await handle.readFile('latin1')
    return {
      text,
      mode: Number(seen.mode & 0o7777n),
      uid: Number(seen.uid),
      gid: Number(seen.gid),
      version: version(seen),
    }
  } catch (error) {
    throw meaningOf(file, error)
  }
}

function version(seen: { readonly ino: bigint; readonly mtimeNs: bigint; readonly size: bigint }): string {
  return `${seen.ino} ${seen.mtimeNs} ${seen.size}`
}

function parsed(file: string, text: string): ReturnType<typeof parseDotenv> {
  try {
    return parseDotenv(text)
  } catch (error) {
    if (error instanceof NotDotenv) throw unreadable(file, error)
    throw error
  }
}

function changedText(file: string, text: string, wanted: ReadonlyMap<string, string>): string {
  try {
    const changed = withValues(text, wanted)
    const after = new Map(parseDotenv(changed).map(({ name, value }) => [name, value]))
    for (const [name, value] of wanted) {
      if (after.get(name) !== value) throw unusable(file, `${name} would read back as another value`)
    }
    return changed
  } catch (error) {
    if (error instanceof NotDotenv) throw unreadable(file, error)
    if (error instanceof Unwritable) throw unusable(file, error.message)
    throw error
  }
}

function unreadable(file: string, { message }: NotDotenv): EnvironmentUnusable {
  return unusable(file, `${message}, and Autentico would take nothing from such a file`)
}

/** Writes the old bytes beside the file, under a name that nothing has yet. */
async function keep(file: string, { text, uid, gid }: Found, now: Date): Promise<string> {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  for (let number = 1; ; number += 1) {
    const backup = `${file}.before-${time}${number === 1 ? '' : `-${number}`}`
    try {
      await write(backup, { text, mode: 0o600, uid, gid })
      return backup
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || number === 100) throw meaningOf(file, error)
    }
  }
}

/** The new file is also the lock: whoever makes it may put it in place, and nobody else meanwhile. */
async function replace(
  file: string,
  { text, like, resumes = false }: { readonly text: string; readonly like: Found; readonly resumes?: boolean },
): Promise<void> {
  const next = `${file}.new`
  if (resumes) await rm(next, { force: true })
  else await forgetStale(next)
  try {
    await write(next, { ...like, text })
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw unusable(file, `somebody else is changing it now (${next})`)
    throw meaningOf(file, error)
  }
  try {
    if ((await look(file)).version !== like.version) {
      throw unusable(file, 'somebody else has changed it in this moment; look at it and try again')
    }
    await rename(next, file)
    await using folder = await open(dirname(file), constants.O_RDONLY)
    await folder.sync()
  } catch (error) {
    await rm(next, { force: true })
    throw meaningOf(file, error)
  }
}

/** Nobody takes a minute over it: what is older was left by a crash. */
async function forgetStale(next: string): Promise<void> {
  const left = await stat(next).catch(() => undefined)
  if (left !== undefined && Date.now() - left.mtimeMs > 60_000) await rm(next, { force: true })
}

async function write(file: string, { text, mode, uid, gid }: Omit<Found, 'version'>): Promise<void> {
  await using handle = await open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    await own(handle, { uid, gid })
    await handle.chmod(mode)
    await handle.writeFile(text, 'latin1')
    await handle.sync()
  } catch (error) {
    await rm(file, { force: true })
    throw error
  }
}

/** Autentico may run as another user, and could not read a file of ours. */
async function own(handle: FileHandle, { uid, gid }: Pick<Found, 'uid' | 'gid'>): Promise<void> {
  const made = await handle.stat()
  if (made.uid === uid && made.gid === gid) return
  await handle.chown(uid, gid)
}

function meaningOf(file: string, error: unknown): unknown {
  if (error instanceof EnvironmentUnusable) return error
  const code = codeOf(error)
  return code === undefined ? error : unusable(file, reasons[code] ?? `the system says ${code}`, error)
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'its folder does not exist',
  ELOOP: 'it is a symbolic link; name the file itself',
  EACCES: 'this user may not read it, or may not write in its folder',
  EPERM: 'it belongs to another user, and a new file in its place would not; run the worker as the same user',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
  EBUSY: 'it is mounted by itself (a file of a container) and cannot be replaced; mount its folder instead',
  EXDEV: 'it is mounted by itself (a file of a container) and cannot be replaced; mount its folder instead',
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function unusable(file: string, problem: string, cause?: unknown): EnvironmentUnusable {
  return new EnvironmentUnusable(`The environment file ${file} (AUTENTICO_ENV_FILE) cannot be used: ${problem}.`, {
    cause,
  })
}
