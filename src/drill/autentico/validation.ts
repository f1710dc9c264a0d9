import type { World } from './world.ts'

/** What is wrong with a value, as Autentico's validator says it; undefined when nothing is. */
type Complaint = string | undefined

export function usernameComplaint(world: World, username: string): Complaint {
  const min = world.settings.number('validation_min_username_length')
  const max = world.settings.number('validation_max_username_length')
  return prefixed('username', lengthComplaint(username, min, max))
}

/** Lengths are counted in bytes. */
export function passwordComplaint(world: World, password: string): Complaint {
  const min = world.settings.number('validation_min_password_length')
  const max = world.settings.number('validation_max_password_length')
  return prefixed('password', lengthComplaint(password, min, max))
}

export function emailComplaint(email: string): Complaint {
  return /^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/.test(email) ? undefined : 'email is invalid: must be a valid email address'
}

export function linkComplaint(field: string, link: string): Complaint {
  return /^https?:/i.test(link) ? undefined : `${field} is invalid: URL must use http or https scheme`
}

/** What the registration of clients takes for a URL: a scheme of the web, or none at all before a name with a dot. */
export function isWebUrl(value: string): boolean {
  const host = /^(?:https?|ftp|tcp|udp|wss?):\/\/(?:[\w.-]+|\[[\da-f:]+\])(?:[:/?#]|$)/i
  if (/^\w+:\/\//.test(value)) return host.test(value) && URL.canParse(value)
  return /^[\w-]+(?:\.[\w-]+)+(?:[:/?#]\S*)?$/.test(value)
}

/** What a login takes for a redirect URI: any scheme, and a host. */
export function isUri(value: string): boolean {
  return URL.canParse(value) && /^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(value)
}

function lengthComplaint(value: string, min: number, max: number): Complaint {
  if (value === '') return 'cannot be blank'
  const length = Buffer.byteLength(value)
  return length < min || length > max ? `the length must be between ${min} and ${max}` : undefined
}

function prefixed(field: string, complaint: Complaint): Complaint {
  return complaint === undefined ? undefined : `${field} is invalid: ${complaint}`
}
