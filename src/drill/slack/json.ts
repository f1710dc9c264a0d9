/** What JSON can hold. Everything that crosses the local Slack's wire is one of these. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export type JsonObject = { readonly [name: string]: Json | undefined }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value as an object, or an empty one: for reading optional parts of a payload. */
export function object(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {}
}

/** The objects in a list; anything else in it is passed over. */
export function objects(value: Json | undefined): readonly JsonObject[] {
  return list(value).filter(isObject)
}

export function list(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : []
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** The value as text, or an empty string when it is not text. */
export function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** Parses JSON text; `undefined` when it is not JSON. */
export function readJson(source: string): Json | undefined {
  try {
    const parsed: unknown = JSON.parse(source)
    return parsed as Json
  } catch {
    return undefined
  }
}
