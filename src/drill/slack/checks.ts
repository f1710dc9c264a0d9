import type { Json, JsonObject } from './json.ts'
import { isList, isObject, text } from './json.ts'

/** Looks at one value of a payload and names its faults, each with the JSON pointer of the value, as Slack words them. */
export type Check = (value: Json, at: string) => readonly string[]

/** The properties an object may have. One that is not named here is a fault, as it is for Slack. */
export type Shape = {
  readonly required?: Readonly<Record<string, Check>>
  readonly optional?: Readonly<Record<string, Check>>
  /** What must hold between the properties. */
  readonly together?: Check
}

export function fault(sentence: string, at: string): string {
  return `${sentence} [json-pointer:${at}]`
}

/** Text of 1 to `most` characters. */
export function words(most: number): Check {
  return (value, at) => {
    if (typeof value !== 'string') return [fault('must be a string', at)]
    if (value.length === 0) return [fault('must be more than 0 characters', at)]
    return value.length > most ? [fault(`must be less than ${most + 1} characters`, at)] : []
  }
}

/** Text of up to `most` characters; it may be empty. */
export function wordsOrNone(most: number): Check {
  return (value, at) => (value === '' ? [] : words(most)(value, at))
}

export const flag: Check = (value, at) => (typeof value === 'boolean' ? [] : [fault('must be a boolean', at)])
export const number: Check = (value, at) =>
  typeof value === 'number' || (typeof value === 'string' && value !== '' && Number.isFinite(Number(value)))
    ? []
    : [fault('must be a number', at)]
/** Known to Slack, not examined here. */
export const anything: Check = () => []

export function oneOf(...allowed: readonly string[]): Check {
  return (value, at) =>
    typeof value === 'string' && allowed.includes(value) ? [] : [fault(`must be one of: ${allowed.join(', ')}`, at)]
}

export function listOf(check: Check, size: { readonly least: number; readonly most: number }): Check {
  return (value, at) => {
    if (!isList(value)) return [fault('must be an array', at)]
    if (value.length < size.least) return [fault(`must have at least ${size.least} items`, at)]
    if (value.length > size.most) return [fault(`no more than ${size.most} items allowed`, at)]
    return value.flatMap((item, index) => check(item, `${at}/${index}`))
  }
}

/** An object with exactly these properties; `type` is always allowed. */
export function shaped(shape: Shape): Check {
  const known: Readonly<Record<string, Check>> = { type: anything, ...shape.required, ...shape.optional }
  return (value, at) => {
    if (!isObject(value)) return [fault('must be an object', at)]
    const missing = Object.keys(shape.required ?? {}).filter((name) => value[name] === undefined)
    const faults = Object.entries(value).flatMap(([name, part]) => {
      const check = known[name]
      if (check === undefined) return [fault(`invalid additional property: ${name}`, at)]
      return part === undefined ? [] : check(part, `${at}/${name}`)
    })
    return [
      ...missing.map((name) => fault(`missing required field: ${name}`, at)),
      ...faults,
      ...(shape.together === undefined ? [] : shape.together(value, at)),
    ]
  }
}

/** An object whose `type` says which of the shapes it must have. */
export function typed(shapes: Readonly<Record<string, Check>>): Check {
  return (value, at) => {
    if (!isObject(value)) return [fault('must be an object', at)]
    const check = Object.hasOwn(shapes, text(value['type'])) ? shapes[text(value['type'])] : undefined
    if (check === undefined) return [fault(`unsupported type: ${text(value['type'])}`, `${at}/type`)]
    return check(value, at)
  }
}

/** A property that must be there, or another: for objects that may be filled in two ways. */
export function either(first: string, second: string): Check {
  return (value, at) => {
    const { [first]: one, [second]: other } = value as JsonObject
    return one === undefined && other === undefined
      ? [fault(`must define either \`${first}\` or \`${second}\``, at)]
      : []
  }
}

/** Faults for each value that stands more than once, at its second place. */
export function repeated(
  what: string,
  places: readonly { readonly value: string; readonly at: string }[],
): readonly string[] {
  const seen = new Set<string>()
  return places.flatMap(({ value, at }) => {
    const twice = value !== '' && seen.has(value)
    seen.add(value)
    return twice ? [fault(`\`${what}\` ${value} already exists`, at)] : []
  })
}
