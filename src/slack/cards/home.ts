import type { Button, KnownBlock } from '@slack/types'
import { type Person, samePerson } from '#/incident/people.ts'
import type { OpenedIncident, Request } from '#/incident/state.ts'
import { presses } from '../references.ts'
import { type Blocks, context, divider, linkButton, type Message, row, section } from './blocks.ts'
import { incidentLine, type ListContext, waitingLine } from './lists.ts'
import { isOfSlack, literal, type Mrkdwn, mrkdwn, prose } from './text.ts'
import { drillMark } from './words.ts'

/** A request that the viewer can approve, and where it stands. */
export type Waiting = {
  readonly incident: OpenedIncident
  readonly request: Request
  readonly link: string | undefined
}

export type HomeContext = ListContext & {
  readonly viewer: Person
  readonly waiting: readonly Waiting[]
  readonly open: readonly OpenedIncident[]
  /** Newest first; those that are open are left out. */
  readonly recent: readonly OpenedIncident[]
  readonly drill: boolean
  /** How the program is: a sign and a sentence each. */
  readonly status: readonly string[]
}

/** Most items of one kind: a view takes 100 blocks, and nobody reads further. */
const most = 8

/** The Home tab: what waits for the viewer first, then what they command, what else is open, what was, and how the program is. */
export function homeView(home: HomeContext): { readonly type: 'home'; readonly blocks: Message['blocks'] } {
  const { open, recent, viewer, waiting, status } = home
  const mine = open.filter(({ commander }) => samePerson(commander, viewer))
  const others = open.filter(({ commander }) => !samePerson(commander, viewer))
  const closed = recent.filter((incident) => incident.status === 'closed')
  return {
    type: 'home',
    blocks: [
      section(mrkdwn`*${drillMark(home)}Autentico Responder*`),
      ...row([
        {
          type: 'button',
          text: { type: 'plain_text', text: 'Open an incident', emoji: false },
          action_id: presses.openForm,
          style: 'primary',
        },
        ...brake(open),
      ]),
      ...part('Waits for you', waiting.map(waitingBlock), 'Nothing waits for you.'),
      ...(mine.length === 0 ? [] : part('You command', mine.map(incidentBlock(home)), '')),
      ...part(
        mine.length === 0 ? 'Open incidents' : 'Other open incidents',
        others.map(incidentBlock(home)),
        mine.length === 0 ? 'No incident is open.' : 'No other incident is open.',
      ),
      ...(closed.length === 0 ? [] : part('Closed lately', closed.map(incidentBlock(home)), '')),
      ...statusPart(status),
    ],
  }
}

/** The emergency stop for everything, and its undoing, once there is something that it holds. */
function brake(open: readonly OpenedIncident[]): readonly Button[] {
  const isHeld = ({ stops }: OpenedIncident): boolean => stops.some(({ all }) => all)
  const pressable = (words: string, action: string, danger: boolean): Button => ({
    type: 'button',
    text: { type: 'plain_text', text: words, emoji: false },
    action_id: action,
    ...(danger ? { style: 'danger' as const } : {}),
  })
  return [
    ...(open.some(isHeld) ? [pressable('Ask to resume everything', presses.resumeAll, false)] : []),
    ...(open.every(isHeld) ? [] : [pressable('Stop everything…', presses.stopAll, true)]),
  ]
}

function waitingBlock({ incident, request, link }: Waiting): KnownBlock {
  return withLink(waitingLine(incident, request), 'Go to the request', link)
}

function incidentBlock(home: HomeContext): (incident: OpenedIncident) => KnownBlock {
  // The link is a button here, so the line goes without one.
  return (incident) =>
    withLink(
      incidentLine(incident, { ...home, threadLink: () => undefined }),
      `Go to ${incident.id}`,
      home.threadLink(incident),
    )
}

function withLink(text: Mrkdwn, words: string, link: string | undefined): KnownBlock {
  const block = section(text)
  return link === undefined || !isOfSlack(link) || block.type !== 'section'
    ? block
    : { ...block, accessory: linkButton(words, link, presses.link) }
}

function part(title: string, items: readonly KnownBlock[], none: string): Blocks {
  const rest = items.length - most
  return [
    divider,
    section(mrkdwn`*${literal(items.length > 1 ? `${title} (${items.length})` : title)}*`),
    ...(items.length === 0 ? [section(literal(none))] : items.slice(0, most)),
    ...(rest > 0 ? [context(mrkdwn`and ${rest} more: \`/autentico list\``)] : []),
  ]
}

function statusPart(status: readonly string[]): Blocks {
  if (status.length === 0) return []
  const shown = status.slice(0, 20).map((one) => prose(one, 300))
  return [divider, section(mrkdwn`*How the program is*`), context(shown.join('\n') as Mrkdwn)]
}
