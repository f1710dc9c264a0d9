import { isInstance } from '#/incident/account.ts'
import {
  findStep,
  type IncidentStep,
  type OpenedIncident,
  type OpenOrder,
  type StepState,
  stepState,
  stopOf,
  targetOf,
} from '#/incident/state.ts'
import type { OrderId, Progress, RequestId } from '#/incident/work.ts'
import { onlyReads } from '#/playbook/actions.ts'
import { at, hour, line, listed, literal, type Mrkdwn, mrkdwn, prose } from './text.ts'
import { standInShort } from './verdict-words.ts'
import { because, longestReason, stepNumber } from './words.ts'

/** A step in one line: a sign, its number and title, and its state in words; of a finding that is open, why it is worth a look. */
export function stepLine(incident: OpenedIncident, step: IncidentStep): Mrkdwn {
  const { sign, words } = stepWords(incident, step)
  const tail = [flagOf(incident, step), words].flatMap((one) => (one === undefined || one === '' ? [] : [` · ${one}`]))
  return mrkdwn`${literal(sign)} ${stepNumber(incident, step)} ${line(step.title, 80)}${tail.join('') as Mrkdwn}`
}

/** The gravest reason to look at a finding, until that has been decided or dealt with. */
function flagOf(incident: OpenedIncident, { id, found }: IncidentStep): Mrkdwn | undefined {
  const [first, ...more] = found?.finding.flags ?? []
  const { status } = stepState(incident, id)
  if (first === undefined || (status !== 'waiting' && status !== 'failed')) return undefined
  return mrkdwn`🚩 ${line(first, 120)}${literal(more.length === 0 ? '' : ` and ${more.length} more`)}`
}

function stepWords(incident: OpenedIncident, step: IncidentStep): { readonly sign: string; readonly words: Mrkdwn } {
  const state = stepState(incident, step.id)
  const time = (iso: string) => literal(hour(iso, incident.openedAt))
  switch (state.status) {
    case 'waiting':
      return { sign: '⚪', words: literal('') }
    case 'requested':
      return requestedWords(incident, state.request)
    case 'running':
      return runningWords(incident, state)
    case 'proven':
      // What only looks has nothing to prove.
      return { sign: '✅', words: mrkdwn`${literal(isReading(step) ? 'read' : 'proven')} ${time(state.at)}` }
    case 'unproven':
      return { sign: '⚠️', words: unprovenWords(incident, step, state) }
    case 'failed':
      return { sign: '⛔', words: mrkdwn`not done: ${prose(state.sentence, longestReason)}` }
    case 'attested':
      return { sign: '✍️', words: mrkdwn`done by hand, not proven · ${listed(state.by.map(at))}` }
    case 'expected':
      return { sign: '☑️', words: mrkdwn`expected · ${listed(state.by.map(at))}` }
    case 'answered':
      return { sign: '🗳️', words: mrkdwn`decided: ${line(state.label, longestReason)} · ${listed(state.by.map(at))}` }
    case 'left-out':
      return { sign: '➖', words: mrkdwn`left out: ${line(state.label, longestReason)}` }
    case 'skipped':
      return { sign: '⏭️', words: mrkdwn`skipped · ${listed(state.by.map(at))}` }
  }
}

function isReading({ action }: IncidentStep): boolean {
  return action !== undefined && onlyReads(action)
}

function requestedWords(incident: OpenedIncident, id: RequestId): { readonly sign: string; readonly words: Mrkdwn } {
  const request = incident.requests.get(id)
  const by = request === undefined ? literal('') : mrkdwn` · asked by ${at(request.requester)}`
  if (request?.shown !== undefined) {
    const until = hour(request.shown.expiresAt, incident.openedAt)
    return { sign: '🟡', words: mrkdwn`waits for approval until ${literal(until)}${standInShort(request)}${by}` }
  }
  const look = lookOf(incident, id)
  const what = lookedAt(incident, findStep(incident, request?.step))
  if (stopOf(incident) !== undefined)
    return { sign: '⛔', words: mrkdwn`stopped: ${what} is looked at when the work goes on${by}` }
  if (look?.waits !== undefined) return { sign: '⏸', words: mrkdwn`waits: ${prose(look.waits, longestReason)}${by}` }
  const since = look === undefined ? literal('') : literal(` since ${hour(look.orderedAt, incident.openedAt)}`)
  return { sign: '🟡', words: mrkdwn`${what} is being looked at${since}${by}` }
}

