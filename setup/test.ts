// Runs the tests: `npm test [-- <vitest's own arguments>]`. Without `--project` these are those of `usual`.
// The last line is always `N passed, N failed`, whatever happens.
import { parseCLI, startVitest, type TestModule } from 'vitest/node'
import { type Counted, verdictOn } from './tally.ts'

const usual = ['unit', 'flow']

/** Tests that were left out because something is not here, each by its name. */
function leftOut(module: TestModule): readonly string[] {
  return [...module.children.allTests('skipped')].flatMap((test) => {
    const result = test.result()
    return result.state === 'skipped' && result.note !== undefined ? [`↓ ${test.fullName}: ${result.note}`] : []
  })
}

function countsOf(module: TestModule): readonly Counted[] {
  const project = module.project.name
  const tests = [...module.children.allTests()].map((test): Counted => {
    const { state } = test.result()
    return { project, result: state === 'pending' ? 'skipped' : state }
  })
  // A file that could not be read, or whose preparation failed, has no failed test of its own; it counts as one.
  const brokenOutside = module.state() === 'failed' && !tests.some(({ result }) => result === 'failed')
  return brokenOutside ? [...tests, { project, result: 'failed' }] : tests
}

async function run(args: readonly string[]) {
  const { filter, options } = parseCLI(['vitest', 'run', ...args])
  const project = options.project === undefined ? usual : [options.project].flat()
  const vitest = await startVitest(filter, { ...options, project, watch: false })
  try {
    const modules = vitest.state.getTestModules()
    for (const line of modules.flatMap(leftOut)) process.stderr.write(`${line}\n`)
    return verdictOn({
      counted: modules.flatMap(countsOf),
      expected: project,
      narrowed: filter.length > 0 || options.testNamePattern !== undefined,
      errors: vitest.state.getUnhandledErrors().length,
    })
  } finally {
    await vitest.close()
  }
}

const verdict = await run(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  return { line: '0 passed, 1 failed', complaints: ['The tests could not be run.'], exitCode: 1 as const }
})
for (const complaint of verdict.complaints) process.stderr.write(`${complaint}\n`)
process.stdout.write(`${verdict.line}\n`, () => process.exit(verdict.exitCode))
