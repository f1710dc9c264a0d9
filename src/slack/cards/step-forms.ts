import type { KnownBlock } from '@slack/types'
import type { IncidentStep, OpenedIncident } from '#/incident/state.ts'
import type { Answer } from '#/playbook/playbook.ts'
import { limits } from '../limits.ts'
import { fields, forms, type Reference, writeReference } from '../references.ts'
import { type Blocks, exactly, type Form, form, option, plain, section, sections, textField } from './blocks.ts'
import { readingToRepeat, readingWords, repeatableReviews } from './more-menu.ts'
import { foundLines } from './request-words.ts'
import { capital, line, lines, literal, type Mrkdwn, mrkdwn } from './text.ts'
import { stepName, stepNumber } from './words.ts'

/** Skipping one step, or all that are left: the second is chosen in the form. */
export function skipForm(incident: OpenedIncident, step: IncidentStep, reference: Reference): Form {
  const one = option(`Only ${stepName(incident, step)}: ${step.title}`, 'skip')
  return form({
    callback: forms.skip,
    title: 'Skip',
    submit: 'Ask to skip',
    metadata: writeReference(reference),
    blocks: [
      section(lines(literal('What is skipped stays not proven.'), literal('Somebody else has to approve it.'))),
      {
        type: 'input',
        block_id: fields.extent,
        label: plain('What to skip', 100),
        element: {
          type: 'radio_buttons',
          action_id: fields.extent,
          options: [one, option('Every step that is left', 'skip-rest')],
          initial_option: one,
        },
      },
      textField({ id: fields.reason, label: 'Why', hint: 'The record will say it.', multiline: true }),
    ],
  })
}

/** What people did themselves, with what there was to do. */
export function attestForm(incident: OpenedIncident, step: IncidentStep, reference: Reference): Form {
  return form({
    callback: forms.attest,
    title: 'Done by hand',
    submit: 'Ask to record it',
    metadata: writeReference(reference),
    blocks: [
      section(mrkdwn`*${heading(incident, step)}* was done by hand.`),
      ...whatToDo(step),
      section(
        lines(
          literal('The bot cannot see it, so it stays not proven.'),
          literal('Somebody else has to approve the record.'),
        ),
      ),
      textField({ id: fields.reason, label: 'What was done, and how you know', multiline: true }),
    ],
  })
}

function whatToDo(step: IncidentStep): Blocks {
  if (step.found !== undefined) return sections(foundLines(step))
  return step.manual === undefined ? [] : [section(literal('What there was to do:')), exactly(step.manual.instructions)]
}

/** A finding that is as it should be. Two people say so. */
export function expectForm(incident: OpenedIncident, step: IncidentStep, reference: Reference): Form {
  return form({
    callback: forms.expect,
    title: 'Expected',
    submit: 'Ask to record it',
    metadata: writeReference(reference),
    blocks: [
      ...sections([mrkdwn`*${heading(incident, step)}*`, ...foundLines(step)]),
      section(
        lines(
          literal('It stays as it is, and the next review does not ask again while nothing about it changes.'),
          literal('Somebody else has to approve the record.'),
        ),
      ),
      textField({ id: fields.reason, label: 'Why it is expected, and how you know', multiline: true }),
    ],
  })
}

/** What people decide: one says which answer and why, a second one signs it. */
export function decisionForm(incident: OpenedIncident, step: IncidentStep, reference: Reference): Form {
  const { ask = '', answers = [] } = step.question ?? {}
  return form({
    callback: forms.decide,
    title: `Decide step ${stepNumber(incident, step)}`,
    submit: 'Ask to sign it',
    metadata: writeReference(reference),
    blocks: [
      ...sections([mrkdwn`*${line(ask, 600)}*`, ...longAnswers(answers), literal('Somebody else has to sign it.')]),
      answerField(incident, answers),
      textField({ id: fields.reason, label: 'Why', hint: 'The record will say it.', multiline: true }),
    ],
  })
}

/** An option takes 75 characters. An answer that is longer is read above. */
function longAnswers(answers: readonly Answer[]): readonly Mrkdwn[] {
  return answers.some(({ label }) => label.length > limits.optionText)
    ? answers.map(({ label }) => mrkdwn`• ${line(label, 400)}`)
    : []
}

function answerField(incident: OpenedIncident, answers: readonly Answer[]): KnownBlock {
  const options = answers
    .slice(0, limits.selectOptions)
    .map((answer) => option(answer.label, answer.id, stepsAfter(incident, answer)))
  const few = options.length <= limits.radioOptions
  return {
    type: 'input',
    block_id: fields.answer,
    label: plain('Answer', 100),
    element: few
      ? { type: 'radio_buttons', action_id: fields.answer, options }
      : { type: 'static_select', action_id: fields.answer, options },
  }
}

/** "Then: step 4 and step 5". Undefined where an answer chooses none. */
function stepsAfter(incident: OpenedIncident, { steps = [] }: Answer): string | undefined {
  const chosen = incident.playbook.steps.filter(({ id }) => steps.includes(id))
  return chosen.length === 0 ? undefined : `Then: ${chosen.map((step) => stepName(incident, step)).join(', ')}`
}

/** What to look at once more: a review, or what is read at the beginning or the end. Undefined: nothing can be now. */
export function lookAgainForm(incident: OpenedIncident, reference: Reference): Form | undefined {
  const reading = readingToRepeat(incident)
  const options = [
    ...repeatableReviews(incident).map((step) =>
      option(`Step ${stepNumber(incident, step)} · ${step.title}`, `${lookAgainAt.step}${step.id}`),
    ),
    ...(reading === undefined ? [] : [option(readingWords(incident, reading), `${lookAgainAt.reading}${reading}`)]),
  ]
  if (options.length === 0) return undefined
  return form({
    callback: forms.lookAgain,
    title: 'Look again',
    submit: 'Look again',
    metadata: writeReference(reference),
    blocks: [
      section(literal('It only looks, so nobody has to approve it. What was settled stays settled.')),
      {
        type: 'input',
        block_id: fields.step,
        label: plain('At what', 100),
        element: {
          type: 'static_select',
          action_id: fields.step,
          options: options.slice(0, limits.selectOptions),
        },
      },
    ],
  })
}

/** What the values of that field begin with. */
export const lookAgainAt = { step: 's|', reading: 'r|' } as const

/** "Step 3 · Reset MFA", "Finding 3.1 · Client “Billing”" */
function heading(incident: OpenedIncident, step: IncidentStep): Mrkdwn {
  return mrkdwn`${capital(stepName(incident, step))} · ${line(step.title, 80)}`
}
