// strace, with which the faults of the disk are made: a program's real calls get a real error from the kernel's side.
import { canInstall, findProgram, install } from './programs.mjs'
import { CannotSetUp, say } from './say.mjs'

/**
 * @returns {string | undefined}
 */
export function findStrace() {
  return findProgram({ variable: 'STRACE_BIN', names: ['strace'] })
}

/**
 * Installs strace where that asks nobody (Debian and its like, as root); elsewhere refuses.
 * @returns {string}
 */
export function installStrace() {
  if (!canInstall()) {
    throw new CannotSetUp(
      'The faults of the disk need strace (Linux), which is not here.\nInstall it with:  sudo apt-get install strace',
    )
  }
  say('Installing strace (once)…')
  const failure = install(['strace'])
  const strace = failure === undefined ? findStrace() : undefined
  if (strace === undefined) throw new CannotSetUp(failure ?? 'apt-get installed strace, but it is not on PATH.')
  return strace
}
