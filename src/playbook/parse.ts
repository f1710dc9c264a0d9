import type { StepInput } from './inputs.ts'
import type { Playbook, PlaybookStep } from './playbook.ts'
import { misfits } from './rules.ts'
import { keysUnder, type PlaybookFile, playbookFile } from './schema.ts'
import { type FileKind, type Path, type Problem, readYaml } from './yaml-file.ts'

export type ParsedPlaybook =
  | {
      readonly kind: 'playbook'
      readonly playbook: Playbook
      /** Something that is wrong with it beside other playbooks, where it stands. */
      readonly problemAt: (path: Path, what: string) => Problem
    }
  /** Every problem, in the order of the file. */
  | { readonly kind: 'faulty'; readonly problems: readonly Problem[] }

/** The playbook that a file holds. It is plain data: canonical JSON gives it back as it is. */
export function parsePlaybook(from: { readonly file: string; readonly text: string }): ParsedPlaybook {
  const read = readYaml(playbookKind, from)
  if (read.kind === 'faulty') return read
  return { kind: 'playbook', playbook: playbookOf(read.value), problemAt: read.problemAt }
}

const playbookKind: FileKind<PlaybookFile> = {
  noun: 'playbook',
  schema: playbookFile,
  keysAt: (path) => keysUnder[String(path.findLast((one) => typeof one === 'string') ?? '')] ?? [],
  misfits,
  singular: {
    steps: 'step',
    inputs: 'input',
    answers: 'answer',
    choices: 'choice',
  },
}

function playbookOf({ snapshot, patient, legalClock, followUps, steps, ...head }: PlaybookFile): Playbook {
  return {
    ...head,
    snapshot: snapshot ?? `snapshot-${head.target}`,
    sweep: 'sweep',
    ...(patient === undefined ? {} : { patient }),
    ...(legalClock === true ? { legalClock } : {}),
    ...(followUps === undefined ? {} : { followUps }),
    steps: steps.map(stepOf),
  }
}

function stepOf({
  action,
  inputs,
  question,
  manual,
  needsNotification,
  ...head
}: PlaybookFile['steps'][number]): PlaybookStep {
  const common = { ...head, ...(needsNotification === true ? { needsNotification } : {}) }
  if (action !== undefined)
    return { ...common, action, ...(inputs === undefined ? {} : { inputs: inputs.map(inputOf) }) }
  if (question !== undefined) return { ...common, question }
  if (manual !== undefined) return { ...common, manual }
  throw new Error(`step ${head.id} says nothing that is done`)
}

type FileStep = PlaybookFile['steps'][number]

function inputOf({ optional, initial, ...rest }: NonNullable<FileStep['inputs']>[number]): StepInput {
  return {
    ...rest,
    ...(optional === true ? { optional } : {}),
    ...(initial === undefined ? {} : { initial: String(initial) }),
  }
}
