import {
  containmentSteps,
  isSettled,
  nextStep,
  type OpenedIncident,
  type Request,
  type StepState,
  stepState,
} from '#/incident/state.ts'
import { requestName } from '#/incident/timeline.ts'
import type { PlaybookStep } from '#/playbook/playbook.ts'
import { at, clock, hour, line, listed, literal, type Mrkdwn, mention, mrkdwn } from './text.ts'

/** `1` for the first step of the playbook. */
export function stepNumber(incident: OpenedIncident, step: PlaybookStep): number {
  return incident.playbook.steps.findIndex(({ id }) => id === step.id) + 1
}

/** What every card of a rehearsal begins with. */
export function drillMark({ drill }: OpenedIncident): Mrkdwn {
  return literal(drill ? '🧪 DRILL · ' : '')
}

/** The state of an incident as a sign and a word. */
export function incidentState({ status, containedAt }: OpenedIncident): {
  readonly sign: string
  readonly word: string
} {
  if (status === 'closed')
    return containedAt === undefined
      ? { sign: '⚠️', word: 'closed, not contained' }
      : { sign: '✅', word: 'closed, contained' }
  return containedAt === undefined ? { sign: '🔴', word: 'open' } : { sign: '🟢', word: 'contained, open' }
}

/** "INC-7 · Compromised account · alice (alice@acme.test)" */
export function incidentName({ id, playbook, target }: OpenedIncident): Mrkdwn {
  const address = target.email === '' ? literal('') : mrkdwn` (${line(target.email, 80)})`
  return mrkdwn`${literal(id)} · ${line(playbook.shortTitle, 60)} · ${line(target.username, 60)}${address}`
}

/** A step in one line: a sign, its number and title, and its state in words. */
export function stepLine(incident: OpenedIncident, step: PlaybookStep): Mrkdwn {
  const state = stepState(incident, step.id)
  const { sign, words } = stepWords(incident, state)
  const tail = words === '' ? literal('') : mrkdwn` — ${words}`
  return mrkdwn`${literal(sign)} ${stepNumber(incident, step)} ${line(step.title, 80)}${tail}`
}

function stepWords(incident: OpenedIncident, state: StepState): { readonly sign: string; readonly words: Mrkdwn } {
  switch (state.status) {
    case 'waiting':
      return { sign: '⚪', words: literal('') }
    case 'requested': {
      const request = incident.requests.get(state.request)
      const by = request === undefined ? literal('') : mrkdwn` · asked by ${at(request.requester)}`
      return {
        sign: '🟡',
        words: mrkdwn`${literal(request?.shown === undefined ? 'the account is being looked at' : 'waits for approval')}${by}`,
      }
    }
    case 'running':
      return state.waits === undefined
        ? { sign: '🔵', words: mrkdwn`running since ${literal(hour(state.since))}` }
        : { sign: '⏸', words: mrkdwn`approved and waits: ${line(state.waits)}` }
    case 'proven':
      return { sign: '✅', words: mrkdwn`proven ${literal(hour(state.at))}` }
    case 'unproven':
      return { sign: '⚠️', words: mrkdwn`done, not proven${because(state.open)}` }
    case 'failed':
      return { sign: '⛔', words: mrkdwn`not done: ${line(state.sentence)}` }
    case 'attested':
      return { sign: '✍️', words: mrkdwn`done by hand, not proven · ${listed(state.by.map(at))}` }
    case 'skipped':
      return { sign: '⏭️', words: mrkdwn`skipped · ${listed(state.by.map(at))}` }
  }
}

function because(reasons: readonly string[]): Mrkdwn {
  const [first] = reasons
  return first === undefined
    ? literal('')
    : mrkdwn`: ${line(reasons.length === 1 ? first : `${first} (+${reasons.length - 1})`)}`
}

/** "▓▓▓▓░░░░░░ 2 of 5 proven" */
export function progress(incident: OpenedIncident): Mrkdwn {
  const { steps } = incident.playbook
  const proven = steps.filter(({ id }) => stepState(incident, id).status === 'proven').length
  const full = steps.length === 0 ? 0 : Math.round((proven / steps.length) * 10)
  return mrkdwn`${literal('▓'.repeat(full) + '░'.repeat(10 - full))} ${proven} of ${steps.length} proven`
}

/** What the sweep has to say. Undefined: nothing yet. */
export function sweepLine({ sweep }: OpenedIncident, now: string): Mrkdwn | undefined {
  switch (sweep.status) {
    case 'none':
      return undefined
    case 'due':
      return sweep.at > now
        ? mrkdwn`🧹 Sweep at ${clock(sweep.at)}: the proof is repeated then.`
        : literal('🧹 Sweep under way.')
    case 'clean':
      return mrkdwn`🧹 Swept ${literal(hour(sweep.at))}: what was proven still holds.`
    case 'found':
      return mrkdwn`⛔ Sweep ${literal(hour(sweep.at))} found${because(sweep.open)}`
  }
}

