import { unzipSync, Zip, ZipDeflate } from 'fflate'

/** The file is no zip file that a pack could be in. The message says why. */
export class NotAZip extends Error {
  override readonly name = 'NotAZip'
}

/** Takes files one after the other and writes them as one zip. */
export type ZipWriter = {
  /** `name` with forward slashes; no name twice. */
  readonly add: (name: string, chunks: Iterable<Uint8Array>) => void
  readonly end: () => void
}

/**
 * Writes a zip piece by piece to `write`, so that no more of it is in memory than one piece. The same files give the same bytes: all have
 * the same time, on every machine.
 */
export function zipTo(write: (bytes: Uint8Array) => void): ZipWriter {
  const zip = new Zip((error, bytes) => {
    if (error !== null) throw error
    write(bytes)
  })
  return {
    add(name, chunks) {
      const file = new ZipDeflate(name, { level: 6 })
      file.mtime = beginning()
      zip.add(file)
      for (const chunk of chunks) file.push(chunk)
      file.push(new Uint8Array(0), true)
    },
    end: () => zip.end(),
  }
}

/** The first moment that a zip can name, as the clock on the wall shows it here: what is written is that, and no zone. */
function beginning(): Date {
  return new Date(1980, 0, 1)
}

/** Nobody's pack is as large; what says that it is would only fill the memory. */
const mostBytes = 2 ** 30

/** The files in a zip by name. Throws {@link NotAZip} for what is damaged, names a file twice, or would unpack to more than a gibibyte. */
export function unzipped(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const names: string[] = []
  let total = 0
  const refuse = (why: string): never => {
    throw new NotAZip(`it cannot be read as a zip file: ${why}`)
  }
  try {
    const files = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        total += originalSize
        if (total > mostBytes) refuse('it would unpack to more than a gibibyte')
        if (names.includes(name)) refuse(`${name} stands in it twice`)
        names.push(name)
        return !name.endsWith('/')
      },
    })
    return new Map(Object.entries(files))
  } catch (cause) {
    if (cause instanceof NotAZip) throw cause
    return refuse(cause instanceof Error ? cause.message : 'it is damaged')
  }
}
