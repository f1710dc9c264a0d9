import { merged } from '#/incident/read-back.ts'
import {
  containmentSteps,
  isSettled,
  nextStep,
  type OpenedIncident,
  type OpenOrder,
  type Request,
  type StepState,
  stepState,
  stopOf,
} from '#/incident/state.ts'
import { requestName } from '#/incident/timeline.ts'
import type { RequestId } from '#/incident/work.ts'
import type { PlaybookStep } from '#/playbook/playbook.ts'
import { at, bar, clock, hour, line, listed, literal, type Mrkdwn, mention, mrkdwn, prose, span } from './text.ts'

/** `1` for the first step of the playbook. */
export function stepNumber(incident: OpenedIncident, step: PlaybookStep): number {
  return incident.playbook.steps.findIndex(({ id }) => id === step.id) + 1
}

/** What everything of a rehearsal begins with. */
export function drillMark({ drill }: { readonly drill: boolean }): Mrkdwn {
  return literal(drill ? '🧪 DRILL · ' : '')
}

/** The state of an incident as a sign and a word. */
export function incidentState({ status, containedAt, stops }: OpenedIncident): {
  readonly sign: string
  readonly word: string
} {
  if (status === 'closed')
    return containedAt === undefined
      ? { sign: '⚠️', word: 'closed, not contained' }
      : { sign: '✅', word: 'closed, contained' }
  if (stops.length > 0) return { sign: '⛔', word: containedAt === undefined ? 'stopped' : 'contained, stopped' }
  return containedAt === undefined ? { sign: '🔴', word: 'open' } : { sign: '🟢', word: 'contained, open' }
}

/** "INC-7 · Compromised account · alice" */
export function incidentName({ id, playbook, target }: OpenedIncident): Mrkdwn {
  return mrkdwn`${literal(id)} · ${line(playbook.shortTitle, 60)} · ${line(target.username, 60)}`
}

/** A step in one line: a sign, its number and title, and its state in words. */
export function stepLine(incident: OpenedIncident, step: PlaybookStep): Mrkdwn {
  const { sign, words } = stepWords(incident, stepState(incident, step.id))
  const tail = words === '' ? literal('') : mrkdwn` · ${words}`
  return mrkdwn`${literal(sign)} ${stepNumber(incident, step)} ${line(step.title, 80)}${tail}`
}

/** Longest reason in the line of a step: the thread has all of it. */
const longestReason = 180

function stepWords(incident: OpenedIncident, state: StepState): { readonly sign: string; readonly words: Mrkdwn } {
  const time = (iso: string) => literal(hour(iso, incident.openedAt))
  switch (state.status) {
    case 'waiting':
      return { sign: '⚪', words: literal('') }
    case 'requested':
      return requestedWords(incident, state.request)
    case 'running':
      return runningWords(incident, state)
    case 'proven':
      return { sign: '✅', words: mrkdwn`proven ${time(state.at)}` }
    case 'unproven':
      return { sign: '⚠️', words: unprovenWords(incident, state) }
    case 'failed':
      return { sign: '⛔', words: mrkdwn`not done: ${prose(state.sentence, longestReason)}` }
    case 'attested':
      return { sign: '✍️', words: mrkdwn`done by hand, not proven · ${listed(state.by.map(at))}` }
    case 'expected':
      return { sign: '☑️', words: mrkdwn`expected · ${listed(state.by.map(at))}` }
    case 'answered':
      return { sign: '🗳️', words: mrkdwn`${line(state.label, longestReason)} · ${listed(state.by.map(at))}` }
    case 'left-out':
      return { sign: '➖', words: mrkdwn`left out: ${line(state.label, longestReason)}` }
    case 'skipped':
      return { sign: '⏭️', words: mrkdwn`skipped · ${listed(state.by.map(at))}` }
  }
}

function requestedWords(incident: OpenedIncident, id: RequestId): { readonly sign: string; readonly words: Mrkdwn } {
  const request = incident.requests.get(id)
  const by = request === undefined ? literal('') : mrkdwn` · asked by ${at(request.requester)}`
  if (request?.shown !== undefined) {
    const until = hour(request.shown.expiresAt, incident.openedAt)
    return { sign: '🟡', words: mrkdwn`waits for approval until ${literal(until)}${by}` }
  }
  const look = lookOf(incident, id)
  if (stopOf(incident) !== undefined)
    return { sign: '⛔', words: mrkdwn`stopped: the account is looked at when the work goes on${by}` }
  if (look?.waits !== undefined) return { sign: '⏸', words: mrkdwn`waits: ${prose(look.waits, longestReason)}${by}` }
  const since = look === undefined ? literal('') : literal(` since ${hour(look.orderedAt, incident.openedAt)}`)
  return { sign: '🟡', words: mrkdwn`the account is being looked at${since}${by}` }
}

/** The order by which a worker looks at the account for a request. */
export function lookOf({ orders }: OpenedIncident, id: RequestId): OpenOrder | undefined {
  return [...orders.values()].find(({ request, mode }) => request === id && mode === 'prepare')
}

type Running = Extract<StepState, { status: 'running' }>

function runningWords(incident: OpenedIncident, state: Running): { readonly sign: string; readonly words: Mrkdwn } {
  const held = heldWords(incident, state)
  if (held !== undefined) return { sign: '⛔', words: mrkdwn`approved, ${held}` }
  return state.waits === undefined
    ? { sign: state.taken === undefined ? '⏳' : '🔵', words: progressOf(incident, state) }
    : { sign: '⏸', words: mrkdwn`approved and waits: ${prose(state.waits, longestReason)}` }
}

