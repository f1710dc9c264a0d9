// nginx and Caddy: the stories of the proxy are played at real ones. Nothing else needs them, so a missing one stops no set-up.
import { existsSync } from 'node:fs'
import { canInstall, findProgram, install, keepFromServing } from './programs.mjs'
import { say } from './say.mjs'

/** @typedef {{ readonly nginx: string | undefined, readonly caddy: string | undefined }} Proxies */

/**
 * Both, or undefined when one is missing.
 * @returns {Proxies | undefined}
 */
export function findProxies() {
  const proxies = look()
  return proxies.nginx === undefined || proxies.caddy === undefined ? undefined : proxies
}

/**
 * Installs what is missing where that asks nobody (Debian and its like, as root). Elsewhere, and when it fails, it says what
 * to do: the stories then are skipped, each by its name, and a kind of proxy that none was played at counts as not passing.
 * @returns {Proxies}
 */
export function installProxies() {
  if (canInstall()) {
    say('Installing nginx and Caddy, for the stories of the proxy (once)…')
    const failure = install(['nginx', 'caddy'], { RUNLEVEL: '1' })
    keepFromServing(['nginx', 'caddy'])
    if (failure !== undefined) say(failure)
  }
  const proxies = look()
  const missing = Object.entries(proxies).flatMap(([name, path]) => (path === undefined ? [name] : []))
  if (missing.length > 0) say(`No ${missing.join(' and no ')} here. Install with:  ${commandFor(missing)}`)
  return proxies
}

/** @returns {Proxies} */
function look() {
  return {
    nginx: findProgram({ variable: 'NGINX_BIN', names: ['nginx'] }),
    caddy: findProgram({ variable: 'CADDY_BIN', names: ['caddy'] }),
  }
}

/**
 * @param {readonly string[]} names
 * @returns {string}
 */
function commandFor(names) {
  if (process.platform === 'darwin') return `brew install ${names.join(' ')}`
  if (existsSync('/usr/bin/apt-get')) return `sudo apt-get install ${names.join(' ')}`
  if (existsSync('/usr/bin/dnf')) return `sudo dnf install ${names.join(' ')}`
  if (existsSync('/sbin/apk')) return `sudo apk add ${names.join(' ')}`
  return 'your system’s package manager, or name the programs in NGINX_BIN and CADDY_BIN'
}
