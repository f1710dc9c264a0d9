/**
 * The values of an environment file: `NAME=value` lines, `export` before the name allowed. A `#` begins a comment at the start of a line
 * and after a blank; quotes around a value are dropped; of two lines with the same name the last one counts. A line that is none
 * of these spoils the whole file: nothing is read from it, as in the original.
 */
export function parseEnvFile(content: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const line of content.split(/\r?\n/)) {
    if (/^\s*(?:#|$)/.test(line)) continue
    const [, name, given] = /^\s*(?:export\s+)?([\w.]+)\s*[=:](.*)$/.exec(line) ?? []
    if (name === undefined || given === undefined) return new Map()
    values.set(name, valueOf(given.trim()))
  }
  return values
}

function valueOf(given: string): string {
  const quoted = /^(["'])(.*?)\1/.exec(given)
  return quoted?.[2] ?? given.replace(/(?:^|\s+)#.*$/, '')
}
