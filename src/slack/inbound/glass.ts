import type { GlassVerdict } from '#/incident/glass-state.ts'
import type { Person } from '#/incident/people.ts'
import { breakGlassForm, reviewGlassForm } from '../cards/glass-cards.ts'
import { fields } from '../references.ts'
import { actOnForm, showForm, strangeForm } from './answers.ts'
import type { Desk, Press, Submission } from './desk.ts'

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
  if (reference?.of !== 'request') return strangeForm(submission)
  await actOnForm(desk, submission, {
    incident: reference.incident,
    field: fields.reason,
    command: async (by) => ({
      type: 'BreakGlass',
      by,
      request: reference.request,
      digest: reference.digest ?? '',
      reason: submission.value(fields.reason),
      told: await everybodyElse(desk, by.person),
    }),
  })
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
