import { z } from 'zod'

/** Something that a responder is asked for before a step is run. */
export type StepInput = {
  readonly id: string
  readonly label: string
  readonly hint?: string
  readonly type: InputType
  readonly optional?: true
  /** What the field holds at first. */
  readonly initial?: string
  /** For a `choice`. */
  readonly choices?: readonly { readonly id: string; readonly label: string }[]
  /** For a `number`: the smallest and the largest that is taken. */
  readonly min?: number
  readonly max?: number
}

/**
 * `moment`: a date and time in UTC, such as `2026-11-23 03:12`. `networks`: CIDR ranges or single addresses, apart by commas, spaces or
 * lines. `fingerprint`: a SHA-256 in hexadecimal.
 */
export const inputTypes = ['text', 'number', 'moment', 'choice', 'networks', 'fingerprint'] as const
export type InputType = (typeof inputTypes)[number]

/** What was given, each in its one written form: numbers without padding, moments in ISO 8601, networks sorted and apart by a space. */
export type Inputs = Readonly<Record<string, string>>

export type ReadInputs =
  | { readonly kind: 'read'; readonly inputs: Inputs }
  /** A sentence for each field that is wrong: which value, why, what to do. */
  | { readonly kind: 'wrong'; readonly errors: Readonly<Record<string, string>> }

/** Longest text in a field, in UTF-16 units. It travels in a work order. */
export const longestInput = 500

/** Reads what was typed into the fields of a step. What is left empty and may be is absent from the result. */
export function readInputs(inputs: readonly StepInput[], typed: (id: string) => string, now: string): ReadInputs {
  const read: Record<string, string> = {}
  const errors: Record<string, string> = {}
  for (const input of inputs) {
    const text = typed(input.id).trim()
    if (text === '') {
      if (input.optional !== true) errors[input.id] = `“${input.label}” is needed.`
      continue
    }
    if (text.length > longestInput) {
      errors[input.id] = `That is too long: at most ${longestInput} characters.`
      continue
    }
    const value = readers[input.type](text, input, now)
    if (value.kind === 'wrong') errors[input.id] = value.why
    else read[input.id] = value.value
  }
  return Object.keys(errors).length === 0 ? { kind: 'read', inputs: read } : { kind: 'wrong', errors }
}

type Read = { readonly kind: 'value'; readonly value: string } | { readonly kind: 'wrong'; readonly why: string }

const readers: Readonly<Record<InputType, (text: string, input: StepInput, now: string) => Read>> = {
  text: (text) => given(text),

  number(text, { min = 0, max = Number.MAX_SAFE_INTEGER }) {
    if (!/^\d{1,12}$/.test(text)) return wrong(`“${text}” is no whole number.`)
    const value = Number(text)
    return value < min || value > max ? wrong(`“${value}” is not between ${min} and ${max}.`) : given(String(value))
  },

  moment(text, _input, now) {
    const [, day, time, seconds = ':00'] =
      /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d)?(?:\.\d+)?(?: ?UTC|Z)?$/.exec(text) ?? []
    const iso = `${day}T${time}${seconds}.000Z`
    if (!moment.safeParse(iso).success) return wrong(`“${text}” is no moment. Write it like 2026-11-23 03:12, in UTC.`)
    return iso > now ? wrong('That lies in the future. Write when it happened, in UTC.') : given(iso)
  },

  choice(text, { choices = [] }) {
    return choices.some(({ id }) => id === text) ? given(text) : wrong('Choose one of those that are listed.')
  },

  networks(text) {
    const all = text.split(/[\s,]+/).filter((one) => one !== '')
    const bad = all.find((one) => !isNetwork(one))
    if (bad !== undefined)
      return wrong(`“${bad}” is no network. Write it like 203.0.113.0/24, 2001:db8::/32, or a single address.`)
    const open = all.find((one) => one.endsWith('/0'))
    if (open !== undefined) return wrong(`“${open}” is everybody, so nothing would be restricted.`)
    return given([...new Set(all)].toSorted().join(' '))
  },

  fingerprint(text) {
    const hex = text.toLowerCase().replaceAll(/[:\s]|^sha256:?/g, '')
    return /^[0-9a-f]{64}$/.test(hex)
      ? given(hex)
      : wrong('That is no SHA-256: 64 hexadecimal digits. Paste what the command printed.')
  },
}

/** Knows which months have how many days. */
const moment = z.iso.datetime()
const network = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()])

function isNetwork(text: string): boolean {
  return network.safeParse(text).success
}

function given(value: string): Read {
  return { kind: 'value', value }
}

function wrong(why: string): Read {
  return { kind: 'wrong', why }
}