/** What a worker looks at before a step can be decided. */
export function lookedAt(incident: OpenedIncident, step: IncidentStep | undefined): Mrkdwn {
  return literal(isInstance(targetOf(incident, step)) ? 'Autentico' : 'the account')
}

/** The order by which a worker looks at the account for a request. */
export function lookOf({ orders }: OpenedIncident, id: RequestId): OpenOrder | undefined {
  return [...orders.values()].find(({ request, mode }) => request === id && mode === 'prepare')
}

type Running = Extract<StepState, { status: 'running' }>

function runningWords(incident: OpenedIncident, state: Running): { readonly sign: string; readonly words: Mrkdwn } {
  const approved = literal(state.request === undefined ? '' : 'approved, ')
  const held = heldWords(incident, state)
  if (held !== undefined) return { sign: '⛔', words: mrkdwn`${approved}${held}` }
  if (state.waits === undefined)
    return { sign: state.taken === undefined ? '⏳' : '🔵', words: progressOf(incident, state) }
  const first = literal(state.request === undefined ? 'waits' : 'approved and waits')
  // Half of what is to be done would be worse than none of it.
  const longest = state.onPeople === true ? longestTask : longestReason
  return { sign: '⏸', words: mrkdwn`${first}: ${prose(state.waits, longest)}` }
}

const longestTask = 300

/** What the emergency stop makes of a step that was approved. Undefined: the work is not stopped. */
export function heldWords(incident: OpenedIncident, { order, taken }: Running): Mrkdwn | undefined {
  if (stopOf(incident) === undefined) return undefined
  if (taken !== undefined) return mrkdwn`halts before its next change on ${line(taken.by, 60)}`
  return incident.orders.get(order)?.halted?.begun === true
    ? literal('stopped halfway: what is true is read when it goes on')
    : literal('stopped: it waits until two people resume the work')
}

/** Since when a step runs, where, and how far it is; or that no worker has taken it yet. */
export function progressOf({ openedAt, orders }: OpenedIncident, { order, since, taken, progress }: Running): Mrkdwn {
  const far = progress === undefined ? literal('') : mrkdwn` · ${howFar(progress)}`
  if (isTakenBack(orders, order)) return literal('being withdrawn')
  if (taken === undefined) return mrkdwn`waits for a worker since ${literal(hour(since, openedAt))}${far}`
  const again = taken.attempt > 1 ? literal(` (try ${taken.attempt})`) : literal('')
  return mrkdwn`running since ${literal(hour(taken.at, openedAt))} on ${line(taken.by, 60)}${again}${far}`
}

function isTakenBack(orders: OpenedIncident['orders'], id: OrderId): boolean {
  return orders.get(id)?.withdrawing !== undefined
}

/** "[█████░░░] 6,120 / 10,000 · 12 did not work yet · 41 s left" */
export function howFar({ done, total, failed, secondsLeft }: Progress): Mrkdwn {
  const share = total <= 0 ? 0 : Math.round((done / total) * cells)
  // What is not over is not full.
  const full = Math.max(0, Math.min(done < total ? cells - 1 : cells, share))
  const words = [
    `[${'█'.repeat(full)}${'░'.repeat(cells - full)}] ${grouped(done)} / ${grouped(total)}`,
    ...(failed === 0 ? [] : [`${grouped(failed)} did not work yet`]),
    ...(secondsLeft === undefined ? [] : [`${timeLeft(secondsLeft)} left`]),
  ]
  return literal(words.join(' · '))
}

const cells = 8

function grouped(count: number): string {
  return count.toLocaleString('en-US')
}

function timeLeft(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.ceil(seconds))} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`
}

function unprovenWords(
  incident: OpenedIncident,
  step: IncidentStep,
  state: Extract<StepState, { status: 'unproven' }>,
): Mrkdwn {
  if (state.suspended === true)
    return mrkdwn`not proven; ${line(incident.target.username, 60)} is suspended instead since ${literal(hour(state.at, incident.openedAt))}`
  if (isReading(step)) return mrkdwn`${literal('read, but not all of it')}${because(state.open)}`
  return mrkdwn`${literal(state.lost === true ? 'no longer proven' : 'done, not proven')}${because(state.open)}`
}
