import { z } from 'zod'

/** A field that reads as '' when it is absent or null; any other type is an error. */
export const textField = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
/** A field that may say yes, no, or nothing. */
export const flagField = z.boolean().nullish()
export const textListField = z.array(z.string()).nullish()

/**
 * The body, read by a schema as forgivingly as the original reads it: `null` is an empty object, the case of a field's
 * name does not matter, and unknown fields are ignored. Undefined when it is no JSON or a field has the wrong type.
 */
export function readBody<T>(body: string, schema: z.ZodType<T>): T | undefined {
  try {
    const value: unknown = JSON.parse(body)
    const parsed = schema.safeParse(renameFields(value ?? {}, schema))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

function renameFields(value: unknown, schema: z.ZodType): unknown {
  if (!(schema instanceof z.ZodObject) || typeof value !== 'object' || value === null || Array.isArray(value))
    return value
  const names = new Map(Object.keys(schema.shape).map((name) => [name.toLowerCase(), name]))
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [names.get(name.toLowerCase()) ?? name, field]),
  )
}
