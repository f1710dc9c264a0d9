// How little memory a program gets by with: jemalloc in place of glibc's malloc, which gives little of what was freed back to the
// system, and half of the room that V8 fills up before it looks for garbage (docs/performance.md).
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { installOrRefuse } from './programs.mjs'

const library = 'libjemalloc.so.2'

/** Where distributions put it: Debian by the machine's kind, others in one of the latter. */
const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']

/**
 * The library's path; undefined where there is none, or no Linux.
 * @returns {string | undefined}
 */
export function findJemalloc() {
  if (process.platform !== 'linux') return undefined
  return folders.map((folder) => join(folder, library)).find((file) => existsSync(file))
}

/**
 * Installs it where that asks nobody (Debian and its like, as root); elsewhere refuses.
 * @returns {string}
 */
export function installJemalloc() {
  return installOrRefuse({
    packages: ['libjemalloc2'],
    why: 'Memory is measured with jemalloc (Linux), as the image has it; it is not here.',
    byHand: 'sudo apt-get install libjemalloc2',
    find: findJemalloc,
  })
}

/**
 * The variables that a program is started with for that. The image and the unit in docs/operating.md have the same.
 * @param {string | undefined} jemalloc
 * @returns {Readonly<Record<string, string>>}
 */
export function savingMemory(jemalloc) {
  const v8 = { NODE_OPTIONS: '--max-semi-space-size=8' }
  // glibc gives each of Node's threads a heap of its own: 25 MiB more for the same work.
  if (jemalloc === undefined) return { ...v8, MALLOC_ARENA_MAX: '2' }
  const malloc = 'narenas:2,background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0'
  return { ...v8, LD_PRELOAD: jemalloc, MALLOC_CONF: malloc }
}
