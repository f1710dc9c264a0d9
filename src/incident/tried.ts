import type { StepId } from '#/playbook/playbook.ts'
import type { PersonCommand } from './commands.ts'
import type { StepRequestKind } from './events.ts'
import { requestName } from './names.ts'
import { findStep, type Incident } from './state.ts'
import type { RequestId } from './work.ts'

/** What somebody tried to do, in a few words, for the record of a refusal: "approve Reset MFA of alice". */
export function whatWasTried(command: PersonCommand, incident: Incident): string {
  switch (command.type) {
    case 'OpenIncident':
      return `open an incident for ${command.target.username}`
    case 'AskForStep':
      return asked(stepTitle(incident, command.step), command.kind)
    case 'ApproveRequest':
      return `approve ${nameOf(incident, command.request)}`
    case 'BeginStepUp':
      return `sign in to approve ${nameOf(incident, command.request)}`
    case 'DenyRequest':
      return `deny ${nameOf(incident, command.request)}`
    case 'WithdrawRequest':
      return `withdraw ${nameOf(incident, command.request)}`
    case 'StopWork':
      return command.all ? 'stop everything' : 'stop the work'
    case 'AskToResume':
      return command.all ? 'ask to resume everything' : 'ask to resume the work'
    case 'HoldTarget':
      return incident.status === 'unopened' ? 'place a hold' : `place a hold on ${incident.target.username}`
    case 'LiftAgain':
      return 'have a hold lifted'
    case 'BreakGlass':
      return `do alone: ${nameOf(incident, command.request)}`
    case 'ReviewGlass':
      return `review what was done alone: ${nameOf(incident, command.request)}`
    case 'ReadAgain':
      return `make the ${command.what} again`
    case 'TakeCommand':
      return 'take command'
    case 'CorrectAwareness':
      return 'put right when somebody became aware'
    case 'AddNote':
      return 'add a note'
    case 'RecordNotification':
      return 'record the notification'
    case 'ShowSecret':
      return 'look at the temporary password'
    case 'AskForPack':
      return 'ask for the evidence pack'
    case 'CloseIncident':
      return 'close the incident'
  }
}

function asked(step: string, kind: StepRequestKind): string {
  switch (kind) {
    case 'run':
      return `ask for ${step}`
    case 'suspend':
      return `ask to suspend the account in place of ${step}`
    case 'attest':
      return `ask to record ${step} as done by hand`
    case 'expect':
      return `ask to record ${step} as expected`
    case 'answer':
      return `answer ${step}`
    case 'skip':
      return `ask to skip ${step}`
    case 'skip-rest':
      return 'ask to skip every step that is left'
  }
}

function nameOf(incident: Incident, id: RequestId): string {
  const request = incident.status === 'unopened' ? undefined : incident.requests.get(id)
  return request === undefined || incident.status === 'unopened' ? `request ${id}` : requestName(request, incident)
}

function stepTitle(incident: Incident, id: string): string {
  const step = incident.status === 'unopened' ? undefined : findStep(incident, id as StepId)
  return step?.title ?? 'a step'
}
