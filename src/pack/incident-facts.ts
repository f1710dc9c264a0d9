import { actorName } from '#/incident/people.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { utc } from '#/incident/times.ts'

/** What stands at the head of a written timeline: a name and a value each. */
export function factsOf(incident: OpenedIncident): readonly (readonly [string, string])[] {
  const { playbook, target, openedAt, openedBy, closed, containedAt, lastSeq, lastHash } = incident
  return [
    ['Playbook', playbook.title],
    ['Target', `${target.username}${target.email === '' ? '' : ` (${target.email})`}, id ${target.id}`],
    ['Opened', `${utc(openedAt)} by ${actorName(openedBy)}`],
    ['Contained', containedAt === undefined ? 'not proven' : utc(containedAt)],
    ['Closed', closed === undefined ? 'open' : `${utc(closed.at)} by ${actorName(closed.by)}`],
    ['Last entry', `#${lastSeq}, ${lastHash}`],
  ]
}
