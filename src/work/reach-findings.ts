import { accessSync, constants } from 'node:fs'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { environmentProblem } from '#/autentico/environment-file.ts'
import type { Reach } from './actions/action.ts'
import type { WorkerFinding } from './questions.ts'

/**
 * Whether what this machine's worker was given besides the admin API can be used: Autentico's environment file, the proxy's
 * configuration, and the programs that restart, test and reload. Says nothing about what is not configured. Changes nothing, and
 * runs none of the commands.
 */
export async function reachFindings({ environment, proxy }: Reach): Promise<readonly WorkerFinding[]> {
  return [
    ...(environment === undefined ? [] : [await aboutEnvironment(environment)]),
    ...(proxy === undefined ? [] : [aboutProxy(proxy)]),
  ]
}

async function aboutEnvironment({ file, restartCommand }: NonNullable<Reach['environment']>): Promise<WorkerFinding> {
  const problem = (await environmentProblem(file)) ?? programProblem('AUTENTICO_RESTART_COMMAND', restartCommand)
  return problem === undefined
    ? {
        name: 'environment',
        ok: true,
        sentence: 'Keys and secrets of Autentico can be replaced in its environment file.',
      }
    : { name: 'environment', ok: false, sentence: `${problem} Keys and secrets cannot be replaced by this worker.` }
}

function aboutProxy({ kind, configPath, testCommand, reloadCommand }: NonNullable<Reach['proxy']>): WorkerFinding {
  const problem =
    folderProblem(configPath) ??
    (testCommand === undefined ? undefined : programProblem('PROXY_TEST_COMMAND', testCommand)) ??
    (reloadCommand === undefined ? undefined : programProblem('PROXY_RELOAD_COMMAND', reloadCommand))
  return problem === undefined
    ? { name: 'proxy', ok: true, sentence: `Requests can be limited at ${kind}.` }
    : { name: 'proxy', ok: false, sentence: `${problem} Requests cannot be limited at ${kind} by this worker.` }
}

function folderProblem(configPath: string): string | undefined {
  const folder = dirname(configPath)
  return allowed(folder, constants.W_OK)
    ? undefined
    : `The folder ${folder} of PROXY_CONFIG_PATH is missing, or this user may not write in it.`
}

function programProblem(name: string, [program = '']: readonly string[]): string | undefined {
  const places = isAbsolute(program) || program.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter)
  return places.some((place) => allowed(join(place, program), constants.X_OK))
    ? undefined
    : `${name} names a program, ${program}, that is not here or that this user may not run.`
}

function allowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}
