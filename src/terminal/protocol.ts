import { z } from 'zod'
import type { SignedText } from '#/incident/events.ts'
import { signedText } from './statement.ts'

/**
 * What goes over the socket: one JSON value a line (UTF-8, ended by a newline). The bot speaks first. Each line that it sends has a fresh
 * `nonce`, which the next statement has to carry; the one before is worth nothing any more, whatever came of it.
 */
export type Hello = { readonly protocol: typeof protocol; readonly ledger: string; readonly nonce: string }

export const protocol = 'autentico-responder-terminal/1'

/** What came of a line. */
export type Answer =
  /** It is in the ledger; a line for each entry, as people read them. */
  | { readonly kind: 'done'; readonly lines: readonly string[] }
  /** Nothing was done. The sentence says why; `code` is there where the rules said no to a known person. */
  | { readonly kind: 'refused'; readonly sentence: string; readonly code?: string }
  /** It could not be written down, so nothing was done. */
  | { readonly kind: 'failed'; readonly sentence: string }
  /** The line was no statement. The connection goes on. */
  | { readonly kind: 'malformed'; readonly sentence: string }

/** Longest line in bytes. A statement of the longest kind, escaped, and its signature fit. */
export const longestLine = 131_072

export function helloLine(ledger: string, nonce: string): string {
  return `${JSON.stringify({ protocol, ledger, nonce } satisfies Hello)}\n`
}

export function answerLine(answer: Answer, nonce: string): string {
  return `${JSON.stringify({ answer, nonce })}\n`
}

export function statementLine(signed: SignedText): string {
  return `${JSON.stringify(signed)}\n`
}

/** Undefined: it is no hello of a bot that speaks this protocol. */
export function readHello(line: string): Hello | undefined {
  return read(hello, line)
}

export function readAnswer(line: string): Answer | undefined {
  return read(answered, line)?.answer
}

export function readStatementLine(line: string): SignedText | undefined {
  return read(signedText, line)
}

const hello = z.object({ protocol: z.literal(protocol), ledger: z.string(), nonce: z.string() })
const sentence = z.string()
const answered = z.object({
  answer: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('done'), lines: z.array(z.string()) }),
    z.object({ kind: z.literal('refused'), sentence, code: z.string().exactOptional() }),
    z.object({ kind: z.literal('failed'), sentence }),
    z.object({ kind: z.literal('malformed'), sentence }),
  ]),
})

function read<T>(schema: z.ZodType<T>, line: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

/** A line that was too long to be kept; its end was found all the same, so the next one can be read. */
export const tooLong: unique symbol = Symbol('too long')

/** The lines of a stream, without their ends. One that is longer than `longest` bytes is dropped as it comes and told as {@link tooLong}. */
export async function* linesOf(
  stream: AsyncIterable<Buffer>,
  longest: number = longestLine,
): AsyncGenerator<string | typeof tooLong> {
  let kept: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    let rest = chunk
    for (let end = rest.indexOf(newline); end !== -1; end = rest.indexOf(newline)) {
      length += end
      yield length > longest ? tooLong : Buffer.concat([...kept, rest.subarray(0, end)]).toString('utf8')
      kept = []
      length = 0
      rest = rest.subarray(end + 1)
    }
    length += rest.length
    if (length > longest) kept = []
    else kept.push(rest)
  }
}

const newline = 0x0a
