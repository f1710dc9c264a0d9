/** What became of one test or one file that could not be read; `project` is the group of tests it belongs to. */
export type Counted = { readonly project: string; readonly result: 'passed' | 'failed' | 'skipped' }

/** The end of a test run: the closing line, what is wrong besides failed tests, and how the program ends. */
export type Verdict = { readonly line: string; readonly complaints: readonly string[]; readonly exitCode: 0 | 1 }

/**
 * Sums up a run. It fails on a failed test, on an error outside any test, when nothing ran, and, unless the run was
 * narrowed to some files or names, when one of the `expected` projects ran nothing: a check that looked at nothing must
 * not pass. The line counts errors and empty projects as failed, so that it never reads better than the exit code.
 */
export function verdictOn(run: {
  readonly counted: readonly Counted[]
  readonly expected: readonly string[]
  readonly narrowed: boolean
  readonly errors: number
}): Verdict {
  const ran = run.counted.filter(({ result }) => result !== 'skipped')
  const passed = ran.filter(({ result }) => result === 'passed').length
  const skipped = run.counted.length - ran.length
  const wanted = run.narrowed ? [] : run.expected
  const complaints = [
    ...wanted
      .filter((name) => !ran.some(({ project }) => project === name))
      .map((name) => `No test ran in project ${name}.`),
    ...(run.errors > 0 ? [`${run.errors} error(s) outside any test.`] : []),
  ]
  if (ran.length === 0 && complaints.length === 0) complaints.push('No test ran.')
  const failed = ran.length - passed + run.errors + complaints.length - (run.errors > 0 ? 1 : 0)
  const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  return { line, complaints, exitCode: failed === 0 ? 0 : 1 }
}
