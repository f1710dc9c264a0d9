import { z } from 'zod'

/** A field that reads as '' when it is absent or null; any other type is an error. */
export const textField = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
/** A field that may say yes, no, or nothing. */
export const flagField = z.boolean().nullish()
export const textListField = z.array(z.string()).nullish()

/** The body, read by a schema; undefined when it is no JSON or a field has the wrong type. Unknown fields are ignored. */
export function readBody<T>(body: string, schema: z.ZodType<T>): T | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(body))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
