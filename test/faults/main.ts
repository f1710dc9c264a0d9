// Tries the faults: `npm run faults [-- --nightly --minutes 60 --only F2,F9 --variant '…' --seed 42 --base 7 --shard 1/2]`.
// The last line is always `N passed, N failed`.
import { Command, InvalidArgumentError } from 'commander'
import { startVitest, type TestCase } from 'vitest/node'
import { verdictOn } from '../../setup/tally.ts'
import type { FaultMeta } from './harness/fault.ts'
import { type Plan, planVariable } from './harness/plan.ts'

type Options = {
  readonly nightly: boolean
  readonly minutes?: number
  readonly only: readonly string[]
  readonly variant?: string
  readonly seed?: number
  readonly base: number
  readonly shard: Plan['shard']
  readonly workers: number
}

/** What has come of one fault. */
type Sum = {
  readonly title: string
  readonly passed: number
  readonly failed: number
  readonly tried: number
  readonly succeeded: number
}

/** At least this part of what should succeed while something is broken has to (I8). */
const leastSuccess = 0.95

function optionsFrom(args: readonly string[]): Options {
  const number = (text: string): number => {
    if (!/^\d+$/.test(text)) throw new InvalidArgumentError('is a whole number')
    return Number(text)
  }
  const shard = (text: string): Plan['shard'] => {
    const [, index, of] = /^(\d+)\/(\d+)$/.exec(text) ?? []
    if (index === undefined || Number(index) < 1 || Number(index) > Number(of))
      throw new InvalidArgumentError('is such as 1/2')
    return { index: Number(index), of: Number(of) }
  }
  return new Command('npm run faults --')
    .option('--nightly', 'the counts of the long run', false)
    .option('--minutes <n>', 'begin nothing new after so many minutes', number)
    .option('--only <faults>', 'such as F2,F9', (text) => text.toUpperCase().split(','), [])
    .option('--variant <words>', 'one way in which a fault strikes')
    .option('--seed <n>', 'repeat the run with this seed', number)
    .option('--base <n>', 'what all seeds are made from', number, 1)
    .option('--shard <i/n>', 'a part of all runs', shard, { index: 1, of: 1 })
    .option('--workers <n>', 'files of faults that are tried side by side', number, 4)
    .parse([...args], { from: 'user' })
    .opts<Options>()
}

async function run(options: Options): Promise<number> {
  const { nightly, minutes, seed, variant, only, base, shard, workers } = options
  const plan: Plan = {
    mode: nightly ? 'nightly' : 'ci',
    base,
    only,
    variant,
    seed,
    until: minutes === undefined ? Number.MAX_SAFE_INTEGER : Date.now() + minutes * 60_000,
    shard,
  }
  process.env[planVariable] = JSON.stringify(plan)
  const vitest = await startVitest([], {
    project: ['faults'],
    watch: false,
    maxWorkers: workers,
    passWithNoTests: true,
  })
  try {
    const modules = vitest.state.getTestModules()
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    // A file that could not be read has no failed test of its own.
    const broken = modules.filter(
      (module) =>
        module.state() === 'failed' &&
        ![...module.children.allTests()].some((test) => test.result().state === 'failed'),
    )
    const sums = sumsOf(tests)
    say(tableOf(sums))
    const vacuous = [...sums].filter(([, { tried, succeeded }]) => tried > 0 && succeeded / tried < leastSuccess)
    for (const [id, { tried, succeeded }] of vacuous)
      say(`${id}: only ${succeeded} of ${tried} things that should have succeeded did (I8)`)
    const verdict = verdictOn({
      counted: [
        ...tests.map((test) => ({ project: 'faults', result: resultOf(test) })),
        ...[...broken, ...vacuous].map(() => ({ project: 'faults', result: 'failed' as const })),
      ],
      expected: ['faults'],
      narrowed: false,
      errors: vitest.state.getUnhandledErrors().length,
    })
    say(`seeds are made from ${base}; repeat one run with --only, --variant and --seed`)
    for (const complaint of verdict.complaints) say(complaint)
    say(verdict.line)
    return verdict.exitCode
  } finally {
    await vitest.close()
  }
}

function resultOf(test: TestCase): 'passed' | 'failed' | 'skipped' {
  const { state } = test.result()
  return state === 'passed' || state === 'failed' ? state : 'skipped'
}

function sumsOf(tests: readonly TestCase[]): ReadonlyMap<string, Sum> {
  const sums = new Map<string, Sum>()
  for (const test of tests) {
    const meta: FaultMeta | undefined = test.meta().fault
    const result = resultOf(test)
    if (meta === undefined || result === 'skipped') continue
    const before = sums.get(meta.id)
    sums.set(meta.id, {
      title:
        before === undefined || before.title.includes(meta.title)
          ? meta.title
          : `${before.title}; ${meta.title}`.slice(0, 90),
      passed: (before?.passed ?? 0) + (result === 'passed' ? 1 : 0),
      failed: (before?.failed ?? 0) + (result === 'failed' ? 1 : 0),
      tried: (before?.tried ?? 0) + meta.tried,
      succeeded: (before?.succeeded ?? 0) + meta.succeeded,
    })
  }
  return new Map([...sums].toSorted(([a], [b]) => Number(a.slice(1)) - Number(b.slice(1))))
}

/** One line a fault; `below` is the 95 % upper bound on how often it would still fail, by the rule of three. */
function tableOf(sums: ReadonlyMap<string, Sum>): string {
  const lines = [...sums].map(([id, { title, passed, failed, tried, succeeded }]) => {
    const below = failed === 0 ? `fails < ${Math.min(100, 300 / Math.max(passed, 1)).toFixed(1)} %` : ''
    return [
      id.padEnd(4),
      `${passed} passed`.padStart(12),
      `${failed} failed`.padStart(11),
      `${succeeded}/${tried} done`.padStart(16),
      below.padStart(16),
      `  ${title}`,
    ].join('')
  })
  return ['', ...lines, ''].join('\n')
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

const code = await run(optionsFrom(process.argv.slice(2))).catch((error: unknown) => {
  say(`${error instanceof Error ? error.stack : String(error)}\n0 passed, 1 failed`)
  return 1
})
process.exit(code)
