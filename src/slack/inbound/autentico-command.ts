import { isAccountOf } from '#/incident/approval.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { Standing } from '#/incident/people.ts'
import { refusalSentence } from '#/incident/refusals.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { plainLine, timelineLine } from '#/incident/timeline.ts'
import type { Playbook } from '#/playbook/playbook.ts'
import type { Message } from '../cards/blocks.ts'
import { helpMessage, incidentList, saying, statusMessage, verifyMessage } from '../cards/lists.ts'
import type { OpeningValues } from '../cards/opening-form.ts'
import { line, literal, mrkdwn, sentence } from '../cards/text.ts'
import { timelineMessage } from '../cards/timeline-message.ts'
import { NotRecorded } from '../door.ts'
import { readIncidentId } from '../references.ts'
import { whyNotRead } from './answers.ts'
import type { Command, Desk } from './desk.ts'
import { threadLinks } from './home.ts'
import { nearest } from './nearest.ts'
import { openIncident } from './open-incident.ts'
import { askToResume } from './resume.ts'
import { keysOf, policyOf } from './rules.ts'
import { stopEverything, stopOne } from './stop.ts'
import { namedTarget } from './target.ts'

const verbs = ['incident', 'list', 'status', 'stop', 'resume', 'timeline', 'verify', 'policy', 'key', 'help'] as const

/** `/autentico …`: the form for an incident at once; everything else is acknowledged and answered in private. */
export async function autenticoCommand(command: Command, desk: Desk): Promise<void> {
  const [typed = '', ...rest] = command.text.trim().split(/\s+/)
  const verb = typed.toLowerCase()
  if (command.where.thread !== undefined) {
    await command.ack()
    return answer(
      desk,
      command,
      helpMessage(
        literal(
          'Slack runs no commands inside a thread. Nothing was done. Use the buttons here, or type the command in the channel.',
        ),
      ),
    )
  }
  if (verb === 'incident' && desk.door.closed !== undefined) throw new NotRecorded(desk.door.closed)
  if (verb === 'incident') return openIncident(command, desk, openingValues(rest, desk.door.playbooks))
  await command.ack()
  await answer(desk, command, await reply(command, desk, { verb, typed, rest }))
  // What was read may be what is damaged.
  if (desk.door.closed !== undefined) await answer(desk, command, saying(sentence(desk.door.closed)))
}

async function answer(desk: Desk, { user, where }: Command, message: Message): Promise<void> {
  await desk.outbound.replyPrivately(user, where, message)
}

async function reply(
  { user }: Command,
  desk: Desk,
  { verb, typed, rest }: { readonly verb: string; readonly typed: string; readonly rest: readonly string[] },
): Promise<Message> {
  if (verb === '' || verb === 'help') return helpMessage()
  if (!verbs.some((known) => known === verb)) return helpMessage(unknown(typed))

  const by = await desk.roster.standing(user)
  const refusal = whyNotRead(by)
  if (refusal !== undefined) return saying(sentence(refusal))
  if (verb === 'policy') return policyOf(desk)
  if (verb === 'key') return keysOf(desk)
  if (verb === 'stop' || verb === 'resume') return brake(desk, user, { verb, by, rest })
  const where = { now: desk.now(), threadLink: threadLinks(desk) }
  const open = desk.door.openIncidents().filter(({ target }) => !isAccountOf(by, target))
  const [named] = rest
  if (verb === 'list' || (verb === 'status' && named === undefined && open.length !== 1))
    return incidentList(open, where)

  const incident = named === undefined ? (verb === 'status' ? open[0] : undefined) : find(desk, named)
  if (incident === undefined) return saying(sentence(whichOne(verb, named)))
  const personal = whyNotRead(by, incident)
  if (personal !== undefined) return saying(sentence(personal))
  if (verb === 'status') return statusMessage(incident, where)
  return verb === 'verify' ? verifyMessage(incident, await desk.door.verify(incident.id)) : lastLines(desk, incident)
}

/** `stop` and `resume`, of one incident or `all`. Both name what they are about: neither is ever guessed. */
async function brake(
  desk: Desk,
  user: Command['user'],
  { verb, by, rest }: { readonly verb: 'stop' | 'resume'; readonly by: Standing; readonly rest: readonly string[] },
): Promise<Message> {
  const [named, ...words] = rest
  if (named?.toLowerCase() === 'all')
    return verb === 'resume'
      ? askToResume(desk, user, 'all')
      : saying(sentence((await stopEverything(desk, user, words.join(' '))).sentence))
  const incident = named === undefined ? undefined : find(desk, named)
  if (incident === undefined)
    return saying(sentence(`${whichOne(verb, named)} \`/autentico ${verb} all\` is for all of them.`))
  const personal = whyNotRead(by, incident)
  if (personal !== undefined) return saying(sentence(personal))
  return verb === 'resume' ? askToResume(desk, user, incident) : stopOne(desk, user, incident, words.join(' '))
}

function find(desk: Desk, named: string): OpenedIncident | undefined {
  const id: IncidentId | undefined = readIncidentId(named)
  return id === undefined ? undefined : desk.door.incident(id)
}

function whichOne(verb: string, named: string | undefined): string {
  return named === undefined
    ? `Which incident? Type \`/autentico ${verb} INC-1\`, or \`/autentico list\` for those there are.`
    : refusalSentence({ code: 'no_such_incident', about: { what: named.slice(0, 40) } })
}

function unknown(typed: string): ReturnType<typeof mrkdwn> {
  const meant = nearest(typed, verbs)
  const known = mrkdwn`There is no command “${line(typed, 40)}”.`
  return meant === undefined ? known : mrkdwn`${known} Did you mean \`/autentico ${literal(meant)}\`?`
}

/** The newest lines that fit into one message; the buttons and the export have the rest. */
function lastLines(desk: Desk, incident: OpenedIncident): Message {
  const entries = desk.door.timeline(incident.id).map((recorded) => timelineLine(recorded, incident))
  let from = entries.length
  let length = 0
  while (from > 0 && entries.length - from < 45) {
    const next = entries[from - 1]
    length += next === undefined ? 0 : plainLine(next).length + 90
    if (length > 3500) break
    from -= 1
  }
  const shown = entries.slice(Math.min(from, entries.length - 1))
  return shown.length === 0 ? saying(literal('Nothing was recorded yet.')) : timelineMessage(shown).message
}

/** `[playbook] [target]`: a first word that is no playbook is the target. */
function openingValues(words: readonly string[], playbooks: readonly Playbook[]): OpeningValues {
  const [first = '', ...others] = words
  const playbook = findPlaybook(first, playbooks)
  const target = namedTarget((playbook === undefined ? words : others).join(' '))
  return { ...(playbook === undefined ? {} : { playbook: playbook.id }), ...(target === undefined ? {} : { target }) }
}

function findPlaybook(word: string, playbooks: readonly Playbook[]): Playbook | undefined {
  const typed = word.toLowerCase()
  if (typed === '') return undefined
  const exact = playbooks.find(({ id }) => id === typed)
  if (exact !== undefined) return exact
  const beginning = playbooks.filter(({ id }) => typed.length >= 4 && id.startsWith(typed))
  if (beginning.length === 1) return beginning[0]
  const meant =
    typed.length >= 8
      ? nearest(
          typed,
          playbooks.map(({ id }) => id),
        )
      : undefined
  return playbooks.find(({ id }) => id === meant)
}
