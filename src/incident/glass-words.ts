import type { GlassEvent } from './glass-events.ts'
import type { Said } from './line.ts'
import { utc } from './times.ts'

/** What happened about doing something alone, as a line of the timeline. `what`: the request in a few words. */
export function glassLine(event: GlassEvent, what: string): Said {
  switch (event.type) {
    case 'GlassAnnounced':
      return {
        headline: `BREAKS THE GLASS: ${what} will be done at ${utc(event.dueAt)} without a second person`,
        details: [
          `“${event.reason}”`,
          'Any approver stops it with “Deny…” at the request, or approves it in the ordinary way.',
        ],
        tone: 'bad',
        forChannel: true,
        mentions: event.told,
        calling: 'Told:',
      }
    case 'GlassBroken':
      return {
        headline: `BROKE THE GLASS: ${what} is done on the word of @${event.by.name} alone`,
        details: [
          `“${event.reason}”`,
          `Announced ${utc(event.announcedAt)}; nobody stopped it.`,
          'The incident cannot be closed before somebody else has reviewed this.',
        ],
        tone: 'bad',
        forChannel: true,
      }
    case 'GlassCalledOff':
      return {
        headline: `did not break the glass: ${what} waits for a second person`,
        details: [`${event.why}.`],
        tone: 'warning',
      }
    case 'GlassReviewed':
      return {
        headline: `reviewed what was done alone: ${what} was ${event.verdict === 'justified' ? 'justified' : 'NOT justified'}`,
        details: [`“${event.note}”`],
        tone: event.verdict === 'justified' ? 'plain' : 'bad',
      }
  }
}
