import { z } from 'zod'
import { place, readIfThere, remove } from './place.ts'

/**
 * A change of the proxy that is not settled. `placing`: begun, and not known to work. `live`: works, and is taken back at
 * `until` unless it is kept. Taking back is not noted, it shows: then a file is no longer what was put there.
 */
export type Pending = {
  readonly phase: 'placing' | 'live'
  readonly mark: string
  readonly since: Date
  readonly until: Date
  readonly files: readonly ChangedFile[]
}

/** Digests of what lay there before (undefined: nothing) and of what was put there. */
export type ChangedFile = { readonly path: string; readonly before: string | undefined; readonly after: string }

/** The note of a change cannot be read. Nothing is done to the proxy until a person has looked. */
export class PendingUnreadable extends Error {
  override readonly name = 'PendingUnreadable'

  constructor(file: string, cause?: unknown) {
    super(
      `The note of a change that was begun, ${file}, cannot be read. Look whether the proxy's files are as they should be (the earlier ones end with .before), then remove the note.`,
      { cause },
    )
  }
}

/** @throws PendingUnreadable */
export function readPending(file: string): Pending | undefined {
  const bytes = readIfThere(file)
  if (bytes === undefined) return undefined
  try {
    return schema.parse(JSON.parse(bytes.toString('utf8')))
  } catch (error) {
    throw new PendingUnreadable(file, error)
  }
}

/** On disk when this returns. */
export function writePending(file: string, pending: Pending): void {
  const files = pending.files.map((one) => ({ ...one, before: one.before ?? null }))
  place(file, Buffer.from(`${JSON.stringify({ version: 1, ...pending, files }, undefined, 2)}\n`), { mode: 0o600 })
}

/** From here on the change is settled. */
export function forgetPending(file: string): void {
  remove(file)
}

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const moment = z.iso.datetime().transform((text) => new Date(text))

const schema: z.ZodType<Pending> = z
  .strictObject({
    version: z.literal(1),
    phase: z.enum(['placing', 'live']),
    mark: z.string(),
    since: moment,
    until: moment,
    files: z
      .array(
        z.strictObject({
          path: z.string().startsWith('/'),
          before: digest.nullable().transform((before) => before ?? undefined),
          after: digest,
        }),
      )
      .min(1),
  })
  .transform(({ version: _version, ...rest }) => rest)
