import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { IncidentId } from '#/incident/events.ts'

/** What must not leave this machine, kept for one incident from one of its steps, or attempts, to the next. */
export type KeyFile = 'signing-key' | 'old-tokens'

/** Reads what an earlier step kept; undefined: nothing, or it was kept on another worker. */
export async function keptFor(directory: string, incident: IncidentId, what: KeyFile): Promise<string | undefined> {
  try {
    return await readFile(fileOf(directory, incident, what), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Keeps it, readable by this user alone (0600 in a folder 0700). It is whole or not there, also after a power cut. */
export async function keepFor(directory: string, incident: IncidentId, what: KeyFile, secret: string): Promise<void> {
  const file = fileOf(directory, incident, what)
  await mkdir(join(directory, 'keys'), { recursive: true, mode: 0o700 })
  const partial = `${file}.partial`
  await rm(partial, { force: true })
  await using handle = await open(partial, 'wx', 0o600)
  await handle.writeFile(secret, 'utf8')
  await handle.sync()
  await rename(partial, file)
}

/** Nobody needs it any more. Safe to repeat. */
export async function forgetFor(directory: string, incident: IncidentId, what: KeyFile): Promise<void> {
  await rm(fileOf(directory, incident, what), { force: true })
}

function fileOf(directory: string, incident: IncidentId, what: KeyFile): string {
  if (!/^INC-\d{1,9}$/.test(incident)) throw new RangeError('an incident id is INC-<number>')
  return join(directory, 'keys', `${incident}.${what}`)
}
