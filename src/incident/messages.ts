import type { ProgramCommand } from './commands.ts'
import type { IncidentEvent } from './events.ts'
import { longestText } from './limits.ts'
import type { Actor, Person } from './people.ts'
import type { OpenedIncident, Spoken } from './state.ts'
import type { Surroundings } from './surroundings.ts'

type Around = Pick<Surroundings, 'later'>

/** So many messages of people are recorded for one incident; the last line says that it is the last. */
const mostMessages = 2_000
/** And so many edits of one message: whoever edits on and on must not fill the record. */
const mostEdits = 50

/** What people write in a thread while its incident is open, each once, however often it is told. */
export function recordMessage(
  incident: OpenedIncident,
  { ts, person: _author, text, files, editedTs, late }: Extract<ProgramCommand, { type: 'RecordMessage' }>,
  around: Around,
): readonly IncidentEvent[] {
  const { messages, status } = incident
  if (status === 'closed' || messages.has(ts) || messages.size >= mostMessages) return []
  return [
    {
      type: 'MessageWritten',
      ts,
      writtenAt: momentOf(ts, around),
      text: text.slice(0, longestText),
      ...(files.length === 0 ? {} : { files }),
      ...(editedTs === undefined ? {} : { editedTs }),
      ...(late ? { late } : {}),
      ...(messages.size === mostMessages - 1 ? { last: true } : {}),
    },
  ]
}

/**
 * An edit is recorded once, known by the moment that Slack gives it, also where the words that are recorded stay the same: what was
 * changed may be what was removed or cut. Also of an incident that is closed, and of a message that was not recorded.
 */
export function recordEdit(
  { messages }: OpenedIncident,
  { ts, author, before, after, editedTs, late }: Extract<ProgramCommand, { type: 'RecordEdit' }>,
  around: Around,
): readonly IncidentEvent[] {
  const known = messages.get(ts)
  if (isLeftOut(messages, ts) || known?.gone === true || known?.editedTs === editedTs) return []
  const edits = known?.edits ?? 0
  if (edits >= mostEdits) return []
  const was = known?.text ?? before?.slice(0, longestText)
  return [
    {
      type: 'MessageEdited',
      ts,
      writtenAt: momentOf(ts, around),
      author: known?.by ?? author,
      ...(was === undefined ? {} : { before: was }),
      after: after.slice(0, longestText),
      editedTs,
      ...(late ? { late } : {}),
      ...(edits === mostEdits - 1 ? { last: true } : {}),
    },
  ]
}

/** A message that came after the last one that is recorded. */
function isLeftOut(messages: OpenedIncident['messages'], ts: string): boolean {
  return messages.size >= mostMessages && !messages.has(ts)
}

export function recordDeletion(
  { messages }: OpenedIncident,
  { ts, author, before, late }: Extract<ProgramCommand, { type: 'RecordDeletion' }>,
  around: Around,
): readonly IncidentEvent[] {
  const known = messages.get(ts)
  const by = known?.by ?? author
  if (isLeftOut(messages, ts) || known?.gone === true || by === undefined) return []
  const was = known?.text ?? before?.slice(0, longestText)
  return [
    {
      type: 'MessageDeleted',
      ts,
      writtenAt: momentOf(ts, around),
      author: by,
      ...(was === undefined ? {} : { before: was }),
      ...(late ? { late } : {}),
    },
  ]
}

/** Lines of the record that the thread no longer has, each said once. */
export function recordLostPosts(
  { postsGone }: OpenedIncident,
  { entries, card }: Extract<ProgramCommand, { type: 'RecordLostPosts' }>,
): readonly IncidentEvent[] {
  const fresh = entries.filter((seq) => !postsGone.entries.has(seq))
  const isCard = card && !postsGone.card
  return fresh.length === 0 && !isCard
    ? []
    : [{ type: 'PostsDeleted', entries: fresh, ...(isCard ? { card: true as const } : {}) }]
}

/** Lines of the record that say something else in the thread than they did, each said once. */
export function recordAlteredPosts(
  { postsAltered }: OpenedIncident,
  { entries }: Extract<ProgramCommand, { type: 'RecordAlteredPosts' }>,
): readonly IncidentEvent[] {
  const fresh = entries.filter((seq) => !postsAltered.has(seq))
  return fresh.length === 0 ? [] : [{ type: 'PostsAltered', entries: fresh }]
}

/** Slack names a message by the moment it was written: seconds since 1970, with six digits behind the point. */
function momentOf(ts: string, { later }: Around): string {
  return later('1970-01-01T00:00:00.000Z', Math.trunc(Number(ts) * 1000))
}

type AboutMessages = Extract<
  IncidentEvent,
  { readonly type: 'MessageWritten' | 'MessageEdited' | 'MessageDeleted' | 'PostsDeleted' }
>

/** What is known of the thread after one of these. */
export function heard(incident: OpenedIncident, event: AboutMessages, actor: Actor): OpenedIncident {
  if (event.type === 'PostsDeleted') {
    const { entries, card } = incident.postsGone
    return {
      ...incident,
      postsGone: { entries: new Set([...entries, ...event.entries]), card: card || event.card === true },
    }
  }
  const edits = incident.messages.get(event.ts)?.edits ?? 0
  return { ...incident, messages: new Map(incident.messages).set(event.ts, spoken(event, actor, edits)) }
}

function spoken(event: Exclude<AboutMessages, { type: 'PostsDeleted' }>, actor: Actor, edits: number): Spoken {
  switch (event.type) {
    case 'MessageWritten':
      return {
        by: actor as Person,
        text: event.text,
        edits,
        ...(event.editedTs === undefined ? {} : { editedTs: event.editedTs }),
      }
    case 'MessageEdited':
      return { by: event.author, text: event.after, edits: edits + 1, editedTs: event.editedTs }
    case 'MessageDeleted':
      return { by: event.author, text: '', edits, gone: true }
  }
}
