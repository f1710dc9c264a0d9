import type { IncidentEvent } from './events.ts'
import type { TimelineLine } from './line.ts'
import type { Person } from './people.ts'

type Said = Pick<TimelineLine, 'headline' | 'details' | 'tone' | 'mentions'> & { readonly calling: string }

/** What is spoken of: "Revoke all sessions of alice", and until when it can be decided, in words. */
type About = { readonly name: string; readonly until: string }

const nobody = 'Nobody can approve it now. An operator has to look at `APPROVERS` and the policy.'

/** Those who can approve are called by their names once. After that the line says who they are, and calls upon somebody else. */
export function remindedLine(
  { able, called = able }: Pick<Extract<IncidentEvent, { type: 'RequestReminded' }>, 'able' | 'called'>,
  { name, until }: About,
): Said {
  const areAble = called.length > 0 && called.every((one) => able.some(({ slack }) => slack.user === one.slack.user))
  return {
    headline: `reminds: ${name} waits for approval until ${until}`,
    details: able.length === 0 ? [nobody] : areAble && called.length === able.length ? [] : [ableNow(able)],
    tone: 'warning',
    mentions: called,
    calling: areAble ? 'Able to now:' : 'For',
  }
}

export function escalatedLine(
  { able, called, group }: Pick<Extract<IncidentEvent, { type: 'RequestEscalated' }>, 'able' | 'called' | 'group'>,
  { name, until }: About,
): Said {
  return {
    headline: `calls upon ${group} as well: ${name} waits for approval until ${until}`,
    details: [
      able.length === 0 ? nobody : ableNow(able),
      'Whoever is called upon and not named there may not approve it, but may know who can be reached.',
    ],
    tone: 'warning',
    mentions: called,
    calling: 'For',
  }
}

export function staleLine(
  { next }: Extract<IncidentEvent, { type: 'IncidentStale' }>,
  { since, commander }: { readonly since: string; readonly commander: Person },
): Said {
  return {
    headline: `reminds: nothing has happened here since ${since}`,
    details: [next],
    tone: 'warning',
    mentions: [commander],
    calling: 'For',
  }
}

function ableNow(able: readonly Person[]): string {
  return `Able to now: ${namesOf(able)}.`
}

export function namesOf(people: readonly Person[]): string {
  return people.map(({ name }) => `@${name}`).join(', ')
}
