// Makes this checkout ready, then runs one of its scripts:
//
//   node setup/run.mjs [--redis] [--chromium] [--strace] [--proxies] [--jemalloc] [--dev] [--env] <script.ts> [arguments…]
//
// --env reads .env, and saves memory, with jemalloc where it is; --redis, --chromium, --strace, --proxies, --jemalloc and --dev ask for a Redis
// server program, a browser, strace, nginx and Caddy, jemalloc, and the tools that tests need.
// Runs on Node 18 and newer, needs npm, and installs nothing outside the checkout (except, on Debian as root, those programs).
// The second time it only looks. Exit codes: the script's own; 69 when something is missing that cannot be installed here.
import { spawn } from 'node:child_process'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findChromium, installChromium } from './chromium.mjs'
import { whileLocked } from './lock.mjs'
import { findJemalloc, installJemalloc, savingMemory } from './memory.mjs'
import { environmentOf, fetchNode, findNode } from './node.mjs'
import { installPackages, packagesAreThere } from './packages.mjs'
import { findProxies, installProxies } from './proxies.mjs'
import { findRedis, installRedis } from './redis.mjs'
import { CannotSetUp, say } from './say.mjs'
import { findStrace, installStrace } from './strace.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const known = ['--redis', '--chromium', '--strace', '--proxies', '--jemalloc', '--dev', '--env']

/** @typedef {{ readonly redis: boolean, readonly chromium: boolean, readonly strace: boolean, readonly proxies: boolean, readonly jemalloc: boolean, readonly dev: boolean }} Need */
/** @typedef {{ readonly node: string, readonly redis: string | undefined, readonly chromium: string | undefined, readonly proxies: import('./proxies.mjs').Proxies | undefined }} Ready */

/**
 * @param {readonly string[]} argv
 * @returns {Need & { readonly env: boolean, readonly script: string, readonly args: readonly string[] }}
 */
function readArguments(argv) {
  const first = argv.findIndex((word) => !word.startsWith('--'))
  const options = argv.slice(0, first === -1 ? argv.length : first)
  const unknown = options.find((option) => !known.includes(option))
  const script = argv[first]
  if (unknown !== undefined || script === undefined) {
    throw new CannotSetUp(
      `${unknown === undefined ? 'No script given' : `Unknown option ${unknown}`}.\nUsage:  node setup/run.mjs ${known.map((option) => `[${option}]`).join(' ')} <script.ts> [arguments…]`,
    )
  }
  return {
    redis: options.includes('--redis'),
    chromium: options.includes('--chromium'),
    strace: options.includes('--strace'),
    proxies: options.includes('--proxies'),
    jemalloc: options.includes('--jemalloc'),
    dev: options.includes('--dev'),
    env: options.includes('--env'),
    script,
    args: argv.slice(first + 1),
  }
}

/**
 * What the script runs on. Looks first without the lock, so that a ready checkout costs next to nothing.
 * @param {Need} need
 * @returns {Promise<Ready>}
 */
async function makeReady(need) {
  const node = findNode(root)
  const redis = need.redis ? findRedis() : undefined
  const chromium = need.chromium ? findChromium() : undefined
  const strace = need.strace ? findStrace() : undefined
  const proxies = need.proxies ? findProxies() : undefined
  const programs =
    (redis !== undefined || !need.redis) &&
    (chromium !== undefined || !need.chromium) &&
    (strace !== undefined || !need.strace) &&
    (proxies !== undefined || !need.proxies) &&
    (findJemalloc() !== undefined || !need.jemalloc)
  if (node !== undefined && packagesAreThere(root, need) && programs) return { node, redis, chromium, proxies }

  return whileLocked(join(root, '.runtime'), () => {
    const found = findNode(root) ?? fetchNode(root)
    // Another set-up may have done the work while this one waited.
    if (!packagesAreThere(root, need)) installPackages(root, { dev: need.dev, env: environmentOf(found) })
    if (need.strace && findStrace() === undefined) installStrace()
    if (need.jemalloc && findJemalloc() === undefined) installJemalloc()
    return {
      node: found,
      redis: need.redis ? (findRedis() ?? installRedis()) : undefined,
      chromium: need.chromium ? (findChromium() ?? installChromium()) : undefined,
      proxies: need.proxies ? (findProxies() ?? installProxies()) : undefined,
    }
  })
}

/**
 * Runs the script in this process's place: same input and output, signals handed on, and its way of ending becomes ours.
 * @param {string} node
 * @param {readonly string[]} command
 * @param {NodeJS.ProcessEnv} env
 * @returns {void}
 */
function become(node, command, env) {
  const child = spawn(node, command, { stdio: 'inherit', env })
  const atTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the script as well; handing it on would make it the second one.
      if (!(signal === 'SIGINT' && atTerminal)) child.kill(signal)
    })
  }
  child.on('error', (error) => {
    say(`${node} could not be started: ${error.message}`)
    process.exitCode = 69
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

try {
  const { script, args, ...need } = readArguments(process.argv.slice(2))
  const { node, redis, chromium, proxies } = await makeReady(need)
  const env = environmentOf(node)
  if (redis !== undefined) env['REDIS_SERVER_BIN'] = redis
  if (chromium !== undefined) env['CHROMIUM_PATH'] = chromium
  if (proxies?.nginx !== undefined) env['NGINX_BIN'] = proxies.nginx
  if (proxies?.caddy !== undefined) env['CADDY_BIN'] = proxies.caddy
  // Node keeps what it has compiled beside what it was compiled from; every start but the first is twice as fast.
  env['NODE_COMPILE_CACHE'] ??= join(root, '.runtime', 'compile-cache')
  // What operators run, and what is measured as they run it. A browser brings a malloc of its own.
  const saving = need.env || need.jemalloc ? savingMemory(findJemalloc()) : {}
  for (const [name, value] of Object.entries(saving)) env[name] ??= value
  // Variables that are set already win over those in the file.
  const file = need.env ? [`--env-file-if-exists=${join(root, '.env')}`] : []
  // Node strips types for the browser as it does for itself, and calls only the former an experiment.
  become(node, ['--disable-warning=ExperimentalWarning', ...file, resolve(root, script), ...args], env)
} catch (error) {
  if (!(error instanceof CannotSetUp)) throw error
  say(error.message)
  process.exitCode = 69
}
