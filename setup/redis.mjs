// A Redis server program to start a private one from. Set-up never starts a server of the system's own.
import { existsSync } from 'node:fs'
import { findProgram, installOrRefuse } from './programs.mjs'

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
  return installOrRefuse({
    packages: ['redis-server'],
    services: ['redis-server'],
    why: 'This needs the redis-server program, which is not here.',
    byHand: commandFor(),
    find: findRedis,
  })
}

/** @returns {string} */
function commandFor() {
  if (process.platform === 'darwin') return 'brew install redis'
  if (existsSync('/usr/bin/apt-get')) return 'sudo apt-get install redis-server'
  if (existsSync('/usr/bin/dnf')) return 'sudo dnf install valkey'
  if (existsSync('/sbin/apk')) return 'sudo apk add redis'
  return 'your system’s package manager (package redis or valkey), or name the program in REDIS_SERVER_BIN'
}
