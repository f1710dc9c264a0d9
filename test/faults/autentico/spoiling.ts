import type { RecordedCall } from '#/drill/autentico/control.ts'
import type { How } from '#/drill/autentico/faults.ts'
import type { StepId } from '#/playbook/playbook.ts'
import type { Case } from '../../support/incident-flow.ts'
import type { Run } from '../harness/fault.ts'

/** The call of a step that goes wrong: `''` is the account itself, otherwise what stands behind its id. */
export type Spoiled = { readonly method?: 'POST' | 'PUT' | 'GET'; readonly ending?: string }

/** Makes the next such calls about the account of this incident go wrong, after `letThrough` that do not. */
export function spoil(
  { world }: Pick<Run, 'world'>,
  incident: Case,
  {
    how,
    method = 'POST',
    ending = '/revoke-sessions',
    times = 1,
    letThrough = 0,
  }: Spoiled & { readonly how: How; readonly times?: number; readonly letThrough?: number },
): void {
  const { control } = world.stage.autentico
  const at = { method, path: accountPath(incident) + ending }
  if (letThrough > 0) control.fail({ ...at, times: letThrough, how: { delayMs: 0 } })
  control.fail({ ...at, times, how })
}

/** Those calls so far, the oldest first. */
export function callsOf(
  { world }: Pick<Run, 'world'>,
  incident: Case,
  { method = 'POST', ending = '/revoke-sessions' }: Spoiled = {},
): readonly RecordedCall[] {
  const path = accountPath(incident) + ending
  return world.stage.autentico.control.calls.filter((call) => call.method === method && call.path === path)
}

/** Whether the account was read between two calls. */
export function wasReadBetween({ world }: Pick<Run, 'world'>, before: RecordedCall, after: RecordedCall): boolean {
  const { calls } = world.stage.autentico.control
  return calls
    .slice(calls.indexOf(before) + 1, calls.indexOf(after))
    .some(({ method, status }) => method === 'GET' && status === 200)
}

/** The n-th step failed and people were told: the sentence they got. */
export async function toldThatItFailed(incident: Case, step = 1): Promise<string> {
  const id = stepId(incident, step)
  const failed = await incident.happens('StepFailed', ({ event }) => event.step === id)
  await incident.as('ana').reads(new RegExp(`#${failed.seq} · `))
  return failed.event.sentence
}

/** Asks for a step that failed once more, and approves it. */
export async function tryAgain(incident: Case, step = 1): Promise<void> {
  await incident.ask(step)
  await incident.approve()
}

function stepId(incident: Case, step: number): StepId | undefined {
  return incident.state().playbook.steps[step - 1]?.id
}

function accountPath(incident: Case): string {
  return `/admin/api/users/${incident.state().target.id}`
}
