// One set-up at a time in one checkout. The lock is a file that holds its owner's process id.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { CannotSetUp, say } from './say.mjs'

const patienceMs = 15 * 60_000

/**
 * Runs `work` while holding the lock of `folder`. A second caller waits; a lock whose owner is gone is taken over.
 * @template T
 * @param {string} folder
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function whileLocked(folder, work) {
  mkdirSync(folder, { recursive: true })
  const lock = join(folder, 'lock')
  const ticket = join(folder, `lock.${process.pid}`)
  writeFileSync(ticket, String(process.pid))
  const release = () => rmSync(lock, { force: true })
  try {
    await take(lock, ticket)
    process.on('exit', release)
    return await work()
  } finally {
    rmSync(ticket, { force: true })
    if (ownerOf(lock) === process.pid) release()
    process.off('exit', release)
  }
}

/**
 * @param {string} lock
 * @param {string} ticket
 * @returns {Promise<void>}
 */
async function take(lock, ticket) {
  const giveUpAt = Date.now() + patienceMs
  let told = false
  for (;;) {
    try {
      // A link appears together with its content, so nobody ever sees a lock without an owner.
      linkSync(ticket, lock)
      return
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const owner = ownerOf(lock)
    if (owner !== undefined && !isAlive(owner)) {
      takeAway(lock, owner)
      continue
    }
    if (Date.now() > giveUpAt)
      throw new CannotSetUp(`Another set-up (process ${owner}) does not finish. End it, or remove ${lock}.`)
    if (!told) say('Waiting for another set-up of this checkout to finish…')
    told = true
    await pause(100)
  }
}

/**
 * Removes the lock of a dead owner. Two may try at once: the rename has one winner, and one who caught a newer lock puts it back.
 * @param {string} lock
 * @param {number} owner
 * @returns {void}
 */
function takeAway(lock, owner) {
  const aside = `${lock}.stale.${process.pid}`
  try {
    renameSync(lock, aside)
    if (ownerOf(aside) !== owner) linkSync(aside, lock)
  } catch {
    // Somebody else was faster; the next round sees who holds it now.
  }
  rmSync(aside, { force: true })
}

/**
 * @param {string} file
 * @returns {number | undefined}
 */
function ownerOf(file) {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * @param {number} pid
 * @returns {boolean}
 */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
