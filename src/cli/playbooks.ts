import { checkPlaybookFiles, loadPlaybookFiles } from '#/configuration/playbooks.ts'
import { digestOf } from '#/deciders/incidents.ts'
import type { Playbook, PlaybookStep } from '#/playbook/playbook.ts'
import { playbookJsonSchema } from '#/playbook/schema.ts'
import { problemLine } from '#/playbook/yaml-file.ts'

type Out = (text: string) => void

/** Tells every problem of the files, and of each that has none what it does, a line a step. 1: there are problems. */
export function validatePlaybooks(files: readonly string[], out: Out): 0 | 1 {
  const { playbooks, problems } = checkPlaybookFiles(files)
  for (const problem of problems) out(`${problemLine(problem)}\n`)
  for (const { file, playbook } of playbooks)
    if (!problems.some((problem) => problem.file === file)) out(`${file}: ${summaryOf(playbook)}`)
  return problems.length === 0 ? 0 : 1
}

/** The JSON Schema of a playbook file, as it stands in `docs/playbook.schema.json`. */
export function schemaText(): string {
  return `${JSON.stringify(playbookJsonSchema(), null, 2)}\n`
}

/** What incidents can be opened with. The digest is the one that each incident records. */
export function listPlaybooks({
  directory,
  json,
  out,
}: {
  readonly directory: string | undefined
  readonly json: boolean
  readonly out: Out
}): void {
  const playbooks = loadPlaybookFiles({ directory }).map(({ file, playbook }) => {
    const { id, title, target, steps } = playbook
    return { id, title, target, steps: steps.length, digest: digestOf(playbook), file }
  })
  if (json) {
    out(`${JSON.stringify({ playbooks })}\n`)
    return
  }
  const width = Math.max(...playbooks.map(({ id }) => id.length))
  for (const { id, title, steps, digest, file } of playbooks)
    out(
      `${id.padEnd(width)}  ${String(steps).padStart(2)} ${steps === 1 ? 'step ' : 'steps'}  ${digest.slice(0, 12)}  ${title}  ${file}\n`,
    )
}

function summaryOf({ id, title, target, steps }: Playbook): string {
  const about = target === 'account' ? 'one account' : 'Autentico as a whole'
  const lines = steps.map(
    (step, at) => `  ${String(at + 1).padStart(2)}  ${step.kind.padEnd(11)}  ${whatIsDone(step)}: ${step.title}\n`,
  )
  return `${id}, “${title}”, about ${about}\n${lines.join('')}`
}

function whatIsDone({ action, inputs = [], question, fallbacks = [] }: PlaybookStep): string {
  if (question !== undefined) return `people answer ${question.answers.map(({ id }) => id).join(' or ')}`
  if (action === undefined) return 'people do it by hand'
  const asked = inputs.length === 0 ? '' : `, given ${inputs.map(({ id }) => id).join(', ')}`
  const else_ = fallbacks.length === 0 ? '' : `, else ${fallbacks.join(' or ')}`
  return `${action}${asked}${else_}`
}
