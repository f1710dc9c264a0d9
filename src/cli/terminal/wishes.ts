import type { StepRequestKind } from '#/incident/events.ts'
import { type OpenedIncident, openRequests, type Request, stepsOf } from '#/incident/state.ts'
import type { ActionName, StepId } from '#/playbook/playbook.ts'
import { requestLines } from '#/terminal/words.ts'
import type { Surroundings } from '../surroundings.ts'
import type { Wish } from './act.ts'

export type RequestOptions = {
  readonly kind: StepRequestKind
  readonly reason?: string
  readonly input: Readonly<Record<string, string>>
  readonly action?: ActionName
  readonly answer?: string
}

/** Asks for a step, by its id or its number. */
export function toRequest(step: string, { kind, reason, input, action, answer }: RequestOptions): Wish {
  return async (incident) => {
    const found = stepNamed(incident, step)
    if (found === undefined)
      return {
        refused: `There is no step ${step} in ${incident.id}. \`responder incident show ${incident.id}\` lists them.`,
      }
    return {
      type: 'AskForStep',
      step: found,
      kind,
      ...(reason === undefined ? {} : { reason }),
      ...(Object.keys(input).length === 0 ? {} : { inputs: input }),
      ...(action === undefined ? {} : { action }),
      ...(answer === undefined ? {} : { answer }),
    }
  }
}

/**
 * Approves what is shown, once whoever sits there has typed its code, or named it. What a form in Slack would have typed besides is asked
 * for as well.
 */
export function toApprove(
  around: Surroundings,
  {
    request: named,
    code,
    typed,
    reason,
  }: { readonly request: string; readonly code?: string; readonly typed?: string; readonly reason?: string },
): Wish {
  return async (incident) => {
    const request = requestNamed(incident, named)
    if (request === undefined) return { refused: noSuchRequest(incident, named) }
    const { shown } = request
    if (shown === undefined)
      return { refused: 'It is still being looked at. The request can be decided once its effect is shown.' }
    if (code === undefined) for (const line of requestLines(incident, request)) around.err(`${line}\n`)
    const given = code ?? (await around.ask?.('To approve exactly this, type its code: '))
    if (given === undefined) return { refused: nobodyTyped }
    if (given.trim().toUpperCase() !== shown.code)
      return { refused: `That is not the code of ${request.id}. Nothing was approved: look at it again.` }
    const word = shown.effect.confirmByTyping
    const confirmed =
      typed ?? (word === undefined ? undefined : await around.ask?.(`${shown.effect.question} Type “${word}”: `))
    return {
      type: 'ApproveRequest',
      request: request.id,
      digest: shown.digest,
      ...(confirmed === undefined ? {} : { typed: confirmed }),
      ...(reason === undefined ? {} : { reason }),
    }
  }
}

const nobodyTyped =
  'Nothing was approved: its code was not typed. Where nobody is there to type it, name it with --code.'

export function toDeny(named: string, reason: string): Wish {
  return async (incident) => {
    const request = requestNamed(incident, named)
    return request === undefined
      ? { refused: noSuchRequest(incident, named) }
      : { type: 'DenyRequest', request: request.id, reason }
  }
}

export function toWithdraw(named: string): Wish {
  return async (incident) => {
    const request = requestNamed(incident, named)
    return request === undefined
      ? { refused: noSuchRequest(incident, named) }
      : { type: 'WithdrawRequest', request: request.id }
  }
}

/** A number counts from 1, as the card does; everything else is the id. */
function stepNamed(incident: OpenedIncident, name: string): StepId | undefined {
  const steps = stepsOf(incident)
  return /^\d{1,3}$/.test(name) ? steps[Number(name) - 1]?.id : steps.find(({ id }) => id === name)?.id
}

/** By its id, those that ended too, so that the refusal can say how; or by the code of an open one. */
function requestNamed(incident: OpenedIncident, name: string): Request | undefined {
  const code = name.toUpperCase()
  return (
    [...incident.requests.values()].find(({ id }) => id === name.toLowerCase()) ??
    openRequests(incident).find(({ shown }) => shown?.code === code)
  )
}

function noSuchRequest({ id }: OpenedIncident, name: string): string {
  return `There is no request ${name} in ${id}. \`responder incident show ${id}\` lists those that wait.`
}
