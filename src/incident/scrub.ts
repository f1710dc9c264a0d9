/**
 * Things that look like a secret, wherever they stand in a text. Better one harmless word too many replaced than one
 * token kept: the ledger can never forget it again.
 */
const shapes: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(?:-----END [A-Z0-9 ]+-----|$)/g,
  // JSON Web Tokens, also cut off in the middle.
  /\beyJ[\w-]{8,}(?:\.[\w-]*){0,4}/g,
  /\bx(?:ox[a-z]|app)-[\w-]{6,}/gi,
  /\b(?:gh[pousr]_|github_pat_|sk-|AKIA)[\w-]{12,}/g,
]

/** Long runs of base64 or random text. Words, hashes in hex and numbers are left alone. */
const longRun = /[A-Za-z0-9+/_-]{40,}={0,2}/g

/** The text with everything token-shaped replaced by `[removed]`. */
export function scrub(text: string): string {
  const known = shapes.reduce((rest, shape) => rest.replace(shape, removed), text)
  return known.replace(longRun, (run) => (/[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run) ? removed : run))
}

const removed = '[removed]'
