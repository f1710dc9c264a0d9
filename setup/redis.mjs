// A Redis server program to start a private one from. Set-up never starts a server of the system's own.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { CannotSetUp, say } from './say.mjs'

/**
 * The Redis (or Valkey) server program on this machine.
 * @returns {string | undefined}
 */
export function findRedis() {
  const named = process.env['REDIS_SERVER_BIN']
  if (named !== undefined && named !== '') {
    if (isProgram(named)) return named
    throw new CannotSetUp(`REDIS_SERVER_BIN names ${named}, which is not a program. Correct it, or unset it.`)
  }
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/opt/homebrew/bin', '/usr/local/bin']
  return ['redis-server', 'valkey-server']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find(isProgram)
}

/**
 * Installs Redis where that asks nobody (Debian and its like, as root); elsewhere refuses with the one command to type.
 * @returns {string}
 */
export function installRedis() {
  const command = commandFor()
  if (!(existsSync('/usr/bin/apt-get') && process.getuid?.() === 0)) {
    throw new CannotSetUp(`This needs the redis-server program, which is not here.\nInstall it with:  ${command}`)
  }
  say('Installing redis-server (once)…')
  // RUNLEVEL=1 keeps the package from starting a server through init scripts; under systemd it is stopped again below.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'redis-server']]) {
    const done = spawnSync('apt-get', ['-qq', ...args], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    if (done.status === 0) continue
    const lines = `${done.stdout}\n${done.stderr}`.trim().split('\n').slice(-8).join('\n')
    throw new CannotSetUp(`apt-get ${args[0]} failed:\n${lines}\nInstall Redis by hand:  ${command}`)
  }
  if (existsSync('/run/systemd/system'))
    spawnSync('systemctl', ['disable', '--now', 'redis-server'], { stdio: 'ignore' })
  const redis = findRedis()
  if (redis === undefined)
    throw new CannotSetUp('apt-get installed redis-server, but it is not on PATH. Name it in REDIS_SERVER_BIN.')
  return redis
}

/** @returns {string} */
function commandFor() {
  if (process.platform === 'darwin') return 'brew install redis'
  if (existsSync('/usr/bin/apt-get')) return 'sudo apt-get install redis-server'
  if (existsSync('/usr/bin/dnf')) return 'sudo dnf install valkey'
  if (existsSync('/sbin/apk')) return 'sudo apk add redis'
  return 'your system’s package manager (package redis or valkey), or name the program in REDIS_SERVER_BIN'
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
