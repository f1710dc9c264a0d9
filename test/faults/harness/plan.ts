import { seedOf } from './random.ts'

/** How much is tried. `npm run faults` says it by the environment, because each file of faults runs in a process of its own. */
export type Plan = {
  readonly mode: 'ci' | 'nightly'
  readonly base: number
  /** When given, only these faults. */
  readonly only: readonly string[]
  readonly variant: string | undefined
  /** Exactly this seed, once for each variant: the repetition of one run. */
  readonly seed: number | undefined
  /** Nothing new is begun after this moment, milliseconds since 1970. */
  readonly until: number
  readonly shard: { readonly index: number; readonly of: number }
}

/** What a fault is called in the environment of the processes that try it. */
export const planVariable = 'FAULTS_PLAN'

/** The counts of a bare `vitest run` are those of each commit. */
export function planFrom(env: NodeJS.ProcessEnv): Plan {
  const given = env[planVariable]
  const usual: Plan = {
    mode: 'ci',
    base: 1,
    only: [],
    variant: undefined,
    seed: undefined,
    until: Number.MAX_SAFE_INTEGER,
    shard: { index: 1, of: 1 },
  }
  return given === undefined ? usual : { ...usual, ...(JSON.parse(given) as Partial<Plan>) }
}

export type Planned = { readonly variant: string; readonly seed: number }

/** The runs of one fault, variant after variant, so that a run that is cut short has tried each of them. */
export function runsOf(
  {
    id,
    ci,
    nightly,
    variants,
  }: { readonly id: string; readonly ci: number; readonly nightly: number; readonly variants: readonly string[] },
  plan: Plan,
): readonly Planned[] {
  if (plan.only.length > 0 && !plan.only.includes(id)) return []
  const wanted = variants.filter((variant) => plan.variant === undefined || variant === plan.variant)
  if (plan.seed !== undefined) return wanted.map((variant) => ({ variant, seed: plan.seed ?? 0 }))
  const count = plan.mode === 'ci' ? ci : nightly
  return Array.from({ length: count }, (_, n) =>
    wanted.map((variant) => ({ variant, seed: seedOf(plan.base, id, variant, String(n)) })),
  )
    .flat()
    .filter((_, n) => n % plan.shard.of === plan.shard.index - 1)
}
