// The packages of package-lock.json, installed when what lies in node_modules is something else.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm } from './npm.mjs'
import { CannotSetUp, say } from './say.mjs'

/** @typedef {{ version?: string, integrity?: string, dev?: boolean, optional?: boolean, devOptional?: boolean }} Locked */

/**
 * Whether node_modules holds exactly what the lock file names. npm writes down what it installed, as the last thing it
 * does, so a broken-off install counts as none. Packages for other systems may be missing.
 * @param {string} root
 * @param {{ readonly dev: boolean }} need
 * @returns {boolean}
 */
export function packagesAreThere(root, { dev }) {
  const installed = read(join(root, 'node_modules/.package-lock.json'))
  if (installed === undefined) return false
  const wanted = read(join(root, 'package-lock.json'))
  if (wanted === undefined) return true
  return Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path]
    if (path === '') return true
    if (found === undefined)
      return entry.optional === true || entry.devOptional === true || (entry.dev === true && !dev)
    return found.version === entry.version && found.integrity === entry.integrity
  })
}

/**
 * Installs the locked packages and looks whether that is what came; `env` names the Node that npm runs on, because npm
 * chooses by it. Not `npm ci`: it refuses a lock file that leaves out a package for another system, and a lock file leaves
 * out those that the registry did not have when it was written.
 * @param {string} root
 * @param {{ readonly dev: boolean, readonly env: NodeJS.ProcessEnv }} need
 * @returns {void}
 */
export function installPackages(root, { dev, env }) {
  say(dev ? 'Installing packages, with the tools for tests (once)…' : 'Installing packages (once)…')
  const scope = dev ? '--include=dev' : '--omit=dev'
  npm(['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', scope], { cwd: root, env })
  if (packagesAreThere(root, { dev })) return
  throw new CannotSetUp(
    'npm installed something else than package-lock.json names.\nMake the two agree with:  npm install',
  )
}

/**
 * @param {string} file
 * @returns {Readonly<Record<string, Locked>> | undefined}
 */
function read(file) {
  try {
    const lock = /** @type {{ packages?: Record<string, Locked> }} */ (JSON.parse(readFileSync(file, 'utf8')))
    return lock.packages
  } catch {
    return undefined
  }
}
