import type { IncidentId, Recorded } from '#/incident/events.ts'
import { type Glass } from '#/incident/glass-events.ts'
import { glassPending } from '#/incident/glass-state.ts'
import type { Person } from '#/incident/people.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import type { Message } from '#/slack/cards/blocks.ts'
import { glassNotice } from '#/slack/cards/glass-cards.ts'
import { concernsToken, SlackRejected } from '#/slack/failures.ts'
import { TryLater } from './poster.ts'
import { translated } from './thread.ts'

export type MessengerDeps = {
  readonly find: (id: IncidentId) => OpenedIncident | undefined
  /** Sends a direct message. Throws the failures of Slack. */
  readonly send: (person: Person, message: Message) => Promise<void>
  /** Where the request is decided, as an address. Undefined: it does not stand anywhere yet, or Slack has not said where that is. */
  readonly linkTo: (incident: OpenedIncident, request: Glass['request']) => string | undefined
  /** Slack takes no message to this person. The channel and the thread call upon them all the same. */
  readonly onRefused: (incident: IncidentId, person: Person, error: SlackRejected) => void
}

export type Messenger = { readonly handle: (recorded: readonly Recorded[]) => Promise<void> }

/**
 * Tells everybody who is called upon when the glass is about to be broken, each in a direct message: a mention in the thread is easily
 * missed at night. Whoever was told is not told again while the program runs; after a crash in between, rather twice than never. What was
 * decided meanwhile is told to nobody.
 */
export function createMessenger({ find, send, linkTo, onRefused }: MessengerDeps): Messenger {
  const told = new Set<string>()

  async function tell(incident: OpenedIncident, glass: Glass, person: Person): Promise<void> {
    const key = `${incident.id} ${glass.request} ${glass.at} ${person.slack.user}`
    if (told.has(key)) return
    try {
      await send(person, glassNotice(incident, glass, linkTo(incident, glass.request)))
    } catch (error) {
      if (!(error instanceof SlackRejected)) throw translated(error)
      // Nothing of ours is taken at all, so it is tried again like everything else.
      if (concernsToken(error)) throw new TryLater(error.message, { cause: error })
      onRefused(incident.id, person, error)
    }
    told.add(key)
  }

  return {
    async handle(recorded) {
      for (const { incident: id, event } of recorded) {
        if (event.type !== 'GlassAnnounced') continue
        for (const person of event.told) {
          // Read anew for each: it may have been stopped by one of them.
          const incident = find(id)
          const glass = incident === undefined ? undefined : pendingOf(incident, event.request)
          if (incident === undefined || glass === undefined) break
          await tell(incident, glass, person)
        }
      }
    },
  }
}

function pendingOf(incident: OpenedIncident, request: Glass['request']): Glass | undefined {
  return incident.status === 'closed' ? undefined : glassPending(incident).find((one) => one.request === request)
}
