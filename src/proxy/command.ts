import { execFile } from 'node:child_process'

/** How a command of the operator ended. `words` are the last it said, without secrets, short enough to show. */
export type Ended = { readonly kind: 'well' } | { readonly kind: 'badly'; readonly words: string }

/** An argument vector and what it needs around it; no shell reads it. */
export type Commands = (argv: readonly string[]) => Promise<Ended>

/** Longer than any check or reload takes that still has a chance. */
const timeoutMs = 30_000
/** Of this worker's environment, which holds secrets, a command gets only what names programs and the way to Docker. */
const passedOn = [
  'PATH',
  'HOME',
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'XDG_RUNTIME_DIR',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
]

/** Runs commands. `scrub` takes secrets out of what they say: a checker quotes the configuration it does not like. */
export function commands({ scrub }: { readonly scrub: (text: string) => string }): Commands {
  const env = Object.fromEntries(passedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
  return async ([program = '', ...args]) =>
    new Promise((resolve) => {
      const options = {
        env: { ...env, LC_ALL: 'C' },
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: 4 * 1024 * 1024,
      } as const
      const child = execFile(program, args, options, (error, stdout, stderr) => {
        if (error === null) return resolve({ kind: 'well' })
        const said = lastLines(scrub(`${stdout}\n${stderr}`))
        resolve({ kind: 'badly', words: said === '' ? (why(error) ?? scrub(error.message)) : said })
      })
      child.stdin?.end()
    })
}

/** Whether the Caddy that `testCommand` names can limit requests: it is asked for its modules. */
export async function caddyLimits(testCommand: readonly string[]): Promise<boolean> {
  const at = testCommand.findIndex((word) => word === 'validate' || word === 'adapt')
  if (at < 1) return false
  const [program = '', ...args] = testCommand.slice(0, at)
  return new Promise((resolve) => {
    execFile(
      program,
      [...args, 'list-modules'],
      { timeout: timeoutMs, maxBuffer: 4 * 1024 * 1024 },
      (error, stdout) => {
        resolve(error === null && stdout.split('\n').includes('http.handlers.rate_limit'))
      },
    )
  })
}

function why(error: { readonly code?: unknown; readonly killed?: boolean | undefined }): string | undefined {
  if (error.killed === true) return `It did not end within ${timeoutMs / 1000} seconds.`
  if (error.code === 'ENOENT') return 'There is no such program here.'
  if (error.code === 'EACCES') return 'It may not be run by this worker.'
  return typeof error.code === 'number' ? `It ended with exit code ${error.code} and said nothing.` : undefined
}

function lastLines(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.replaceAll(/[^\x20-\x7e]/g, ' ').trim())
    .filter((line) => line !== '')
  return lines.slice(-4).join('\n').slice(-600)
}
