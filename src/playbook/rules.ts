import { z } from 'zod'
import { type ActionName, actionTable } from './actions.ts'
import { inputTypes, readInputs, type StepInput } from './inputs.ts'
import { inputId, stepActions } from './schema.ts'
import { takenBy } from './takes.ts'
import { listed } from './told.ts'
import type { Misfit, Path } from './yaml-file.ts'

/**
 * What the parts of a playbook have to do with each other. It takes the file as it was read: a part that is wrong by itself was told by
 * the schema, and nothing is concluded from it.
 */
export function misfits(file: unknown): readonly Misfit[] {
  const playbook = draft.parse(file)
  const { steps } = playbook
  return [
    ...aboutPlaybook(playbook),
    ...repeated(steps, (at) => ['steps', at, 'id'], 'step'),
    ...steps.flatMap((step, at) =>
      [
        ...aboutWork(step),
        ...aboutAction(step, playbook),
        ...aboutInputs(step),
        ...aboutAnswers(step, steps, at),
        ...aboutPlace(steps, at),
      ].map(({ path, what }) => ({ path: ['steps', at, ...path], what })),
    ),
  ]
}

/** `null`: it is there, and wrong by itself. */
function part<T extends z.ZodType>(type: T) {
  return z.union([type, z.null(), z.undefined()]).catch(null)
}

function list<T extends z.ZodType>(item: T) {
  return z.array(item).catch([])
}

const text = part(z.string())
const choice = z.object({ id: text }).catch({ id: null })
const inputDraft = z
  .object({
    id: part(inputId),
    type: part(z.enum(inputTypes)),
    optional: part(z.boolean()),
    initial: part(z.union([z.string(), z.number()])),
    choices: part(z.array(choice)),
    min: part(z.int()),
    max: part(z.int()),
  })
  .catch({ id: null, type: null, optional: null, initial: null, choices: null, min: null, max: null })
const answerDraft = z.object({ id: text, steps: list(text) }).catch({ id: null, steps: [] })
const question = z.object({ answers: list(answerDraft) })
const stepDraft = z.object({
  id: text,
  kind: part(z.enum(['containment', 'recovery', 'record'])),
  action: part(z.enum(stepActions)),
  inputs: part(z.array(inputDraft)),
  question: part(question),
  manual: part(z.object({})),
  needsNotification: part(z.boolean()),
  fallbacks: part(z.array(text)),
})
/** Stands for a step of which nothing can be said. */
const nothing: z.output<typeof stepDraft> = {
  id: null,
  kind: null,
  action: null,
  inputs: null,
  question: undefined,
  manual: undefined,
  needsNotification: null,
  fallbacks: null,
}
const draft = z
  .object({
    id: text,
    target: part(z.enum(['account', 'instance'])),
    snapshot: text,
    legalClock: part(z.boolean()),
    followUps: list(text),
    steps: list(stepDraft.catch(nothing)),
  })
  .catch({ id: null, target: null, snapshot: null, legalClock: null, followUps: [], steps: [] })

type Draft = z.output<typeof draft>
type Step = Draft['steps'][number]
type Input = z.output<typeof inputDraft>

function aboutPlaybook({ id, target, snapshot, legalClock, followUps, steps }: Draft): readonly Misfit[] {
  const found: Misfit[] = []
  if (target && snapshot && snapshot !== `snapshot-${target}`)
    found.push({
      path: ['snapshot'],
      what: `has to be snapshot-${target}, because the target is “${target}”; it may be left out`,
    })
  if (legalClock === true && steps.every(({ question: asked }) => asked === undefined))
    found.push({ path: ['legalClock'], what: 'needs a question: the clock ends when the last one is answered' })
  followUps.forEach((other, at) => {
    if (other === null || other === undefined) return
    if (other === id) found.push({ path: ['followUps', at], what: 'names the playbook itself' })
    if (followUps.indexOf(other) < at) found.push({ path: ['followUps', at], what: `names “${other}” a second time` })
  })
  return found
}

