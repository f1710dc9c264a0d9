import type { Json, JsonObject } from './json.ts'
import { isList, isObject, readJson, text } from './json.ts'
import { SlackRefusal } from './refusal.ts'

/**
 * The arguments of a Web API call. A form carries everything as text and nested values as JSON text; a JSON body carries
 * them as they are. Both read the same here.
 */
export class Args {
  readonly #values: JsonObject

  constructor(values: JsonObject) {
    this.#values = values
  }

  /** The same arguments with one of them under another name. */
  renamed(from: string, to: string): Args {
    return new Args({ ...this.#values, [to]: this.#values[from] })
  }

  has(name: string): boolean {
    const value = this.#values[name]
    return value !== undefined && value !== null && value !== ''
  }

  text(name: string): string {
    const value = this.#values[name]
    return typeof value === 'number' ? String(value) : text(value)
  }

  /** The text, or Slack's refusal when it is missing. */
  required(name: string, refusal = 'invalid_arguments'): string {
    const value = this.text(name)
    if (value === '') throw new SlackRefusal(refusal)
    return value
  }

  flag(name: string, otherwise = false): boolean {
    const value = this.#values[name]
    if (value === undefined || value === '') return otherwise
    return value === true || value === 'true' || value === '1' || value === 1
  }

  /** A whole number between 1 and `most`; `otherwise` when none was given. */
  count(name: string, otherwise: number, most: number): number {
    if (!this.has(name)) return otherwise
    const value = Number(this.#values[name])
    if (!Number.isInteger(value) || value < 1) throw new SlackRefusal('invalid_limit')
    return Math.min(value, most)
  }

  /** A nested value, whichever way it came. `undefined` when it was not given; a refusal when it is not JSON. */
  nested(name: string, refusal: string): Json | undefined {
    const value = this.#values[name]
    if (value === undefined || value === null || value === '') return undefined
    if (typeof value !== 'string') return value
    const parsed = readJson(value)
    if (parsed === undefined) throw new SlackRefusal(refusal)
    return parsed
  }

  objects(name: string, refusal: string): readonly JsonObject[] | undefined {
    const value = this.nested(name, refusal)
    if (value === undefined) return undefined
    if (!isList(value) || !value.every(isObject)) throw new SlackRefusal(refusal)
    return value
  }

  object(name: string, refusal: string): JsonObject | undefined {
    const value = this.nested(name, refusal)
    if (value === undefined) return undefined
    if (!isObject(value)) throw new SlackRefusal(refusal)
    return value
  }
}

/** Reads the body of a Web API call: a form or JSON. Throws Slack's refusal for JSON that is none. */
export function readArgs(body: Buffer, contentType: string, query: URLSearchParams): JsonObject {
  const values: JsonObject = Object.fromEntries(query)
  if (contentType.startsWith('application/json')) {
    const parsed = readJson(body.toString('utf8'))
    if (!isObject(parsed)) throw new SlackRefusal('invalid_json')
    return { ...values, ...parsed }
  }
  return { ...values, ...Object.fromEntries(new URLSearchParams(body.toString('utf8'))) }
}
