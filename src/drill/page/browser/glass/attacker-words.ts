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

function counted(doors: number): string {
  return doors === 1 ? '1 door' : `${doors} doors`
}
