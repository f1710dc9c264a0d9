import type { OpenedIncident } from '#/incident/state.ts'
import { saying } from '../cards/lists.ts'
import { stopAllForm, stopForm } from '../cards/stop-forms.ts'
import { sentence } from '../cards/text.ts'
import { fields } from '../references.ts'
import { actOnForm, noticeOf, openForm, showForm, strangeForm, whyNotRead } from './answers.ts'
import type { Desk, Press, Submission } from './desk.ts'

/** The button on the card: a form that says what will happen, and may be given a reason. */
export async function stop(press: Press, desk: Desk): Promise<void> {
  await showForm(desk, press, stopForm)
}

export async function stopped(submission: Submission, desk: Desk): Promise<void> {
  const { reference } = submission
  if (reference?.of !== 'incident') return strangeForm(submission)
  await actOnForm(desk, submission, {
    incident: reference.incident,
    field: fields.reason,
    command: (by) => ({ type: 'StopWork', by, all: false, reason: submission.value(fields.reason) }),
  })
}

/** The button on the Home tab. */
export async function stopAll(press: Press, desk: Desk): Promise<void> {
  await Promise.all([press.ack(), openForm(desk, press, stopAllForm(desk.door.openIncidents().length))])
}

export async function stoppedAll(submission: Submission, desk: Desk): Promise<void> {
  const said = await stopEverything(desk, submission.user, submission.value(fields.reason))
  await submission.answer(
    said.kind === 'stopped'
      ? { kind: 'form', form: noticeOf('Stopped', said.sentence) }
      : { kind: 'errors', errors: { [fields.reason]: said.sentence } },
  )
}

/** `/autentico stop INC-n`: at once. */
export async function stopOne(
  desk: Desk,
  user: Press['user'],
  incident: OpenedIncident,
  reason: string,
): Promise<ReturnType<typeof saying>> {
  const by = await desk.roster.standing(user)
  const executed = desk.door.execute(incident.id, { type: 'StopWork', by, all: false, reason })
  return saying(sentence(executed.kind === 'accepted' ? stoppedSentence([incident]) : executed.sentence))
}

/** What came of stopping every open incident. Each is stopped in its own record; the sentence names those that were not, and why. */
export async function stopEverything(
  desk: Desk,
  user: Press['user'],
  reason: string,
): Promise<{ readonly kind: 'stopped' | 'not stopped'; readonly sentence: string }> {
  const by = await desk.roster.standing(user)
  const outsider = whyNotRead(by)
  if (outsider !== undefined) return { kind: 'not stopped', sentence: outsider }
  const stopped: OpenedIncident[] = []
  const refused: string[] = []
  const open = desk.door.openIncidents()
  const running = open.filter(({ stops }) => !stops.some(({ all }) => all))
  if (running.length === 0)
    return {
      kind: 'not stopped',
      sentence:
        open.length === 0 ? 'No incident is open, so there is nothing to stop.' : 'Everything is stopped already.',
    }
  for (const incident of running) {
    const executed = desk.door.execute(incident.id, { type: 'StopWork', by, all: true, reason })
    if (executed.kind === 'accepted') stopped.push(incident)
    else refused.push(executed.sentence)
  }
  const others = [...new Set(refused)].slice(0, 3).join(' ')
  if (stopped.length > 0) return { kind: 'stopped', sentence: [stoppedSentence(stopped), others].join(' ').trim() }
  return { kind: 'not stopped', sentence: others }
}

function stoppedSentence(incidents: readonly OpenedIncident[]): string {
  const names = incidents.map(({ id }) => id).join(', ')
  return `⛔ Stopped: ${names}. Nothing more is done there until two people resume the work.`
}
