import type { Inputs } from '#/playbook/inputs.ts'
import type { StepId } from '#/playbook/playbook.ts'
import { standingWith } from './approval-lines.ts'
import type { IncidentEvent } from './events.ts'
import type { StepUp } from './identity.ts'
import { given, type Said, type TimelineLine } from './line.ts'
import { nameOfRequest } from './names.ts'
import type { Actor } from './people.ts'
import { findStep, type OpenedIncident } from './state.ts'
import { utc } from './times.ts'
import type { RequestId } from './work.ts'

/** What is to be done, as those who decide are shown it. */
export function shownLine(event: Extract<IncidentEvent, { type: 'RequestShown' }>, incident: OpenedIncident): Said {
  const request = incident.requests.get(event.request)
  const by = request === undefined ? '' : ` for @${request.requester.name}`
  return {
    headline: `shows the request${by}: ${nameOfRequest(incident, event.request)}`,
    details: [`This will: ${event.effect.sentence}`, ...inputDetails(incident, request?.step, request?.inputs)],
    ...coded(incident, event.request),
  }
}

/** One yes: why, how the person proved who they are, and what is still needed. */
export function approvedLine(
  { request: id, reason = '', stepUp }: Extract<IncidentEvent, { type: 'ApprovalGiven' | 'StepApproved' }>,
  actor: Actor,
  incident: OpenedIncident,
): Said {
  return {
    headline: `approved: ${nameOfRequest(incident, id)}`,
    details: [
      ...given(reason),
      ...(stepUp === undefined ? [] : [stepUpSentence(stepUp)]),
      ...standingWith(incident.requests.get(id), actor),
    ],
    ...coded(incident, id),
  }
}

/** The code says which of several requests was meant, when two people compare what they see. */
function coded(incident: OpenedIncident, id: RequestId): Pick<TimelineLine, 'code'> {
  const code = incident.requests.get(id)?.shown?.code
  return code === undefined ? {} : { code }
}

/** The record keeps the whole digest. */
function stepUpSentence(stepUp: StepUp): string {
  return stepUp.kind === 'key'
    ? `Signed with the registered key ${stepUp.fingerprint}.`
    : `Signed in to Autentico as ${stepUp.sub} at ${utc(stepUp.signedInAt)} (token sha256 ${stepUp.tokenDigest.slice(0, 12)}…).`
}

/** What was filled in, by the labels of the fields and in their order: the record keeps them by name. */
export function filledIn(
  incident: OpenedIncident,
  id: StepId | undefined,
  inputs: Inputs | undefined,
): readonly { readonly label: string; readonly value: string }[] {
  const fields = findStep(incident, id)?.inputs ?? []
  const placeOf = (name: string): number => fields.findIndex((one) => one.id === name)
  // The record sorts them by name; people know them in the order of the form.
  const given = Object.entries(inputs ?? {}).toSorted(([one], [other]) => placeOf(one) - placeOf(other))
  return given.map(([name, value]) => {
    const field = fields[placeOf(name)]
    const words =
      field?.choices?.find((one) => one.id === value)?.label ?? (field?.type === 'moment' ? utc(value) : value)
    return { label: field?.label ?? name, value: words }
  })
}

/** The same in one sentence, or nothing. */
export function inputDetails(
  incident: OpenedIncident,
  id: StepId | undefined,
  inputs: Inputs | undefined,
): readonly string[] {
  const given = filledIn(incident, id, inputs).map(({ label, value }) => `${label}: ${value}`)
  return given.length === 0 ? [] : [`${given.join(' · ')}.`]
}
