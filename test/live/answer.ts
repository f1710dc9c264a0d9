export type Json = { readonly [key: string]: unknown }

/** An HTTP answer, read whole. */
export type Answer = {
  readonly status: number
  readonly contentType: string
  readonly headers: Headers
  readonly text: string
  /** `{}` when the body is no JSON object. */
  readonly json: Json
}

export async function answerOf(response: Response): Promise<Answer> {
  const body = await response.text()
  const { status, headers } = response
  return { status, headers, contentType: headers.get('content-type') ?? '', text: body, json: objectOf(body) }
}

function objectOf(body: string): Json {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** A value inside JSON, by its path; undefined when it is not there. */
export function at(json: unknown, ...path: readonly string[]): unknown {
  let value = json
  for (const key of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  return value
}

/** Same, for a string; '' when there is none. */
export function text(json: unknown, ...path: readonly string[]): string {
  const value = at(json, ...path)
  return typeof value === 'string' ? value : ''
}

/** Same, for a list of objects; empty when there is none. */
export function rows(json: unknown, ...path: readonly string[]): readonly Json[] {
  const value = at(json, ...path)
  return Array.isArray(value)
    ? value.map((row: unknown) => (typeof row === 'object' && row !== null ? { ...row } : {}))
    : []
}
