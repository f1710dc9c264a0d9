// Programs that do not come from npm: finding one on this machine, and installing one where that asks nobody.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { CannotSetUp, say } from './say.mjs'

/** Where Homebrew puts programs, and Debian those of administrators; a PATH that was cut short often lacks them. */
const alsoIn = ['/opt/homebrew/bin', '/usr/local/bin', '/usr/sbin']

/**
 * The program that `variable` names, else the first of `names` on PATH, else the first of `files`.
 * @param {{ readonly variable: string, readonly names: readonly string[], readonly files?: readonly string[] }} wanted
 * @returns {string | undefined}
 */
export function findProgram({ variable, names, files = [] }) {
  const named = process.env[variable]
  if (named !== undefined && named !== '') {
    if (isProgram(named)) return named
    throw new CannotSetUp(`${variable} names ${named}, which is not a program. Correct it, or unset it.`)
  }
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...alsoIn]
  return [...names.flatMap((name) => folders.map((folder) => join(folder, name))), ...files].find(isProgram)
}

/** Whether packages can be installed without asking anybody: Debian and its like, as root. */
export function canInstall() {
  return existsSync('/usr/bin/apt-get') && process.getuid?.() === 0
}

/**
 * Installs packages of the system, without those that they only recommend. Gives back what went wrong, or undefined.
 * @param {readonly string[]} packages
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {string | undefined}
 */
export function install(packages, environment = {}) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', ...environment }
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const done = spawnSync('apt-get', ['-qq', ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    if (done.status === 0) continue
    const lines = `${done.stdout}\n${done.stderr}`.trim().split('\n').slice(-8).join('\n')
    return `apt-get ${args[0]} failed:\n${lines}`
  }
  return undefined
}

/**
 * Stops the servers that systemd started because their packages were installed.
 * @param {readonly string[]} services
 * @returns {void}
 */
export function keepFromServing(services) {
  if (!existsSync('/run/systemd/system')) return
  for (const service of services) spawnSync('systemctl', ['disable', '--now', service], { stdio: 'ignore' })
}

/**
 * Installs the programs of Debian's packages where that asks nobody, without starting a server of the system's own. `why`
 * says what they are for, and `find` whether they are here now. Elsewhere, and when it fails, it refuses with `byHand`.
 * @template T
 * @param {{ readonly packages: readonly string[], readonly services?: readonly string[], readonly why: string, readonly byHand: string, readonly find: () => T | undefined }} wanted
 * @returns {T}
 */
export function installOrRefuse({ packages, services = [], why, byHand, find }) {
  const names = packages.join(' and ')
  if (!canInstall()) throw new CannotSetUp(`${why}\nInstall it with:  ${byHand}`)
  say(`Installing ${names} (once)…`)
  // Keeps a package from starting a server through init scripts.
  const failure = install(packages, { RUNLEVEL: '1' })
  if (failure !== undefined) throw new CannotSetUp(`${failure}\nInstall by hand:  ${byHand}`)
  keepFromServing(services)
  const found = find()
  if (found === undefined) throw new CannotSetUp(`apt-get installed ${names}, but what it brought is not on PATH.`)
  return found
}

/**
 * @param {string} file
 * @returns {boolean}
 */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