/** Ids that stand twice, told at the later one. */
function repeated(
  all: readonly { readonly id?: string | null | undefined }[],
  path: (at: number) => Path,
  what: string,
): readonly Misfit[] {
  return all.flatMap(({ id }, at) => {
    const first = all.findIndex((one) => one.id === id)
    return typeof id === 'string' && first < at
      ? [{ path: path(at), what: `is “${id}” a second time: ${what} ${first + 1} has it` }]
      : []
  })
}

const ways = ['action', 'question', 'manual'] as const

function aboutWork(step: Step): readonly Misfit[] {
  const given = ways.filter((way) => step[way] !== undefined)
  const found: Misfit[] = []
  if (given.length === 0) found.push({ path: [], what: `has to say what is done: ${listed(ways)}` })
  for (const way of given.slice(1))
    found.push({ path: [way], what: `stands beside “${given[0]}”: exactly one of ${listed(ways)}` })
  if (given.length === 0 || given.includes('action')) return found
  for (const key of ['inputs', 'fallbacks'] as const)
    if (step[key] !== undefined) found.push({ path: [key], what: 'is for a step with an action' })
  return found
}

function aboutAction({ kind, action, fallbacks }: Step, { target, steps }: Draft): readonly Misfit[] {
  const found: Misfit[] = []
  fallbacks?.forEach((one, at) => {
    if (one === 'suspend' && target === 'instance')
      found.push({
        path: ['fallbacks', at],
        what: 'is suspend, and there is no account to suspend: the target is “instance”',
      })
    if (fallbacks.indexOf(one) < at) found.push({ path: ['fallbacks', at], what: `says ${one} a second time` })
  })
  if (!action) return found
  const { of } = actionTable[action]
  if (of !== 'any' && target && of !== target)
    found.push({
      path: ['action'],
      what: `is ${action}, for playbooks whose target is “${of}”; this one's is “${target}”`,
    })
  if (action === 'restore-access' && kind && kind !== 'recovery')
    found.push({ path: ['kind'], what: 'has to be recovery, because restore-access gives something back' })
  const others = steps.filter((one) => one.action === action)
  if (others.length > 1)
    found.push({
      path: ['action'],
      what: `is ${action}, and ${others.length} steps say so: the sweep could not tell them apart`,
    })
  return found
}

function aboutInputs({ action, inputs }: Step): readonly Misfit[] {
  const given = inputs ?? []
  return [
    ...repeated(given, (at) => ['inputs', at, 'id'], 'input'),
    ...given.flatMap((input, at) =>
      aboutInput(input).map(({ path, what }) => ({ path: ['inputs', at, ...path], what })),
    ),
    ...(action ? aboutTaken(action, inputs) : []),
  ]
}

function aboutInput(input: Input): readonly Misfit[] {
  const { type, choices, min, max, initial } = input
  const found: Misfit[] = [...repeated(choices ?? [], (at) => ['choices', at, 'id'], 'choice')]
  if (!type) return found
  if (type === 'choice' && choices === undefined)
    found.push({ path: [], what: 'is a choice, so it has to have “choices”' })
  if (type !== 'choice' && choices !== undefined)
    found.push({ path: ['choices'], what: 'is for an input of type choice' })
  if (type !== 'number') {
    if (min !== undefined) found.push({ path: ['min'], what: 'is for an input of type number' })
    if (max !== undefined) found.push({ path: ['max'], what: 'is for an input of type number' })
  }
  const crossed = typeof min === 'number' && typeof max === 'number' && min > max
  if (crossed) found.push({ path: ['min'], what: `is ${min}, more than “max”, which is ${max}` })
  if (initial === undefined || initial === null || found.length > 0) return found
  if (type === 'moment')
    found.push({ path: ['initial'], what: 'cannot be given for a moment: no fixed one is right in every incident' })
  else {
    const read = readInputs([readable(input, type)], () => String(initial), '')
    if (read.kind === 'wrong')
      found.push({ path: ['initial'], what: `would be refused: ${Object.values(read.errors).join(' ')}` })
  }
  return found
}

