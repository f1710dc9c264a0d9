// Loaded before a program (`node --import`): at SIGUSR2 it collects its garbage and writes down what it holds then.
import { renameSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (how: object) => void

process.on('SIGUSR2', () => void weigh())

/** V8 keeps pages that it has freed, a hundred MiB after a busy time, unless it is told that there is no more memory. */
const toTheLast = { type: 'major', flavor: 'last-resort' }

async function weigh(): Promise<void> {
  // What one collection lets go of, such as a buffer, may let go of more in the next.
  for (let round = 0; round < 3; round += 1) {
    collect(toTheLast)
    await pause(200)
  }
  const file = `${process.env['WEIGHT_FILE'] ?? ''}.${process.pid}`
  writeFileSync(`${file}.new`, JSON.stringify(process.memoryUsage()))
  renameSync(`${file}.new`, file)
}
