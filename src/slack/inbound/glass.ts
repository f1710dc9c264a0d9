import type { PersonCommand } from '#/incident/commands.ts'
import type { GlassVerdict } from '#/incident/glass-events.ts'
import type { Person, Standing } from '#/incident/people.ts'
import { breakGlassForm, reviewGlassForm } from '../cards/glass-cards.ts'
import { signInBegins } from '../cards/sign-in-form.ts'
import { mrkdwn } from '../cards/text.ts'
import { fields } from '../references.ts'
import { actOnForm, showForm, strangeForm } from './answers.ts'
import { inThread, matterOf, signedInFor } from './approve.ts'
import type { Desk, Press, Submission } from './desk.ts'
import { signIn } from './sign-in.ts'

/** Looking up everybody's name never holds up the answer for longer than this; whoever is not named by then is called by id. */
const namedWithinMs = 900

/** The form that says what doing it alone means, and wants a reason. */
export async function breakGlass(press: Press, desk: Desk): Promise<void> {
  await showForm(desk, press, (incident, reference) => {
    const request = reference.of === 'request' ? incident.requests.get(reference.request) : undefined
    if (request === undefined || request.end.kind !== 'open') return 'That request is not open any more.'
    return breakGlassForm(incident, request, { reference, delayMs: desk.door.policy().breakGlass.delayMs })
  })
}

export async function glassAnnounced(submission: Submission, desk: Desk): Promise<void> {
  const { reference } = submission
  const incident = reference === undefined ? undefined : desk.door.incident(reference.incident)
  if (reference?.of !== 'request' || incident === undefined) return strangeForm(submission)
  const announcement = async (by: Standing): Promise<Extract<PersonCommand, { type: 'BreakGlass' }>> => ({
    type: 'BreakGlass',
    by,
    request: reference.request,
    digest: reference.digest ?? '',
    reason: submission.value(fields.reason),
    told: await everybodyElse(desk, by.person),
    ...(submission.has(fields.typed) ? { typed: submission.value(fields.typed) } : {}),
  })
  const request = signedInFor(desk, incident, reference)
  if (request === undefined || submission.value(fields.reason).trim() === '') {
    await actOnForm(desk, submission, { incident: incident.id, field: fields.reason, command: announcement })
    return
  }
  const { user, form } = submission
  const where = incident.thread === undefined ? {} : inThread(incident.thread)
  const ack = async (): Promise<void> => submission.answer({ kind: 'form', form: signInBegins() })
  const matter = matterOf(desk, incident, { request, approval: announcement })
  const done = mrkdwn`🚨 Announced, and done when the delay is over: ${matter.title}`
  await signIn(desk, { user, where, form, matter: { ...matter, done }, ack })
}

async function everybodyElse(desk: Desk, { slack }: Person): Promise<readonly Person[]> {
  const everybody = await desk.roster.everybody(namedWithinMs)
  return everybody.filter((one) => one.slack.user !== slack.user)
}

export async function reviewGlass(press: Press, desk: Desk): Promise<void> {
  await showForm(desk, press, (incident, reference) => {
    const request = reference.of === 'request' ? incident.requests.get(reference.request) : undefined
    return request !== undefined && incident.glass.get(request.id)?.brokenAt !== undefined
      ? reviewGlassForm(incident, request, reference)
      : 'Nothing of that was done alone, so there is nothing to review.'
  })
}

export async function glassReviewed(submission: Submission, desk: Desk): Promise<void> {
  const { reference } = submission
  const verdict = verdicts.find((one) => one === submission.value(fields.verdict))
  if (reference?.of !== 'request' || verdict === undefined) return strangeForm(submission)
  await actOnForm(desk, submission, {
    incident: reference.incident,
    field: fields.note,
    command: (by) => ({
      type: 'ReviewGlass',
      by,
      request: reference.request,
      verdict,
      note: submission.value(fields.note),
    }),
  })
}

const verdicts: readonly GlassVerdict[] = ['justified', 'not-justified']
