import { z } from 'zod'
import { actionNames } from '#/playbook/actions.ts'
import { closest } from '#/playbook/closest.ts'
import { type FileKind, type Misfit, type Path, type ReadFile, readYaml } from '#/playbook/yaml-file.ts'
import { type Policy, type Rule, type RuleName, standardPolicy } from './policy.ts'
import { type PolicyFile, policyFile, policyKeysAt, ruleNames } from './schema.ts'

/** The lists that come from the configuration. */
const configuredGroups = ['responders', 'approvers'] as const

/**
 * The policy that a file holds, complete: what it leaves out is as in the standard one, `ttlMs` among it. Every problem with what stands
 * there is told at once; whether there are enough people is another question (`reach.ts`).
 */
export function parsePolicy(
  from: { readonly file: string; readonly text: string },
  standard: Parameters<typeof standardPolicy>[0],
): ReadFile<Policy> {
  const read = readYaml(policyKind, from)
  return read.kind === 'faulty' ? read : { ...read, value: policyOf(read.value, standardPolicy(standard)) }
}

const policyKind: FileKind<PolicyFile> = {
  noun: 'policy',
  schema: policyFile,
  keysAt: policyKeysAt,
  misfits,
  whyNotKey([first, second], key) {
    if (first !== 'rules' || second !== undefined || !actionNames.some((name) => name === key)) return undefined
    return key === 'lift-hold'
      ? `“${key}” is the end of a hold, so nobody approves it. “hold-account” is the rule for confirming one.`
      : `“${key}” only reads, so nobody has to approve it. Leave it out.`
  },
}

function policyOf({ groups, rules, hold, breakGlass, reminders, ...file }: PolicyFile, base: Policy): Policy {
  const standard = ruleOver(base.standard, file.default)
  return {
    groups: groups ?? {},
    standard,
    rules: Object.fromEntries(
      ruleNames.flatMap((name) => (rules?.[name] === undefined ? [] : [[name, ruleOver(standard, rules[name])]])),
    ) as Partial<Record<RuleName, Rule>>,
    hold: {
      allowed: hold?.allowed ?? base.hold.allowed,
      by: hold?.by ?? base.hold.by,
      lengthMs: hold?.length ?? base.hold.lengthMs,
    },
    breakGlass: {
      allowed: breakGlass?.allowed ?? base.breakGlass.allowed,
      by: breakGlass?.by ?? base.breakGlass.by,
      delayMs: breakGlass?.delay ?? base.breakGlass.delayMs,
    },
    reminders: {
      firstMs: reminders?.first ?? base.reminders.firstMs,
      staleMs: reminders?.stale ?? base.reminders.staleMs,
      ...(reminders?.next === undefined
        ? {}
        : { next: { group: reminders.next.group, afterMs: reminders.next.after } }),
    },
  }
}

function ruleOver(base: Rule, { ttl, ...change }: NonNullable<PolicyFile['default']> = {}): Rule {
  return { ...base, ...change, ...(ttl === undefined ? {} : { ttlMs: ttl }) }
}

const names = z.array(z.string()).catch([])
const ruleDraft = z
  .object({ from: names, deny: names, including: z.string().exactOptional().catch('') })
  .catch({ from: [], deny: [] })
const allowanceDraft = z
  .object({ allowed: z.boolean().catch(false), by: names.optional() })
  .catch({ allowed: false, by: undefined })
/** What was read, as far as it can be told from it which groups are meant. */
const draft = z
  .object({
    groups: z.record(z.string(), z.unknown()).catch({}),
    default: ruleDraft,
    rules: z.record(z.string(), ruleDraft).catch({}),
    hold: allowanceDraft,
    breakGlass: allowanceDraft,
    reminders: z.object({ next: z.object({ group: z.string() }).exactOptional().catch({ group: '' }) }).catch({}),
  })
  .catch({
    groups: {},
    default: { from: [], deny: [] },
    rules: {},
    hold: { allowed: false, by: undefined },
    breakGlass: { allowed: false, by: undefined },
    reminders: {},
  })
type Draft = z.infer<typeof draft>

/** What the parts have to do with each other: every group that is named is there, and whoever may do something is somebody. */
function misfits(value: unknown): readonly Misfit[] {
  const file = draft.parse(value)
  const known = [...configuredGroups, ...Object.keys(file.groups)]
  return [
    ...configuredGroups
      .filter((name) => Object.hasOwn(file.groups, name))
      .map((name) => ({ path: ['groups', name], what: `comes from \`${name.toUpperCase()}\`: name yours otherwise` })),
    ...namedGroups(file).flatMap(({ path, group }) =>
      group === '' || known.includes(group)
        ? []
        : [{ path, what: `is “${group}”, and there is no such group.${meant(group, known)}` }],
    ),
    ...(['hold', 'breakGlass'] as const).flatMap((part) => {
      const { allowed, by } = file[part]
      // Nobody holds by default for break-glass, so a list has to be given where it is allowed.
      const isNobody = by === undefined ? part === 'breakGlass' : by.length === 0
      return allowed && isNobody
        ? [{ path: [part], what: 'is allowed, and to nobody: name at least one group in “by”' }]
        : []
    }),
  ]
}

function meant(group: string, known: readonly string[]): string {
  const near = closest(group, known)
  return near === undefined ? ` There are: ${known.join(', ')}.` : ` Did you mean “${near}”?`
}

function namedGroups(file: Draft): readonly { readonly path: Path; readonly group: string }[] {
  const listed = (path: Path, groups: readonly string[] = []) =>
    groups.map((group, at) => ({ path: [...path, at], group }))
  const ofRule = (path: Path, { from, deny, including }: z.infer<typeof ruleDraft>) => [
    ...listed([...path, 'from'], from),
    ...(including === undefined ? [] : [{ path: [...path, 'including'], group: including }]),
    ...listed([...path, 'deny'], deny),
  ]
  const next = file.reminders.next?.group
  return [
    ...ofRule(['default'], file.default),
    ...Object.entries(file.rules).flatMap(([name, rule]) => ofRule(['rules', name], rule)),
    ...listed(['hold', 'by'], file.hold.by),
    ...listed(['breakGlass', 'by'], file.breakGlass.by),
    ...(next === undefined ? [] : [{ path: ['reminders', 'next', 'group'], group: next }]),
  ]
}
