import { z } from 'zod'
import type { Policy } from '#/policy/policy.ts'

const names = z.array(z.string())
const length = z.number().positive()
const rule = z.looseObject({
  approvals: z.number().int().min(1),
  from: names,
  including: z.string().optional(),
  deny: names,
  ttlMs: length,
  stepUp: z.boolean(),
  reason: z.boolean(),
})
const policy = z.looseObject({
  groups: z.record(z.string(), names),
  standard: rule,
  rules: z.record(z.string(), rule),
  hold: z.looseObject({ allowed: z.boolean(), by: names, lengthMs: length }),
  breakGlass: z.looseObject({ allowed: z.boolean(), by: names, delayMs: z.number().min(0) }),
  reminders: z.looseObject({
    firstMs: length,
    next: z.looseObject({ group: z.string(), afterMs: length }).optional(),
    staleMs: length,
  }),
})

/**
 * Why a recorded policy is none that this program can decide under: a field is missing or of another kind, or its digest is another
 * one. Undefined: it is as it was when it was adopted.
 */
export function whyUnreadable(
  recorded: { readonly policy: Policy; readonly digest: string },
  digestOf: (value: unknown) => string,
): string | undefined {
  const read = policy.safeParse(recorded.policy)
  const [issue] = read.error?.issues ?? []
  if (issue !== undefined) return `${issue.path.join('.') || 'the policy'}: ${issue.message}`
  return digestOf(recorded.policy) === recorded.digest
    ? undefined
    : 'its digest is not the one that was recorded with it'
}
