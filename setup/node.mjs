// The Node that everything runs on: the machine's own when it is new enough, else one that npm brings into .runtime/.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { npm } from './npm.mjs'
import { CannotSetUp, say } from './say.mjs'

/** Before 24.14 Node refuses imports that begin with `#/`. */
const oldest = [24, 14]

/** Node by way of npm: setup/runtime/package-lock.json holds version and digest of each. */
const fromNpm = new Set(['linux-x64', 'linux-arm64', 'darwin-x64'])

/** Where Homebrew keeps its versioned Node, which it does not put on PATH. */
const homebrew = ['/opt/homebrew/opt/node@24/bin/node', '/usr/local/opt/node@24/bin/node']

/**
 * The path of a Node that can run this program, or undefined when none is here yet.
 * @param {string} root
 * @returns {string | undefined}
 */
export function findNode(root) {
  if (isNewEnough(process.versions.node)) return process.execPath
  const fetched = fetchedNode(root)
  if (existsSync(fetched)) return fetched
  if (process.platform !== 'darwin') return undefined
  return homebrew.find((candidate) => existsSync(candidate) && isNewEnough(versionOf(candidate)))
}

/**
 * Fetches Node by npm and returns its path; refuses with one command where npm has none for this machine.
 * @param {string} root
 * @returns {string}
 */
export function fetchNode(root) {
  if (!fromNpm.has(`${process.platform}-${process.arch}`) || isMusl()) throw new CannotSetUp(noNode())
  say('Fetching Node 24 (once)…')
  const home = join(root, '.runtime')
  mkdirSync(home, { recursive: true })
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(root, 'setup/runtime', file), join(home, file))
  npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', home], { cwd: home, env: process.env })
  const node = fetchedNode(root)
  if (!isNewEnough(versionOf(node)))
    throw new CannotSetUp(`npm brought a Node that does not run here (${node}).\n${noNode()}`)
  return node
}

/**
 * The environment in which `node`, `npm` and `npx` mean that Node.
 * @param {string} node
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentOf(node) {
  return { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` }
}

/**
 * @param {string} version
 * @returns {boolean}
 */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = oldest
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
}

/**
 * @param {string} node
 * @returns {string}
 */
function versionOf(node) {
  const asked = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' })
  return asked.error === undefined ? asked.stdout.trim() : ''
}

/**
 * @param {string} root
 * @returns {string}
 */
function fetchedNode(root) {
  return join(root, '.runtime/node_modules', `node-${process.platform}-${process.arch}`, 'bin/node')
}

/** npm's Node needs glibc, which Alpine does not have. */
function isMusl() {
  return existsSync('/etc/alpine-release')
}

function noNode() {
  const command = process.platform === 'darwin' ? 'brew install node@24' : 'nvm install 24'
  return `This needs Node ${oldest.join('.')} or newer; here is ${process.versions.node}, and npm has none for ${process.platform} ${process.arch}.\nInstall it with:  ${command}`
}
