import type { IncidentId } from '#/incident/events.ts'
import { glassPending } from '#/incident/glass-state.ts'
import type { Message } from '#/slack/cards/blocks.ts'
import { breakGlassForm, glassNotice, reviewGlassForm } from '#/slack/cards/glass-cards.ts'
import { incidentCard } from '#/slack/cards/incident-card.ts'
import { requestMessage } from '#/slack/cards/request-message.ts'
import { summaryMessage } from '#/slack/cards/summary-message.ts'
import { play } from './given.ts'
import {
  type Act,
  applied,
  approves,
  asks,
  breaks,
  brokenGlass,
  closes,
  denies,
  doneResult,
  expires,
  held,
  holds,
  lifted,
  newestRequest,
  passes,
  proven,
  reports,
  reviews,
  settles,
  shownRequest,
  standing,
  steps,
  stops,
  underWay,
  withdraws,
  withGlass,
} from './stories.ts'

/** What people see of what one of them does alone: a hold, and a broken glass. */

const policy = withGlass()
const over = [...held, passes(30), expires]
const asked: readonly Act[] = [{ policy }, ...underWay, ...shownRequest(steps.sessions)]
const skipped: readonly Act[] = [
  { ...asks(steps.password), kind: 'skip-rest', reason: 'A test account.' },
  approves(),
  passes(10),
  reports('sweep', doneResult()),
]
const done: readonly Act[] = [...brokenGlass, reports('run', doneResult())]
const stuck = reports('lift', { kind: 'failed', sentence: 'alice was deleted in Autentico.', retry: false })

function card(...acts: readonly Act[]): Message {
  const { incident, now } = play(...acts)
  return incidentCard(incident, { now, policy })
}

function request(...acts: readonly Act[]): Message {
  const { incident } = play(...acts)
  return requestMessage(incident, newestRequest(incident), policy)
}

export const aloneMessages: readonly (readonly [string, Message])[] = [
  ['A hold is placed, the card', card(...underWay, holds())],
  ['A hold is placed', request(...underWay, holds())],
  ['On hold, the card', card(...held)],
  ['On hold', request(...held)],
  ['On hold, before a step that it is in the way of', card(...held, ...proven(steps.sessions))],
  ['On hold, stopped', card(...held, stops())],
  ['A hold was confirmed, the card', card(...held, approves())],
  ['A hold was confirmed', request(...held, approves())],
  ['A hold ran out, and is being lifted, the card', card(...over, settles)],
  ['A hold ran out, and is being lifted', request(...over, settles)],
  ['A hold ran out while the work is stopped, the card', card(...held, stops(), passes(30), expires)],
  ['A hold was lifted', request(...over, settles, lifted)],
  ['A hold was ended early', request(...held, denies(standing('bao'), 'He is on the phone with me.'), settles, lifted)],
  ['A hold over what was suspended before', request(...underWay, holds(), applied('no'), withdraws(), settles)],
  ['A hold could not be lifted, the card', card(...held, withdraws(), settles, stuck)],
  ['A hold could not be lifted', request(...held, withdraws(), settles, stuck)],
  [
    'Suspended by two in another incident',
    request(...held, { type: 'SupersedeHold', incident: 'INC-9' as IncidentId }),
  ],
  ['What may be done alone', request(...asked)],
  ['The glass is about to be broken, the card', card(...asked, breaks())],
  ['The glass is about to be broken', request(...asked, breaks())],
  ['The glass is about to be broken, to each of the others', notice()],
  ['The glass is broken, the card', card(...done)],
  ['The glass is broken', request(...done)],
  ['Closed, with a hold and a broken glass', closedSummary()],
]

function notice(): Message {
  const { incident } = play(...asked, breaks())
  const [glass] = glassPending(incident)
  if (glass === undefined) throw new Error('nobody announced anything')
  return glassNotice(incident, glass, 'https://example.slack.com/archives/C0INC/p1')
}

function closedSummary(): Message {
  const story = [...done, ...skipped, holds(), applied(), withdraws(), settles, lifted, reviews(), closes()]
  return summaryMessage(play(...story).incident)
}

const { incident } = play(...asked)
const about = { of: 'request', incident: incident.id, request: newestRequest(incident).id } as const
const broken = play(...done).incident

export const aloneForOne: readonly (readonly [string, object])[] = [
  ['Break glass', breakGlassForm(incident, newestRequest(incident), { reference: about, delayMs: 600_000 })],
  ['Review what was done alone', reviewGlassForm(broken, newestRequest(broken), about)],
]
