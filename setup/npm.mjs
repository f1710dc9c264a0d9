// Calls npm and keeps it quiet unless it fails.
import { spawnSync } from 'node:child_process'
import { CannotSetUp } from './say.mjs'

/**
 * Runs npm in `cwd`. `env` says which Node it runs on. On failure its first lines become the message: npm ends with pages of help.
 * @param {readonly string[]} args
 * @param {{ readonly cwd: string, readonly env: NodeJS.ProcessEnv }} where
 * @returns {void}
 */
export function npm(args, { cwd, env }) {
  // Under `npm run` npm names its own file here; running that with the Node on PATH does not depend on how npm was installed.
  const itself = process.env['npm_execpath'] ?? ''
  const [program, first] = itself.endsWith('npm-cli.js') ? ['node', [itself]] : ['npm', []]
  const done = spawnSync(program, [...first, ...args, '--loglevel', 'error'], {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  })
  if (done.error !== undefined)
    throw new CannotSetUp(`npm could not be started: ${done.error.message}. Install Node with npm, then try again.`)
  if (done.status === 0) return
  const lines = `${done.stdout}\n${done.stderr}`.trim().split('\n').slice(0, 12).join('\n')
  throw new CannotSetUp(`npm ${args[0]} failed (${done.signal ?? `exit ${done.status}`}):\n${lines}`)
}
