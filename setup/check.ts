// Everything a change has to pass, one named step after the other: `npm run check`. `--static` leaves out the tests.
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const checked = ['src', 'test', 'setup']

/** One step: a command, and how many files it looked at. A step that looked at none fails. */
type Step = {
  readonly name: string
  readonly command: readonly string[]
  readonly lookedAt: (output: string) => number
}

const steps: readonly Step[] = [
  { name: 'types', command: ['tsc', '--listFiles'], lookedAt: ownFiles },
  { name: 'types of the set-up', command: ['tsc', '-p', 'setup', '--listFiles'], lookedAt: ownFiles },
  {
    name: 'types of the page',
    command: ['tsc', '-p', 'src/drill/page/browser', '--listFiles'],
    lookedAt: ownFiles,
  },
  {
    name: 'lint',
    command: ['oxlint', '--deny-warnings', ...checked],
    lookedAt: (output) => numberIn(output, /on (\d+) files/),
  },
  {
    name: 'format',
    command: ['biome', 'ci', ...checked],
    lookedAt: (output) => numberIn(output, /Checked (\d+) files/),
  },
  { name: 'dead code', command: ['knip'], lookedAt: knipFiles },
  {
    name: 'layering',
    command: ['vitest', 'run', '--project', 'unit', 'test/layering.test.ts'],
    lookedAt: (output) => numberIn(output, /Tests\s+(\d+) passed/),
  },
]

function ownFiles(output: string): number {
  return output.split('\n').filter((line) => line.startsWith(root) && !line.includes('/node_modules/')).length
}

/** knip does not say how many files it read, so the patterns it is given are counted. */
function knipFiles(): number {
  const { project } = JSON.parse(readFileSync(join(root, 'knip.json'), 'utf8')) as {
    readonly project: readonly string[]
  }
  return globSync([...project], { cwd: root }).length
}

function numberIn(output: string, pattern: RegExp): number {
  return Number(pattern.exec(output)?.[1] ?? 0)
}

function passes({ name, command, lookedAt }: Step): boolean {
  const [program = '', ...args] = command
  const began = Date.now()
  const done = spawnSync(join(root, 'node_modules/.bin', program), args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
    maxBuffer: 64 * 1024 * 1024,
  })
  const output = done.error === undefined ? `${done.stdout}${done.stderr}` : done.error.message
  const files = done.status === 0 ? lookedAt(output) : 0
  const passed = done.status === 0 && files > 0
  const time = `${((Date.now() - began) / 1000).toFixed(1)} s`
  print(`${passed ? '✓' : '✗'} ${name.padEnd(20)} ${time.padStart(7)}  ${passed ? `${files} looked at` : ''}`)
  if (done.status === 0 && files === 0) print(`  ${program} looked at nothing, which is no pass.`)
  if (done.status !== 0)
    print(
      output
        .split('\n')
        .filter((line) => !/^\/.*\.(ts|mts|cts|json)$/.test(line))
        .join('\n'),
    )
  return passed
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

const failed = steps.filter((step) => !passes(step)).map(({ name }) => name)
if (!process.argv.includes('--static')) {
  const tests = spawnSync(process.execPath, [join(root, 'setup/test.ts')], { cwd: root, stdio: 'inherit' })
  print(`${tests.status === 0 ? '✓' : '✗'} tests`)
  if (tests.status !== 0) failed.push('tests')
}
print(failed.length === 0 ? '\nAll steps pass.' : `\nNot passing: ${failed.join(', ')}.`)
process.exitCode = failed.length === 0 ? 0 : 1
