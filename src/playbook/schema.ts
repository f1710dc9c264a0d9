import { z } from 'zod'
import { type ActionName, actionNames } from './actions.ts'
import { inputTypes, longestInput } from './inputs.ts'
import type { StepId } from './playbook.ts'
import { type Allowed, flag, named, oneLine, oneOf, some, text, told } from './told.ts'

/** Sizes that keep a playbook inside what Slack shows: options and buttons take 75 characters, groups of radio buttons ten of them. */
export const longest = { title: 75, shortTitle: 40, label: 75, line: 300, hint: 150, instructions: 1000 } as const
const most = { steps: 30, answers: 10, inputs: 10, choices: 10, followUps: 10 } as const

const dashed = 'small letters, digits and hyphens, beginning with a letter, at most 41 characters'
const name = () => named(/^[a-z][a-z0-9-]{0,40}$/, `an id: ${dashed}`)
const stepName = () => name().transform((id) => id as StepId)

/** What only reads by itself, needs a finding to be about, or is a hold, is no step of a playbook. */
const notForSteps: ReadonlySet<ActionName> = new Set<ActionName>([
  'snapshot-account',
  'snapshot-instance',
  'sweep',
  'disable-client',
  'disable-provider',
  'close-setting',
  'hold-account',
  'lift-hold',
])

/** The actions that a step may name. The others are done at the beginning and the end of each incident, or about what a review came upon. */
export const stepActions: readonly ActionName[] = actionNames.filter((action) => !notForSteps.has(action))

const number = (allowed: Allowed) => z.int(told(allowed)).min(0, told(allowed)).max(999_999_999_999, told(allowed))

export const inputId = named(
  /^[a-z][a-z0-9_]{0,30}$/,
  'an id: small letters, digits and underscores, beginning with a letter, at most 31 characters',
)

const input = z
  .strictObject(
    {
      id: inputId.meta({ description: 'What the action calls it; docs/playbooks.md lists what each action takes.' }),
      label: oneLine(longest.label).meta({ description: 'The name of the field in the form.' }),
      hint: oneLine(longest.hint).exactOptional().meta({ description: 'A sentence below the field.' }),
      type: oneOf(inputTypes).meta({
        description:
          'moment: a date and time in UTC. networks: CIDR ranges or addresses. fingerprint: a SHA-256 in hexadecimal. choice: one of `choices`.',
      }),
      optional: flag().meta({ description: 'It may be left empty.' }),
      initial: z
        .union(
          [z.string().max(longestInput), number('a number')],
          told(`text of at most ${longestInput} characters, or a whole number`),
        )
        .exactOptional()
        .meta({ description: 'What the field holds at first.' }),
      choices: some(
        z.strictObject(
          {
            id: named(
              /^[a-z0-9][a-z0-9_-]{0,40}$/,
              'an id: small letters, digits, hyphens and underscores, at most 41 characters',
            ),
            label: oneLine(longest.label),
          },
          told('a map with “id” and “label”'),
        ),
        { min: 2, max: most.choices, what: 'choices' },
      ).exactOptional(),
      min: number('a whole number, 0 or more').exactOptional(),
      max: number('a whole number, 0 or more').exactOptional(),
    },
    told('a map with “id”, “label” and “type”'),
  )
  .meta({
    id: 'input',
    description: 'Asked of the responder before the step is run. What was given is part of what is approved.',
  })

const answer = z
  .strictObject(
    {
      id: name(),
      label: oneLine(longest.label),
      steps: some(stepName(), { max: most.steps, what: 'ids of later steps' }).exactOptional().meta({
        description:
          'The later steps that this answer chooses. Those that only other answers choose are left out then.',
      }),
    },
    told('a map with “id” and “label”'),
  )
  .meta({ id: 'answer' })

const question = z
  .strictObject(
    {
      ask: oneLine(longest.line),
      answers: some(answer, { min: 2, max: most.answers, what: 'answers' }),
    },
    told('a map with “ask” and “answers”'),
  )
  .meta({ id: 'question', description: 'People decide it: what one says, a second one approves.' })

