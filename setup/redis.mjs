// A Redis server program to start a private one from. Set-up never starts a server of the system's own.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { canInstall, findProgram, install } from './programs.mjs'
import { CannotSetUp, say } from './say.mjs'

/**
 * The Redis (or Valkey) server program on this machine.
 * @returns {string | undefined}
 */
export function findRedis() {
  return findProgram({ variable: 'REDIS_SERVER_BIN', names: ['redis-server', 'valkey-server'] })
}

/**
 * Installs Redis where that asks nobody (Debian and its like, as root); elsewhere refuses with the one command to type.
 * @returns {string}
 */
export function installRedis() {
  const command = commandFor()
  if (!canInstall()) {
    throw new CannotSetUp(`This needs the redis-server program, which is not here.\nInstall it with:  ${command}`)
  }
  say('Installing redis-server (once)…')
  // RUNLEVEL=1 keeps the package from starting a server through init scripts; under systemd it is stopped again below.
  const failure = install(['redis-server'], { RUNLEVEL: '1' })
  if (failure !== undefined) throw new CannotSetUp(`${failure}\nInstall Redis by hand:  ${command}`)
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