/** What the emergency stop makes of a step that was approved. Undefined: the work is not stopped. */
export function heldWords(incident: OpenedIncident, { order, taken }: Running): Mrkdwn | undefined {
  if (stopOf(incident) === undefined) return undefined
  if (taken !== undefined) return mrkdwn`halts before its next change on ${line(taken.by, 60)}`
  return incident.orders.get(order)?.halted?.begun === true
    ? literal('stopped halfway: what is true is read when it goes on')
    : literal('stopped: it waits until two people resume the work')
}

/** "⛔ *Stopped* by @ana 12:03:11 UTC: nothing more is done until two people resume it" */
export function stopLine(incident: OpenedIncident): Mrkdwn | undefined {
  const stop = stopOf(incident)
  if (stop === undefined || incident.status === 'closed') return undefined
  const word = stop.all ? literal('Everything is stopped') : literal('Stopped')
  const why = stop.reason === undefined ? literal('') : mrkdwn` ${prose(stop.reason, longestReason)}`
  return mrkdwn`⛔ *${word}* by ${mention(stop.by)} ${literal(hour(stop.at, incident.openedAt))}: nothing more is done until two people resume it.${why}`
}

/** Since when a step runs, and where; or that no worker has taken it yet. */
export function progressOf({ openedAt }: OpenedIncident, { since, taken }: Running): Mrkdwn {
  if (taken === undefined) return mrkdwn`waits for a worker since ${literal(hour(since, openedAt))}`
  const again = taken.attempt > 1 ? literal(` (try ${taken.attempt})`) : literal('')
  return mrkdwn`running since ${literal(hour(taken.at, openedAt))} on ${line(taken.by, 60)}${again}`
}

function unprovenWords(incident: OpenedIncident, state: Extract<StepState, { status: 'unproven' }>): Mrkdwn {
  if (state.suspended === true)
    return mrkdwn`not proven; ${line(incident.target.username, 60)} is suspended instead since ${literal(hour(state.at, incident.openedAt))}`
  return mrkdwn`${literal(state.lost === true ? 'no longer proven' : 'done, not proven')}${because(state.open)}`
}

function because(given: readonly string[]): Mrkdwn {
  const reasons = merged(given)
  const [first] = reasons
  if (first === undefined) return literal('')
  const more = reasons.length === 1 ? literal('') : literal(` And ${reasons.length - 1} more.`)
  return mrkdwn`: ${prose(first, longestReason)}${more}`
}

/** "▓▓▓▓▒▒░░░░ 2 of 5 proven · step 3 is running" */
export function progress(incident: OpenedIncident): Mrkdwn {
  const { steps } = incident.playbook
  const having = (...wanted: readonly StepState['status'][]) =>
    steps.filter(({ id }) => wanted.includes(stepState(incident, id).status))
  const proven = having('proven').length
  const running = having('running').map((step) => `step ${stepNumber(incident, step)} ${underWay(incident, step)}`)
  const apart = [
    [having('skipped').length, 'skipped'],
    [having('attested').length, 'done by hand'],
    [having('unproven').length, 'not proven'],
    [having('failed').length, 'not done'],
  ] as const
  const words = [
    `${proven} of ${steps.length} proven`,
    ...apart.flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`])),
    ...running,
  ]
  return mrkdwn`${bar(proven, steps.length, running.length)} ${literal(words.join(' · '))}`
}

function underWay(incident: OpenedIncident, step: PlaybookStep): string {
  const state = stepState(incident, step.id)
  if (state.status !== 'running') return ''
  return state.waits === undefined && state.taken !== undefined ? 'is running' : 'waits'
}

/** What the sweep has to say. Undefined: nothing yet. */
export function sweepLine(incident: OpenedIncident, now: string): Mrkdwn | undefined {
  const { sweep, orders, openedAt } = incident
  switch (sweep.status) {
    case 'none':
      return undefined
    case 'due': {
      const order = orders.get(sweep.order)
      if (sweep.at > now) return waitingForSweep(sweep.at, order?.orderedAt ?? sweep.at, { now, openedAt })
      return order?.waits === undefined
        ? mrkdwn`🧹 Sweep under way since ${literal(hour(sweep.at, openedAt))}: the proof is being repeated`
        : mrkdwn`⏸ Sweep waits: ${prose(order.waits, longestReason)}`
    }
    case 'clean':
      return mrkdwn`🧹 Swept ${literal(hour(sweep.at, openedAt))}: what was proven still holds`
    case 'found':
      return mrkdwn`⛔ Sweep ${literal(hour(sweep.at, openedAt))} found${because(sweep.open)}`
  }
}

function waitingForSweep(
  due: string,
  from: string,
  { now, openedAt }: { readonly now: string; readonly openedAt: string },
): Mrkdwn {
  const [passed, whole] = [Date.parse(now) - Date.parse(from), Date.parse(due) - Date.parse(from)]
  const left = Date.parse(due) - Date.parse(now) < 60_000 ? literal('') : mrkdwn`, in ${literal(span(now, due))}`
  return mrkdwn`🧹 ${bar(passed, whole)} sweep at ${clock(due, openedAt)}${left}: the proof is repeated then`
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
  const name = request.kind === 'run' ? (step?.title ?? '') : requestName(request, incident)
  return mrkdwn`${literal(kindSign[request.kind])}${number}${line(name, 120)}`
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
} as const