const manual = z
  .strictObject(
    {
      instructions: text(longest.instructions, `text, 1 to ${longest.instructions} characters`).meta({
        description: 'What to do, and how to tell that it is done.',
      }),
    },
    told('a map with “instructions”'),
  )
  .meta({
    id: 'manual',
    description: 'People do it outside of this program and say how; a second person vouches for it.',
  })

const step = z
  .strictObject(
    {
      id: stepName().meta({ description: `The name of the step in this playbook: ${dashed}.` }),
      title: oneLine(longest.title).meta({ description: 'A few words, for the card.' }),
      document: oneLine(longest.line).meta({ description: 'What the written document says, in its own words.' }),
      does: oneLine(longest.line).meta({ description: 'What running the step does, in one line for the card.' }),
      kind: oneOf(['containment', 'recovery', 'record']).meta({
        description:
          'containment: the incident is contained once all of these are proven. recovery: gives something back, after containment. record: looks at something, or puts a decision on record.',
      }),
      action: oneOf(stepActions)
        .exactOptional()
        .meta({ description: 'A worker does it. Exactly one of action, question and manual.' }),
      inputs: some(input, { max: most.inputs, what: 'inputs' }).exactOptional(),
      question: question.exactOptional(),
      manual: manual.exactOptional(),
      needsNotification: flag().meta({ description: 'Only for recovery: the target has to have been told first.' }),
      fallbacks: some(oneOf(['suspend', 'attest']), { max: 2, what: 'of suspend and attest' })
        .exactOptional()
        .meta({ description: 'What responders may do when the action is done but not proven, or failed.' }),
    },
    told('a map with “id”, “title”, “document”, “does”, “kind” and one of “action”, “question”, “manual”'),
  )
  .meta({ id: 'step', oneOf: [{ required: ['action'] }, { required: ['question'] }, { required: ['manual'] }] })

/** What a playbook file holds, as far as each part can be judged by itself. `rules.ts` has what parts have to do with each other. */
export const playbookFile = z
  .strictObject(
    {
      id: name().meta({ description: `The name of the playbook, as it is typed in Slack: ${dashed}.` }),
      title: oneLine(longest.title),
      shortTitle: oneLine(longest.shortTitle).meta({ description: 'For the first line of a card.' }),
      section: oneLine(longest.line).meta({ description: 'The heading of the written document that it comes from.' }),
      target: oneOf(['account', 'instance']).meta({
        description: 'What an incident is about: one account, named when it is opened, or Autentico as a whole.',
      }),
      snapshot: oneOf(['snapshot-account', 'snapshot-instance'])
        .exactOptional()
        .meta({ description: 'Read before anything is changed. Left out, it is the one for the target.' }),
      patient: oneOf(['autentico']).exactOptional().meta({
        description:
          'Autentico itself is what is ill, so that a sign-in to it proves nothing: whoever approves signs with a registered key.',
      }),
      legalClock: flag().meta({
        description: 'The law sets a time limit, from when somebody became aware until the last question is answered.',
      }),
      followUps: some(name(), { max: most.followUps, what: 'ids of playbooks' })
        .exactOptional()
        .meta({ description: 'Playbooks that may have to follow, by id.' }),
      steps: some(step, { max: most.steps, what: 'steps' }),
    },
    told('a map with “id”, “title”, “shortTitle”, “section”, “target” and “steps”'),
  )
  .meta({ title: 'A playbook of Autentico Responder' })

export type PlaybookFile = z.output<typeof playbookFile>

/** The keys of each kind of map, by the key that it stands under. */
export const keysUnder: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(playbookFile.shape),
  steps: Object.keys(step.shape),
  inputs: Object.keys(input.shape),
  choices: ['id', 'label'],
  question: Object.keys(question.shape),
  answers: Object.keys(answer.shape),
  manual: Object.keys(manual.shape),
}

/** JSON Schema (draft 7) of a playbook file, for editors. `responder playbook validate` knows more rules than it can say. */
export function playbookJsonSchema(): object {
  return z.toJSONSchema(playbookFile, { target: 'draft-7', io: 'input' })
}
