import type { ActionName } from '#/playbook/actions.ts'
import type { StepId } from '#/playbook/playbook.ts'
import { isInstance } from './account.ts'
import { isHoldWork } from './hold-state.ts'
import { holdWorkName } from './hold-words.ts'
import { findStep, type OpenedIncident, quoted, type Request, targetOf } from './state.ts'
import type { OrderId, RequestId } from './work.ts'

/** What a request asks for, in a few words: "Reset MFA of alice". */
export function requestName({ kind, step, all, action }: Request, incident: OpenedIncident): string {
  if (kind === 'hold') return `Keep ${incident.target.username} suspended`
  if (kind === 'resume')
    return all === true ? 'Resume everything that was stopped' : `Resume the work of ${incident.id}`
  if (step === undefined) throw new Error(`ledger out of order: a request to ${kind} names no step`)
  const what = quotedTitle(incident, step)
  switch (kind) {
    case 'run':
      return workTitle(incident, step, action)
    case 'suspend':
      return insteadOf(incident, step)
    case 'expect':
      return `Record ${what} as expected`
    case 'answer':
      return `Decide ${what}`
    case 'attest':
      return `Record ${what} as done by hand`
    case 'skip':
      return `Skip ${what}`
    case 'skip-rest':
      return 'Skip every step that is left'
  }
}

/** The same by its id; of a request that the incident does not know, the id. */
export function nameOfRequest(incident: OpenedIncident, id: RequestId): string {
  const request = incident.requests.get(id)
  return request === undefined ? id : requestName(request, incident)
}

/** The title of a step, as the playbook has it. */
export function title(incident: OpenedIncident, id: StepId): string {
  return findStep(incident, id)?.title ?? id
}

/** The title as it stands in a sentence: in quotes, or, of what was found, as it is. */
export function quotedTitle(incident: OpenedIncident, id: StepId): string {
  const step = findStep(incident, id)
  return step === undefined ? id : quoted(step)
}

/** "Reset MFA of alice", "Notify the user, then restore access for alice" */
export function nameOfStep(incident: OpenedIncident, id: StepId): string {
  const step = findStep(incident, id)
  if (isInstance(targetOf(incident, step)) || step?.found !== undefined || step?.action?.startsWith('review-') === true)
    return step?.title ?? id
  return `${step?.title ?? id} ${step?.kind === 'recovery' ? 'for' : 'of'} ${incident.target.username}`
}

/** "Suspend alice in place of “Reset MFA”" */
export function insteadOf(incident: OpenedIncident, id: StepId): string {
  return `Suspend ${targetOf(incident, findStep(incident, id)).username} in place of ${quotedTitle(incident, id)}`
}

/** "Reset MFA of alice"; what was found is dealt with: "Demote administrator “helpdesk”". */
export function workTitle(incident: OpenedIncident, id: StepId, action: ActionName | undefined): string {
  const isFound = findStep(incident, id)?.found !== undefined
  return isFound ? `${wayWords(action)} ${quotedTitle(incident, id)}` : nameOfStep(incident, id)
}

/** What an order is for: its step, in quotes, or what is read. */
export function workName(incident: OpenedIncident, id: OrderId): string {
  const order = incident.work.get(id)
  if (order === undefined) return id
  if (order.step !== undefined) return quotedTitle(incident, order.step)
  if (isHoldWork(order.action)) return holdWorkName(incident, order.action)
  if (order.action === incident.playbook.sweep) return 'the sweep'
  return `the reading of ${isInstance(incident.target) ? 'Autentico' : 'the account'}`
}

/** What is done about a finding, in words, as on its button. */
export function wayWords(action: ActionName | undefined): string {
  return (action === undefined ? undefined : ways[action]) ?? 'Deal with it'
}

const ways: Readonly<Partial<Record<ActionName, string>>> = {
  'demote-admin': 'Demote',
  'suspend-account': 'Suspend',
  'disable-client': 'Disable',
  'disable-provider': 'Disable',
  'close-setting': 'Put right',
  'revoke-sessions': 'Revoke sessions',
}