/** What is next and who does it, as one sentence. Undefined when the incident is closed. */
export function whatNext(incident: OpenedIncident, now: string): Mrkdwn | undefined {
  if (incident.status === 'closed') return undefined
  const step = nextStep(incident)
  if (step === undefined) return afterTheSteps(incident)
  const number = stepNumber(incident, step)
  const state = stepState(incident, step.id)
  switch (state.status) {
    case 'requested': {
      const request = incident.requests.get(state.request)
      if (request?.shown === undefined)
        return mrkdwn`the account is being looked at; step ${number} can be decided after that.`
      return mrkdwn`somebody other than ${mention(request.requester)} approves step ${number} by ${clock(request.shown.expiresAt)}.`
    }
    case 'running':
      return state.waits === undefined
        ? mrkdwn`step ${number} is running. Nothing to do here.`
        : mrkdwn`step ${number} is approved and goes on by itself. Nothing to do here.`
    case 'failed':
      return mrkdwn`put right what stopped step ${number}, then ask for it again.`
    case 'waiting':
    case 'proven':
    case 'unproven':
    case 'attested':
    case 'skipped':
      return askNext(incident, step, now)
  }
}

function askNext(incident: OpenedIncident, step: PlaybookStep, now: string): Mrkdwn {
  const who = line(incident.target.username, 60)
  if (incident.facts === undefined) {
    return incident.snapshotFailed === undefined
      ? mrkdwn`the account is being read. Nothing is changed before that.`
      : mrkdwn`the account could not be read (${line(incident.snapshotFailed)}). Read it again.`
  }
  if (step.kind === 'recovery') {
    if (incident.notification === undefined && step.needsNotification === true)
      return mrkdwn`tell ${who} out of band, then record how.`
    const { sweep } = incident
    if (sweep.status === 'due' && sweep.at > now)
      return mrkdwn`wait for the sweep at ${clock(sweep.at)}; then access can be given back.`
    if (sweep.status === 'due') return mrkdwn`the sweep is under way; then access can be given back.`
    if (sweep.status === 'found') return mrkdwn`close what the sweep found, then sweep again.`
  }
  return mrkdwn`any responder asks for step ${stepNumber(incident, step)}.`
}

function afterTheSteps(incident: OpenedIncident): Mrkdwn {
  if (incident.sweep.status === 'due')
    return mrkdwn`the sweep at ${clock(incident.sweep.at)}. After it the incident can be closed.`
  const { secret } = incident
  if (secret?.state === 'sealed') {
    return mrkdwn`${mention(secret.holder)} hands over the temporary password by ${clock(secret.expiresAt)}; then any responder closes.`
  }
  return mrkdwn`any responder closes the incident.`
}

/** Whether somebody may ask for the step right now, as far as the state alone can tell. The rules decide again. */
export function isAskable(incident: OpenedIncident, step: PlaybookStep): boolean {
  const { status } = stepState(incident, step.id)
  if (status !== 'waiting' && status !== 'failed') return false
  if (incident.facts === undefined || nextStep(incident)?.id !== step.id) return false
  if (step.kind !== 'recovery') return true
  if (step.needsNotification === true && incident.notification === undefined) return false
  const allSkipped = containmentSteps(incident).every(({ id }) => stepState(incident, id).status === 'skipped')
  return incident.sweep.status === 'clean' || (incident.sweep.status === 'none' && allSkipped)
}

/** Every step is settled and no sweep is due: nothing speaks against closing. */
export function isClosable(incident: OpenedIncident): boolean {
  return (
    incident.sweep.status !== 'due' && incident.playbook.steps.every(({ id }) => isSettled(stepState(incident, id)))
  )
}

/** "Step 3 · Reset MFA", and what is asked for when it is not the step itself. */
export function requestTitle(incident: OpenedIncident, request: Request): Mrkdwn {
  const step = incident.playbook.steps.find(({ id }) => id === request.step)
  const number = step === undefined ? literal('') : mrkdwn`Step ${stepNumber(incident, step)} · `
  const name = request.kind === 'run' ? (step?.title ?? request.step) : requestName(request, incident)
  return mrkdwn`${literal(kindSign[request.kind])}${number}${line(name, 120)}`
}

// Two kinds of request must never look alike.
const kindSign = { run: '', suspend: '🛑 ', attest: '✍️ ', skip: '⏭️ ', 'skip-rest': '⏭️ ' } as const
