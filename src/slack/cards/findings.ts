import type { Button, KnownBlock } from '@slack/types'
import { wayWords } from '#/incident/names.ts'
import { type IncidentStep, isSettled, type OpenedIncident, stepState, stopOf } from '#/incident/state.ts'
import type { StepId } from '#/playbook/playbook.ts'
import { limits } from '../limits.ts'
import { presses, type StepReference, wayPress } from '../references.ts'
import { openFindings } from './asking.ts'
import { type Blocks, button, row, section, sections } from './blocks.ts'
import { stepLine } from './step-words.ts'
import { fitted, literal, type Mrkdwn, oneLine, shortened } from './text.ts'
import { stepNumber } from './words.ts'

/** How many findings have their buttons on the card at once, and how many others are named: a message takes 50 blocks. */
const withButtons = 8
const withoutButtons = 16

/** Longest line on the card, in characters of Slack's markup: a message has to hold very many of them. */
const longestLine = 450

/** Every step, each followed by what it came upon; under the findings that somebody can see to now stand their buttons. Then `last`. */
export function stepBlocks(incident: OpenedIncident, last: readonly Mrkdwn[]): Blocks {
  const pressable = pressableFindings(incident)
  const blocks: KnownBlock[] = []
  let texts: Mrkdwn[] = []
  for (const { text, step } of stepRows(incident)) {
    if (step === undefined || !pressable.has(step.id)) {
      texts.push(text)
      continue
    }
    blocks.push(...sections(texts), section(text), ...row(findingButtons(incident, step)))
    texts = []
  }
  return [...blocks, ...sections([...texts, ...last])]
}

/** The same as lines, without anything to press. */
export function stepLines(incident: OpenedIncident): readonly Mrkdwn[] {
  return stepRows(incident).map(({ text }) => text)
}

/** A line for each step and for each finding that is named, and one for those that are not. */
function stepRows(incident: OpenedIncident): readonly { readonly text: Mrkdwn; readonly step?: IncidentStep }[] {
  const named = namedFindings(incident)
  const rowOf = (step: IncidentStep) => ({ text: fitted(stepLine(incident, step), longestLine), step })
  return incident.playbook.steps.flatMap((step) => {
    const findings = incident.found.get(step.id) ?? []
    const rest = findings.filter(({ id }) => !named.has(id))
    return [
      rowOf(step),
      ...findings.filter(({ id }) => named.has(id)).map(rowOf),
      ...(rest.length === 0 ? [] : [{ text: restLine(incident, step, rest) }]),
    ]
  })
}

function pressableFindings(incident: OpenedIncident): ReadonlySet<StepId> {
  if (incident.status === 'closed' || stopOf(incident) !== undefined) return new Set()
  return new Set(idsOf(openFindings(incident).slice(0, withButtons)))
}

/** Those with buttons, and the first others: what is open comes before what is settled. */
function namedFindings(incident: OpenedIncident): ReadonlySet<StepId> {
  const pressable = pressableFindings(incident)
  const others = [...incident.found.values()].flat().filter(({ id }) => !pressable.has(id))
  const isOver = ({ id }: IncidentStep): boolean => isSettled(stepState(incident, id))
  const first = [...others.filter((one) => !isOver(one)), ...others.filter(isOver)].slice(0, withoutButtons)
  return new Set([...pressable, ...idsOf(first)])
}

function idsOf(steps: readonly IncidentStep[]): readonly StepId[] {
  return steps.map(({ id }) => id)
}

function restLine(incident: OpenedIncident, review: IncidentStep, rest: readonly IncidentStep[]): Mrkdwn {
  const open = rest.filter(({ id }) => !isSettled(stepState(incident, id))).length
  const more = `⋯ ${stepNumber(incident, review)} and ${rest.length} more`
  return literal(
    open === 0
      ? `${more}, settled: the timeline has them`
      : `${more}, ${open} of them open: they move up as those above are settled`,
  )
}

/** Spoken for, dealt with in one of the ways that it offers, or put right by hand. */
export function findingButtons(incident: OpenedIncident, step: IncidentStep): readonly Button[] {
  const { ways = [], byHand = false } = step.found?.finding ?? {}
  const about: StepReference = { of: 'step', incident: incident.id, step: step.id }
  const buttons = [
    button('Expected…', presses.expect, about),
    ...ways.map((way) => button(wayWords(way), wayPress(way), { ...about, action: way })),
    ...(byHand ? [button('I did it by hand…', presses.attest, about)] : []),
  ]
  // The rows look alike, so who only hears them is told which one it is.
  const which = oneLine(`${stepNumber(incident, step)} ${step.title}`)
  return buttons.map((one) => ({
    ...one,
    accessibility_label: shortened(`${one.text.text}: ${which}`, limits.buttonText),
  }))
}
