import { z } from 'zod'
import { type ActionName, actionNames, onlyReads } from '#/playbook/actions.ts'
import { flag, named, some, told } from '#/playbook/told.ts'
import { decisionNames, type RuleName } from './policy.ts'

const units = { s: 1_000, m: 60_000, h: 3_600_000 } as const
const day = 24 * units.h

/** In milliseconds. */
function length(most: number, mostWords: string) {
  const allowed = `a time such as 90s, 30m or 2h, from 1s to ${mostWords}`
  return named(/^\d{1,6}[smh]$/, allowed)
    .transform((text) => Number(text.slice(0, -1)) * units[text.slice(-1) as keyof typeof units])
    .refine((ms) => ms >= units.s && ms <= most, { error: `has to be ${allowed}` })
}

const groupName = () =>
  named(/^[a-z][a-z0-9-]{0,30}$/, 'a group: small letters, digits and hyphens, beginning with a letter, at most 31')
const groups = (min: 0 | 1) => some(groupName(), { min, max: 10, what: 'groups' })
const slackId = named(/^[UWS][A-Z0-9]{2,}$/, 'a Slack id of a user (U…, W…) or of a user group (S…)')

const ruleParts = {
  approvals: z
    .int(told('a whole number from 1 to 10'))
    .min(1, told('a whole number from 1 to 10: nothing is done on the word of one person'))
    .max(10, told('a whole number from 1 to 10'))
    .exactOptional()
    .meta({ description: 'How many people besides the requester have to say yes.' }),
  from: groups(1).exactOptional().meta({ description: 'Members of any of these groups count.' }),
  including: groupName()
    .exactOptional()
    .meta({ description: 'At least one of those who say yes is in this group as well.' }),
  deny: groups(0).exactOptional().meta({ description: 'Members of any of these groups may deny.' }),
  ttl: length(day, '24h').exactOptional().meta({ description: 'How long a request lives.' }),
  stepUp: flag().meta({ description: 'An approval counts only after a fresh sign-in to Autentico.' }),
  reason: flag().meta({ description: 'Whoever approves has to say why.' }),
}
const rule = z.strictObject(ruleParts, told('a map of what differs from the default')).meta({ id: 'rule' })

/** What a rule can be about: what changes something, and the decisions that touch nothing outside. */
export const ruleNames: readonly RuleName[] = [
  // Nobody asks for the end of a hold: it comes by time, or by whoever ends the hold.
  ...actionNames.filter((action: ActionName) => !onlyReads(action) && action !== 'lift-hold'),
  ...decisionNames,
]

const ruleShape = Object.fromEntries(ruleNames.map((name) => [name, rule.exactOptional()])) as Readonly<
  Record<RuleName, z.ZodExactOptional<typeof rule>>
>
const rules = z.strictObject(ruleShape, told('a map of actions and decisions'))

const allowance = (part: 'length' | 'delay') =>
  z
    .strictObject(
      {
        allowed: z.boolean(told('true or false')),
        by: groups(0)
          .exactOptional()
          .meta({ description: 'Members of any of these groups may. An empty list: nobody.' }),
        [part]: length(day, '24h').exactOptional(),
      } as {
        readonly allowed: z.ZodBoolean
        readonly by: z.ZodExactOptional<ReturnType<typeof groups>>
      } & Readonly<Record<typeof part, z.ZodExactOptional<ReturnType<typeof length>>>>,
      told('a map with “allowed”'),
    )
    .meta({ id: part === 'length' ? 'hold' : 'breakGlass' })

const reminders = z.strictObject(
  {
    first: length(day, '24h')
      .exactOptional()
      .meta({ description: 'Until the first reminder. Each further one waits twice as long.' }),
    next: z
      .strictObject({ group: groupName(), after: length(day, '24h') }, told('a map with “group” and “after”'))
      .exactOptional()
      .meta({ description: 'Who is called upon as well when nobody has decided for that long.' }),
    stale: length(7 * day, '168h')
      .exactOptional()
      .meta({ description: 'An open incident in which nothing happened for this long is spoken of.' }),
  },
  told('a map'),
)

/** What a policy file holds, as far as each part can be judged by itself. */
export const policyFile = z
  .strictObject(
    {
      schema: z.literal(1, told('1')),
      groups: z
        .record(groupName(), some(slackId, { min: 0, max: 200, what: 'Slack ids' }), told('a map of lists'))
        .exactOptional()
        .meta({ description: 'Lists of people by name, besides `responders` and `approvers`.' }),
      default: rule.exactOptional().meta({ description: 'What holds where a rule does not say otherwise.' }),
      rules: rules.exactOptional(),
      hold: allowance('length').exactOptional(),
      breakGlass: allowance('delay').exactOptional(),
      reminders: reminders.exactOptional(),
    },
    told('a map with “schema: 1”'),
  )
  .meta({ title: 'The policy of Autentico Responder' })

export type PolicyFile = z.output<typeof policyFile>

const keysOf = (type: { readonly shape: object }): readonly string[] => Object.keys(type.shape)

/** The keys that can stand in the map at a path. */
export function policyKeysAt(path: readonly (string | number)[]): readonly string[] {
  const [first, second] = path
  if (first === undefined) return keysOf(policyFile)
  if (first === 'default' || (first === 'rules' && second !== undefined)) return keysOf(rule)
  if (first === 'rules') return ruleNames
  if (first === 'hold') return ['allowed', 'by', 'length']
  if (first === 'breakGlass') return ['allowed', 'by', 'delay']
  if (first === 'reminders') return second === undefined ? keysOf(reminders) : ['group', 'after']
  return []
}

/** JSON Schema (draft 7) of a policy file, for editors. `responder policy validate` knows more rules than it can say. */
export function policyJsonSchema(): object {
  return z.toJSONSchema(policyFile, { target: 'draft-7', io: 'input' })
}
