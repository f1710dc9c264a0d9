import { isInstance } from '#/incident/account.ts'
import { merged } from '#/incident/read-back.ts'
import {
  type IncidentStep,
  isSettled,
  type OpenedIncident,
  type StepState,
  stepState,
  stepsOf,
  stopOf,
} from '#/incident/state.ts'
import { bar, clock, hour, line, literal, type Mrkdwn, mention, mrkdwn, prose, span } from './text.ts'

/** `3` for the third step of the playbook, `3.1` for the first thing that it came upon. */
export function stepNumber({ playbook }: OpenedIncident, { id, found }: IncidentStep): Mrkdwn {
  const number = playbook.steps.findIndex((one) => one.id === (found?.by ?? id)) + 1
  // What a review finds is numbered once, and keeps its number when the review is repeated.
  return literal(found === undefined ? `${number}` : `${number}.${id.slice(found.by.length + 1)}`)
}

/** "step 3", or "finding 3.1" */
export function stepName(incident: OpenedIncident, step: IncidentStep): Mrkdwn {
  return mrkdwn`${literal(step.found === undefined ? 'step' : 'finding')} ${stepNumber(incident, step)}`
}

/** What is read before anything is changed. */
export function subject({ target }: Pick<OpenedIncident, 'target'>): 'Autentico' | 'the account' {
  return isInstance(target) ? 'Autentico' : 'the account'
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

/** "INC-7 · Compromised account · alice", "INC-8 · Exposed private key · Autentico" */
export function incidentName({ id, playbook, target }: OpenedIncident): Mrkdwn {
  return mrkdwn`${literal(id)} · ${line(playbook.shortTitle, 60)} · ${line(target.username, 60)}`
}

/** Longest reason on the line of a step: the thread has all of it. */
export const longestReason = 180

/** "⛔ *Stopped* by @ana 12:03:11 UTC: nothing more is done until two people resume it" */
export function stopLine(incident: OpenedIncident): Mrkdwn | undefined {
  const stop = stopOf(incident)
  if (stop === undefined || incident.status === 'closed') return undefined
  const word = stop.all ? literal('Everything is stopped') : literal('Stopped')
  const why = stop.reason === undefined ? literal('') : mrkdwn` ${prose(stop.reason, longestReason)}`
  return mrkdwn`⛔ *${word}* by ${mention(stop.by)} ${literal(hour(stop.at, incident.openedAt))}: nothing more is done until two people resume it.${why}`
}

/** "▓▓▓▓▒▒░░░░ 2 of 5 proven · 1 decided · 3 findings open · step 3 is running". What was left out does not count. */
export function progress(incident: OpenedIncident): Mrkdwn {
  const all = stepsOf(incident).map((step) => ({ step, state: stepState(incident, step.id) }))
  const having = (...wanted: readonly StepState['status'][]) => all.filter(({ state }) => wanted.includes(state.status))
  const ofPlaybook = ({ step }: (typeof all)[number]): boolean => step.found === undefined
  const whole = all.filter(ofPlaybook).length - having('left-out').length
  const opened = new Set(
    all.flatMap(({ step, state }) => (step.found === undefined || isSettled(state) ? [] : step.found.by)),
  )
  // A review is not over before what it came upon is.
  const proven = having('proven').filter((one) => ofPlaybook(one) && !opened.has(one.step.id)).length
  const decided = having('answered').length
  const running = having('running')
  const open = all.filter((one) => !ofPlaybook(one) && !isSettled(one.state)).length
  const apart = [
    [decided, 'decided'],
    [having('skipped').length, 'skipped'],
    [having('attested').length, 'done by hand'],
    [having('unproven').length, 'not proven'],
    [having('failed').length, 'not done'],
    [open, open === 1 ? 'finding open' : 'findings open'],
  ] as const
  const words = [
    `${proven} of ${whole} proven`,
    ...apart.flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`])),
    ...running.map(({ step, state }) => `${stepName(incident, step)} ${underWay(state)}`),
  ]
  return mrkdwn`${bar(proven + decided, whole, running.filter(ofPlaybook).length)} ${literal(words.join(' · '))}`
}

function underWay(state: StepState): string {
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

/** ": the first reason. And 2 more." Nothing where none was given. */
export function because(given: readonly string[]): Mrkdwn {
  const reasons = merged(given)
  const [first] = reasons
  if (first === undefined) return literal('')
  const more = reasons.length === 1 ? literal('') : literal(` And ${reasons.length - 1} more.`)
  return mrkdwn`: ${prose(first, longestReason)}${more}`
}
