import type { KnownBlock } from '@slack/types'
import type { IncidentStep, OpenedIncident } from '#/incident/state.ts'
import { onlyReads } from '#/playbook/actions.ts'
import { longestInput, type StepInput } from '#/playbook/inputs.ts'
import { limits } from '../limits.ts'
import { forms, inputField, type Reference, writeReference } from '../references.ts'
import { type Blocks, type Form, form, option, plain, section, textField } from './blocks.ts'
import { line, lines, literal, mrkdwn } from './text.ts'
import { stepNumber } from './words.ts'

/** What a step has to be told before it is asked for. What is filled in is read when the form is sent, and approved with the step. */
export function inputsForm(incident: OpenedIncident, step: IncidentStep, reference: Reference): Form {
  const begins = step.action !== undefined && onlyReads(step.action)
  return form({
    callback: forms.inputs,
    title: `${begins ? 'Begin' : 'Ask for'} step ${stepNumber(incident, step)}`,
    submit: begins ? 'Begin' : 'Ask',
    metadata: writeReference(reference),
    blocks: [
      section(
        lines(
          mrkdwn`*Step ${stepNumber(incident, step)} · ${line(step.title, 80)}*`,
          line(step.does, 600),
          literal(
            begins
              ? 'It only looks, so nobody has to approve it.'
              : 'What you fill in is shown with the request, and somebody else approves it.',
          ),
        ),
      ),
      ...inputBlocks(step.inputs ?? []),
    ],
  })
}

/** A field for each, in the order of the playbook. */
function inputBlocks(inputs: readonly StepInput[]): Blocks {
  return inputs.map((input) => (input.type === 'choice' ? choiceField(input) : typedField(input)))
}

const placeholders = {
  text: undefined,
  number: undefined,
  moment: '2026-11-23 03:12',
  networks: '203.0.113.0/24, 2001:db8::/32',
  fingerprint: '64 hexadecimal digits',
} as const

function typedField({ id, label, hint, type, optional, initial, min, max }: StepInput): KnownBlock {
  const placeholder = type === 'choice' ? undefined : placeholders[type]
  const range =
    type === 'number' ? rangeWords(min, max) : type === 'moment' && hint === undefined ? 'In UTC.' : undefined
  const hints = [hint, range].filter((one) => one !== undefined).join(' ')
  return textField({
    id: inputField(id),
    label,
    multiline: type === 'networks',
    optional: optional ?? false,
    longest: longestInput,
    ...(hints === '' ? {} : { hint: hints }),
    ...(placeholder === undefined ? {} : { placeholder }),
    ...(initial === undefined ? {} : { value: initial }),
  })
}

function rangeWords(min: number | undefined, max: number | undefined): string | undefined {
  if (min === undefined && max === undefined) return undefined
  if (max === undefined) return `At least ${min}.`
  return min === undefined ? `At most ${max}.` : `From ${min} to ${max}.`
}

function choiceField({ id, label, hint, optional, initial, choices = [] }: StepInput): KnownBlock {
  const options = choices.slice(0, limits.selectOptions).map((choice) => option(choice.label, choice.id))
  const chosen = options.find(({ value }) => value === initial)
  return {
    type: 'input',
    block_id: inputField(id),
    label: plain(label, limits.inputLabel),
    optional: optional ?? false,
    ...(hint === undefined ? {} : { hint: plain(hint, limits.inputHint) }),
    element: {
      type: 'static_select',
      action_id: inputField(id),
      options,
      ...(chosen === undefined ? {} : { initial_option: chosen }),
    },
  }
}
