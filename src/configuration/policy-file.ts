import { basename } from 'node:path'
import { type Problem, problemLine } from '#/playbook/yaml-file.ts'
import { parsePolicy } from '#/policy/parse.ts'
import { type Policy, standardPolicy } from '#/policy/policy.ts'
import { outOfReach, type People } from '#/policy/reach.ts'
import { readTextFile } from './read-text-file.ts'

/** Who there is, as far as the configuration says it without asking Slack: who is in a user group it does not. */
export type Rosters = {
  readonly responders: readonly string[]
  readonly approvers: readonly string[]
  /** Slack user id → Autentico username. */
  readonly accounts: ReadonlyMap<string, string>
}

export type LoadedPolicy =
  | { readonly kind: 'policy'; readonly policy: Policy }
  /** Every problem, with its place. The file is named as it was given. */
  | { readonly kind: 'faulty'; readonly problems: readonly Problem[] }

/**
 * The policy of a file, or every problem with it. Without rosters only what stands there is judged; with them a policy is refused as well
 * under which somebody's request could never be approved.
 */
export function loadPolicy({
  file,
  standard,
  rosters,
}: {
  readonly file: string
  readonly standard: Parameters<typeof standardPolicy>[0]
  readonly rosters?: Rosters | undefined
}): LoadedPolicy {
  const read = readTextFile(file, {})
  if (read.kind === 'unreadable') return { kind: 'faulty', problems: [{ file, line: 1, column: 1, what: read.what }] }
  const parsed = parsePolicy({ file, text: read.text }, standard)
  if (parsed.kind === 'faulty') return parsed
  const { value: policy, problemAt } = parsed
  const missing = rosters === undefined ? [] : outOfReach(policy, peopleOf(policy, rosters))
  return missing.length === 0
    ? { kind: 'policy', policy }
    : {
        kind: 'faulty',
        problems: missing.map(({ rule, what }) => problemAt(rule === 'default' ? ['default'] : ['rules', rule], what)),
      }
}

/** The policy that the configuration asks for, and every problem with its file, a line each. The file is named by its name alone. */
export function configuredPolicy({
  file,
  standard,
  rosters,
}: {
  readonly file: string | undefined
  readonly standard: Parameters<typeof standardPolicy>[0]
  readonly rosters: Rosters
}): { readonly policy: Policy; readonly faults: readonly string[] } {
  const policy = standardPolicy(standard)
  if (file === undefined) return { policy, faults: [] }
  const loaded = loadPolicy({ file, standard, rosters })
  if (loaded.kind === 'policy') return { policy: loaded.policy, faults: [] }
  return { policy, faults: loaded.problems.map((problem) => problemLine({ ...problem, file: basename(file) })) }
}

/** The people of the configuration alone. */
export function peopleOf({ groups }: Policy, { responders, approvers, accounts }: Rosters): People {
  const lists: Readonly<Record<string, readonly string[]>> = { ...groups, responders, approvers }
  return {
    membersOf: (group) => (lists[group]?.some((id) => id.startsWith('S')) === true ? undefined : (lists[group] ?? [])),
    accountOf: (id) => accounts.get(id),
  }
}
