import { cast } from './cast.ts'
import { wordsOf } from './crew.ts'
import type { Seen } from './slack/acts/seen.ts'

const handles = new Map(Object.values(cast).map(({ user, handle }) => [user as string, handle]))

/** A message as a terminal shows it: mentions by handle, no markup, one line for each line. */
export function plainMessage(message: Pick<Seen, 'text'>): string {
  return (
    message.text
      .replaceAll(/ ?<!date\^[^>]*>/g, '')
      .replaceAll(/<@([UW][A-Z0-9]+)>/g, (_, user: string) => `@${handles.get(user) ?? user}`)
      .replaceAll(/<([^|>]+)\|([^>]+)>/g, '$2')
      .replaceAll(/[*`]/g, '')
      // Marks stand around words, not in them: `require_mfa` is a name.
      .replaceAll(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&')
      .trimEnd()
  )
}

/** Prints what is new in a list of messages: posts once, the card again when the incident has got on. */
export function threadPrinter(print: (line: string) => void): (messages: readonly Seen[]) => void {
  const printed = new Map<string, string>()
  return (messages) => {
    for (const message of messages) {
      const key = message.ts
      const look = message.thread === undefined ? cardLook(message) : 'posted'
      if (printed.get(key) === look) continue
      printed.set(key, look)
      if (message.thread === undefined) print('')
      for (const [index, line] of plainMessage(message).split('\n').entries()) {
        const margin = message.thread === undefined ? '  ┃ ' : index === 0 ? '  │ ' : '  │    '
        print(`${margin}${line}`)
      }
      if (message.thread === undefined) print('')
    }
  }
}

/** What of a card is worth printing it again for: its first line, how many steps are proven, and how many findings are open. */
function cardLook(message: Seen): string {
  const [first = '', ...rest] = wordsOf(message).split('\n')
  const meter = rest.find((line) => /^[▓▒░]/u.test(line)) ?? ''
  return [first, /\d+ of \d+ proven/.exec(meter)?.[0], /\d+ findings? open/.exec(meter)?.[0] === undefined].join('\n')
}
