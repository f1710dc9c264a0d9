import type { Logger } from 'pino'
import { type Incidents, recordedOf } from '#/deciders/incidents.ts'
import { createMessenger } from '#/followers/messenger.ts'
import type { Poster } from '#/followers/poster.ts'
import type { Ledger } from '#/ledger/ledger.ts'
import type { Slack } from '#/slack/start-slack.ts'
import { followLedger, soon } from './follow-ledger.ts'

/** Tells people in direct messages what they must not miss, from now on until it is closed. */
export function startMessenger({
  ledger,
  incidents,
  slack,
  poster,
  log,
}: {
  readonly ledger: Ledger
  readonly incidents: Pick<Incidents, 'find'>
  readonly slack: Pick<Slack, 'outbound' | 'linkTo'>
  readonly poster: Pick<Poster, 'requestPlace'>
  readonly log: Logger
}): AsyncDisposable {
  const messenger = createMessenger({
    find: (id) => incidents.find(id),
    send: async (person, message) => slack.outbound.dm(person.slack.user, message),
    linkTo(incident, request) {
      const place = poster.requestPlace(incident.id, request) ?? incident.thread
      return place === undefined ? undefined : slack.linkTo(place)
    },
    onRefused: (incident, { slack: { user } }, error) =>
      log.warn({ incident, user, why: error.message }, 'somebody could not be told in a direct message'),
  })
  const handle: Parameters<typeof followLedger>[0]['handle'] = async (entries) =>
    messenger.handle(entries.map(recordedOf))
  return followLedger({ ledger, name: 'messenger', handle, log, retryIn: soon })
}
