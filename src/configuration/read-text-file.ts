import { readFileSync, realpathSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { longestFile } from '#/playbook/yaml-file.ts'

/** The text of a file that an operator wrote, or why there is none, as a sentence. `within`: where it has to lie when links are followed. */
export function readTextFile(
  file: string,
  { within }: { readonly within?: string },
): { readonly kind: 'text'; readonly text: string } | { readonly kind: 'unreadable'; readonly what: string } {
  const unreadable = (what: string) => ({ kind: 'unreadable', what }) as const
  try {
    const target = realpathSync(file)
    if (within !== undefined && !target.startsWith(join(realpathSync(within), sep)))
      return unreadable('This is a link that leads out of the folder. Put the file itself here.')
    const found = statSync(target)
    if (!found.isFile()) return unreadable('This is no file.')
    if (found.size > longestFile) return unreadable(`This is larger than ${longestFile} bytes, so it was not read.`)
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(target)) }
  } catch (error) {
    return unreadable(error instanceof TypeError ? 'This is no UTF-8 text.' : `This cannot be read (${codeOf(error)}).`)
  }
}

/** What the system calls a failure, such as `ENOENT`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
}
