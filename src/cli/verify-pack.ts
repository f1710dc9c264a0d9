import { readFileSync } from 'node:fs'
import { type KeptForPack, type PackReport, verifyPack } from '#/pack/verify-pack.ts'
import { NotAZip, unzipped } from '#/pack/zip.ts'

/** Verifies the evidence pack in a zip file. Throws what reading the file throws. */
export function verifyPackFile(file: string, kept: KeptForPack): PackReport {
  try {
    return verifyPack(unzipped(readFileSync(file)), kept)
  } catch (error) {
    if (!(error instanceof NotAZip)) throw error
    return {
      ok: false,
      entries: 0,
      head: undefined,
      problems: [{ what: `${file}: ${error.message}` }],
      checkpoints: 0,
      vkey: undefined,
      firstVkey: undefined,
    }
  }
}
