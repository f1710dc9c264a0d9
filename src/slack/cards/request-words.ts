import { requestName } from '#/incident/names.ts'
import { filledIn } from '#/incident/request-lines.ts'
import { findStep, type IncidentStep, type OpenedIncident, type Request } from '#/incident/state.ts'
import { longestInput } from '#/playbook/inputs.ts'
import { capital, code, line, literal, type Mrkdwn, mrkdwn } from './text.ts'
import { stepName } from './words.ts'

/** "Step 3 · Reset MFA", "Finding 3.1 · 🔧 Disable: Client “Billing”", and what is asked for when it is not the step itself. */
export function requestTitle(incident: OpenedIncident, request: Request): Mrkdwn {
  const step = findStep(incident, request.step)
  const number = step === undefined ? literal('') : mrkdwn`${capital(stepName(incident, step))} · `
  const isStep = request.kind === 'run' && step !== undefined && step.found === undefined
  const sign = request.kind === 'run' && step?.found !== undefined ? '🔧 ' : kindSign[request.kind]
  return mrkdwn`${literal(sign)}${number}${line(isStep ? step.title : requestName(request, incident), 120)}`
}

// Two kinds of request must never look alike.
const kindSign = {
  run: '',
  suspend: '🛑 ',
  attest: '✍️ ',
  expect: '☑️ ',
  answer: '🗳️ ',
  skip: '⏭️ ',
  'skip-rest': '⏭️ ',
  resume: '▶️ ',
  hold: '⏸ ',
} as const

/** What a review came upon: what was seen, and every reason to look, the gravest first. */
export function foundLines({ found }: Pick<IncidentStep, 'found'>): readonly Mrkdwn[] {
  if (found === undefined) return []
  const { says, flags } = found.finding
  const rest = flags.length - shownFlags
  return [
    mrkdwn`*Found:* ${line(says, 600)}`,
    ...flags.slice(0, shownFlags).map((flag) => mrkdwn`🚩 ${line(flag, 200)}`),
    ...(rest > 0 ? [mrkdwn`and ${rest} more reasons, in the file of the review`] : []),
  ]
}

const shownFlags = 6

/** "Filled in: Requests a second `20` · Exposed since `2026-11-23 03:12:00 UTC`"; a line each when it is much. None where nothing was asked for. */
export function filledInLines(incident: OpenedIncident, { step, inputs }: Request): readonly Mrkdwn[] {
  const given = filledIn(incident, step, inputs).map(
    ({ label, value }) => mrkdwn`${line(label, 80)} ${code(value, longestInput)}`,
  )
  if (given.length === 0) return []
  const short = given.join(' · ') as Mrkdwn
  return short.length <= longestOnOneLine ? [mrkdwn`*Filled in:* ${short}`] : [literal('Filled in:'), ...given]
}

const longestOnOneLine = 150
