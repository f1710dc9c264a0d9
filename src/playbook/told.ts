import { z } from 'zod'

/** An expected value in words, told when it is missing and when it is something else. */
export type Allowed = string

export function told(allowed: Allowed) {
  return {
    error: ({ input }: { readonly input?: unknown }) =>
      input === undefined ? `is missing: ${allowed}` : `has to be ${allowed}`,
  }
}

/** Blanks around it are dropped, such as the line end of a folded text. */
export function oneLine(max: number) {
  return text(max, `one line of text, 1 to ${max} characters`, /^[^\n]*$/)
}

export function text(max: number, allowed: Allowed, form = /^/) {
  return z
    .string(told(allowed))
    .trim()
    .min(1, told(allowed))
    .max(max, {
      error: ({ input }) => `has ${typeof input === 'string' ? input.length : 'too many'} characters: at most ${max}`,
    })
    .refine((value) => form.test(value), told(allowed))
    .refine(
      (value) => !hidden.test(value),
      'has to be without control characters, and without what turns the reading direction',
    )
}

/** What makes people see something else than what stands there, and half characters, which canonical JSON does not know. */
const hidden = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

export function named(pattern: RegExp, allowed: Allowed) {
  return z.string(told(allowed)).regex(pattern, told(allowed))
}

export function oneOf<const T extends readonly string[]>(values: T) {
  return z.enum(values, told(listed(values)))
}

export function some<T extends z.ZodType>(
  item: T,
  { min = 1, max, what }: { readonly min?: number; readonly max: number; readonly what: string },
) {
  const allowed = min === 0 ? `a list of at most ${max} ${what}` : `a list of ${min} to ${max} ${what}`
  return z.array(item, told(allowed)).min(min, told(allowed)).max(max, told(allowed))
}

export function flag() {
  return z.boolean(told('true or false')).exactOptional()
}

/** `a`, `a or b`, `a, b or c`. */
export function listed(values: readonly string[]): string {
  const last = values.at(-1) ?? ''
  return values.length < 2 ? last : `${values.slice(0, -1).join(', ')} or ${last}`
}
