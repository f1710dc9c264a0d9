import { NotSent } from './failures.ts'

/** An address below Autentico's base URL, with the words to speak of it in logs and errors: ids are left out there. */
export type Path = {
  readonly path: string
  readonly label: string
}

/** Longer than any id of Autentico (43 characters) and any client id a person would choose. */
const longestId = 256

/**
 * Builds a path from literal text and ids: path`/admin/api/users/${id}`. Every id becomes exactly one segment.
 *
 * @throws NotSent for an id that is empty, `.` or `..`, over 256 characters, or holds control characters or half a
 *   surrogate pair: an empty segment is redirected by Autentico and may then match something else.
 */
export function path(literals: TemplateStringsArray, ...ids: readonly string[]): Path {
  const segments = ids.map(encodeId)
  return {
    path: literals.map((literal, index) => literal + (segments[index] ?? '')).join(''),
    label: literals.join('{id}'),
  }
}

function encodeId(id: string): string {
  if (id === '') throw new NotSent('The id is empty; an empty path segment could reach something else.')
  if (id === '.' || id === '..')
    throw new NotSent('The id is a relative path segment; use the id as Autentico lists it.')
  if (id.length > longestId) throw new NotSent(`The id has ${id.length} characters, more than any id of Autentico.`)
  if (/\p{Cc}/u.test(id) || !id.isWellFormed()) {
    throw new NotSent('The id holds characters that no id of Autentico has.')
  }
  return encodeURIComponent(id)
}

export type Query = Readonly<Record<string, string | number | undefined>>

/** Appends the parameters that are present, encoded so that `+` in a value stays a `+`. */
export function withQuery(base: string, query: Query | undefined): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parameters.set(name, String(value))
  }
  return parameters.size === 0 ? base : `${base}?${parameters.toString()}`
}
