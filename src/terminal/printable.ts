/**
 * A text for a terminal: one line, and nothing in it that moves the cursor, colours, hides, or turns the direction of what follows.
 * Whoever chose a username or wrote a reason must not draw on the screen of whoever decides.
 */
export function printable(text: string): string {
  return text
    .replaceAll(/\s*\n\s*/g, ' ⏎ ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029]/gu, '\ufffd')
    .toWellFormed()
}
