// What set-up tells the person who waits, and how it stops: on stderr, so that a script's own output stays clean.

/**
 * One short line of progress.
 * @param {string} line
 * @returns {void}
 */
export function say(line) {
  process.stderr.write(`${line}\n`)
}

/** Set-up cannot go on; the message holds what is missing and the one command that helps. Ends the program with exit code 69. */
export class CannotSetUp extends Error {
  /** @override */
  name = 'CannotSetUp'
}