function readable({ choices, min, max }: Input, type: StepInput['type']): StepInput {
  return {
    id: 'initial',
    label: 'initial',
    type,
    choices: (choices ?? []).map(({ id }) => ({ id: id ?? '', label: '' })),
    ...(typeof min === 'number' ? { min } : {}),
    ...(typeof max === 'number' ? { max } : {}),
  }
}

/** A field that the action does not know would be approved and then ignored. */
function aboutTaken(action: ActionName, inputs: Step['inputs']): readonly Misfit[] {
  const taken = takenBy(action)
  const names = Object.keys(taken)
  const given = inputs ?? []
  const found: Misfit[] = []
  given.forEach(({ id, type, optional, choices }, at) => {
    if (typeof id !== 'string') return
    const known = Object.hasOwn(taken, id) ? taken[id] : undefined
    const path = ['inputs', at]
    if (known === undefined) {
      const rest = names.length === 0 ? 'nothing' : `only ${names.join(', ')}`
      found.push({ path: [...path, 'id'], what: `is “${id}”, which ${action} would ignore: it takes ${rest}` })
      return
    }
    if (type && type !== known.type)
      found.push({ path: [...path, 'type'], what: `has to be ${known.type}: ${action} takes “${id}” so` })
    if (optional === true && known.optional !== true)
      found.push({ path: [...path, 'optional'], what: `cannot be: ${action} needs “${id}”` })
    choices?.forEach((one, which) => {
      if (known.choices !== undefined && one.id && !known.choices.includes(one.id))
        found.push({
          path: [...path, 'choices', which, 'id'],
          what: `is “${one.id}”; ${action} knows ${listed(known.choices)}`,
        })
    })
  })
  const missing = names.filter((name) => taken[name]?.optional !== true && !given.some(({ id }) => id === name))
  // Which input is missing cannot be told where the name of one is wrong.
  if (missing.length > 0 && inputs !== null && given.every(({ id }) => id !== null && id !== undefined))
    found.push({
      path: ['action'],
      what: `is ${action}, which needs the input ${missing.map((name) => `“${name}” (${taken[name]?.type})`).join(' and ')}`,
    })
  return found
}

function aboutAnswers({ question: asked }: Step, steps: Draft['steps'], at: number): readonly Misfit[] {
  const answers = asked?.answers ?? []
  const later = steps.slice(at + 1).map(({ id }) => id)
  return [
    ...repeated(answers, (which) => ['question', 'answers', which, 'id'], 'answer'),
    ...answers.flatMap(({ steps: chosen }, which) =>
      chosen.flatMap((id, n): readonly Misfit[] => {
        if (typeof id !== 'string' || later.includes(id)) return []
        const isEarlier = steps.some((one) => one.id === id)
        const why = isEarlier ? 'does not come after this question' : 'is no step of this playbook'
        return [
          {
            path: ['question', 'answers', which, 'steps', n],
            what: `is “${id}”, which ${why}: an answer chooses later steps`,
          },
        ]
      }),
    ),
  ]
}

function aboutPlace(steps: Draft['steps'], at: number): readonly Misfit[] {
  const { id, kind, needsNotification } = steps[at] ?? nothing
  const found: Misfit[] = []
  const recovery = steps.slice(0, at).find((one) => one.kind === 'recovery')
  if (kind === 'containment' && recovery !== undefined)
    found.push({
      path: ['kind'],
      what: `is containment after the recovery of “${recovery.id}”: nothing is given back before all is contained`,
    })
  if (needsNotification === true && kind && kind !== 'recovery')
    found.push({ path: ['needsNotification'], what: 'is for a step of kind recovery' })
  // What a review comes upon is numbered so.
  const base = /^(.+)-\d+$/.exec(id ?? '')?.[1]
  if (base !== undefined && steps.some((one) => one.id === base))
    found.push({
      path: ['id'],
      what: `is “${id}”, as the first things found by “${base}” would be called: name it otherwise`,
    })
  return found
}
