import { z } from 'zod'
import { AutenticoRejected, AutenticoUnavailable, OutcomeUnknown, UnexpectedAnswer } from './failures.ts'
import type { Answer } from './transport.ts'

/** What counts as success: the exact status and, unless that is 204, JSON of exactly this shape. */
export type Expectation<T> = {
  readonly call: string
  readonly expect: 200 | 204
  readonly answer: z.ZodType<T>
  readonly mayChange: boolean
  /** Values of the request that no message may repeat. */
  readonly secrets: readonly string[]
  readonly now: () => Date
}

/** The shape of an answer without a body. */
export const noBody = z.undefined()

/**
 * The value of a successful answer. Autentico answers an unknown path below `/admin/` with its administration page and
 * 200, so nothing less than the documented status and media type is success.
 *
 * @throws one of the failures for every other answer.
 */
export function readAnswer<T>(expected: Expectation<T>, answer: Answer): T {
  if (answer.status !== expected.expect) throw failureFor(expected, answer)
  if (expected.expect === 204) return expected.answer.parse(undefined)
  if (answer.mediaType !== 'application/json') throw notAutentico(expected.call, answer)

  const parsed = parseJson(answer.text)
  if (parsed === undefined) throw unreadable(expected, answer, 'is not whole JSON')
  const value = expected.answer.safeParse(parsed)
  if (value.success) return value.data
  const where = value.error.issues.map((issue) => issue.path.join('.')).slice(0, 3)
  throw unreadable(expected, answer, `has another shape than expected (at ${where.join(', ') || 'the top'})`)
}

/** The error code and description of an answer; `error` is a string, or an object for a bad date range. */
export function readError(answer: Answer): { readonly code: string; readonly description: string } {
  const body = errorBody.safeParse(parseJson(answer.text))
  if (!body.success) return { code: 'unknown', description: '' }
  const { error, error_description } = body.data
  const code = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : 'unknown'
  return { code, description: error_description ?? (typeof error === 'object' ? (error.message ?? '') : '') }
}

const errorBody = z.object({
  error: z.union([z.string(), z.object({ message: z.string().optional() })]).optional(),
  error_description: z.string().optional(),
})

function failureFor(expected: Expectation<unknown>, answer: Answer): Error {
  const { call, mayChange } = expected
  const { status, requestId } = answer
  if (status === 429 || status === 503) return unavailable(call, answer, expected.now())
  if (status >= 500) {
    return mayChange
      ? new OutcomeUnknown(`Autentico answered ${status} to ${call}, which may be half done. Read the state first.`, {
          status,
          requestId,
        })
      : new AutenticoUnavailable(`Autentico answered ${status} to ${call}.`, { requestId })
  }
  if (status < 400 || answer.mediaType !== 'application/json') return notAutentico(call, answer)

  const { code, description } = readError(answer)
  const said = repeatable(description, expected.secrets) ? `: ${description}` : ''
  const advice =
    status === 403 ? ' The bot needs the role admin, and a client whose allowed_audiences include autentico-admin.' : ''
  return new AutenticoRejected(`Autentico refused ${call} with ${status} ${code}${said}.${advice}`, {
    status,
    code,
    requestId,
  })
}

/** A 429 or 503: nothing happened. Autentico's `Retry-After: 1` is too hopeful once the minute's budget is spent. */
export function unavailable(call: string, answer: Answer, now: Date): AutenticoUnavailable {
  const asked = retryAfterMs(answer.retryAfter, now)
  const waits = answer.status === 429 ? Math.max(asked ?? 0, 3_000) : asked
  const reason = answer.status === 429 ? 'its rate limit is reached' : 'it is not available'
  const { requestId } = answer
  return new AutenticoUnavailable(`Autentico answered ${answer.status} to ${call}: ${reason}; nothing happened.`, {
    requestId,
    retryAfterMs: waits,
  })
}

/** RFC 9110 section 10.2.3: seconds, or a date. Never more than ten minutes, whatever the header says. */
function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined
  const wait = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now.getTime()
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), 600_000)
}

/** An answer that is not Autentico's to this call: a page, a redirect, another status. */
export function notAutentico(call: string, { status, mediaType, requestId }: Answer): UnexpectedAnswer {
  const about = { status, requestId }
  if (status >= 300 && status < 400) {
    return new UnexpectedAnswer(
      `${call} was answered with a redirect (${status}), which is not followed. Check AUTENTICO_URL: scheme, host and path.`,
      about,
    )
  }
  const kind = mediaType === '' ? 'no media type' : mediaType
  return new UnexpectedAnswer(
    `${call} was answered with ${status} and ${kind}, not as documented, so it did not happen. This Autentico is too old for it (2.0.0 is needed), or the address is wrong.`,
    about,
  )
}

function unreadable(expected: Expectation<unknown>, { status, requestId }: Answer, what: string): Error {
  const about = { status, requestId }
  if (expected.mayChange) {
    return new OutcomeUnknown(`The answer to ${expected.call} ${what}; it may or may not have happened.`, about)
  }
  return new UnexpectedAnswer(`The answer to ${expected.call} ${what}.`, about)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A description is repeated only if it is a short plain sentence without anything that could be a secret. */
function repeatable(description: string, secrets: readonly string[]): boolean {
  if (!/^[\w .,:;'()-]{1,160}$/.test(description)) return false
  if (/\S{20}/.test(description)) return false
  return !secrets.some((secret) => secret !== '' && description.includes(secret))
}
