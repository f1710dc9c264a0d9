import type { AttackedDoor, Attacker, Attempt } from '../../wire.ts'
import type { Headline } from './section.ts'

/** The doors as they stand after the latest round: those tried again, or, before there was a second round, those tried at first. */
export function triedDoors({ doors }: Attacker): readonly { readonly door: AttackedDoor; readonly attempt: Attempt }[] {
  const second = doors.some(({ now }) => now !== null)
  return doors.flatMap((door) => {
    const attempt = second ? door.now : door.before
    return attempt === null ? [] : [{ door, attempt }]
  })
}

/** By how many doors the attacker got in, in the latest round. */
export function getsIn(attacker: Attacker): number {
  return triedDoors(attacker).filter(({ attempt }) => attempt.got === 'in').length
}

export function attackerHeadline(attacker: Attacker): Headline {
  const { name, doors, busy } = attacker
  const tried = triedDoors(attacker).length
  const all = tried === doors.length
  const by = getsIn(attacker)
  if (busy) return { tone: 'plain', words: `${name} is trying…` }
  if (tried === 0) return { tone: 'plain', words: `${name} has not tried a door yet` }
  if (by > 0) return { tone: 'bad', words: `${name} gets in by ${by} of ${counted(tried)}${all ? '' : ' tried'}` }
  return {
    tone: 'good',
    words: `${name} is kept out at ${tried > 1 ? 'all ' : ''}${counted(tried)}${all ? '' : ' tried'}`,
  }
}

/** When the latest round ended, in ISO 8601; undefined when there was none. */
export function latestTry(attacker: Attacker): string | undefined {
  return triedDoors(attacker)
    .map(({ attempt }) => attempt.at)
    .toSorted()
    .at(-1)
}

/** What there is to say of a try besides in or out; empty when that is all. */
export function detailWords({ got, detail }: Attempt): string {
  return got === 'in' ? detail.replace(/^in\b[ ·]*/, '') : refusalWords(detail)
}

/** What Autentico answered, with OAuth's error (RFC 6749 section 5.2) out of its braces; anything else stays as it came. */
function refusalWords(detail: string): string {
  const [, status, body = '', rest = ''] = /^(\d{3}) (\{.*\})(.*)$/s.exec(detail) ?? []
  const { error, error_description: description } = readError(body)
  if (status === undefined || typeof error !== 'string') return detail
  return `${status} ${error}${typeof description === 'string' ? `: ${description}` : ''}${rest}`
}

function readError(body: string): { readonly error?: unknown; readonly error_description?: unknown } {
  try {
    return Object(JSON.parse(body)) as object
  } catch {
    return {}
  }
}

function counted(doors: number): string {
  return doors === 1 ? '1 door' : `${doors} doors`
}
