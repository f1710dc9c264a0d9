// strace, with which the faults of the disk are made: a program's real calls get a real error from the kernel's side.
import { findProgram, installOrRefuse } from './programs.mjs'

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
  return installOrRefuse({
    packages: ['strace'],
    why: 'The faults of the disk need strace (Linux), which is not here.',
    byHand: 'sudo apt-get install strace',
    find: findStrace,
  })
}
