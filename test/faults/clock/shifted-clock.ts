// Loaded before the program (`node --import`): its wall clock is off by what a file says, in milliseconds, as when a machine's clock is
// set. Timers and the monotonic clock go on as they are, as they do there.
import { readFileSync } from 'node:fs'
import process from 'node:process'

const file = process.env['CLOCK_OFFSET_FILE'] ?? ''
const Real = Date

function offset(): number {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return 0 // Nobody has set it.
  }
}

class ShiftedDate extends Real {
  constructor(...given: readonly unknown[]) {
    if (given.length === 0) super(Real.now() + offset())
    else super(...(given as [number]))
  }

  static override now(): number {
    return Real.now() + offset()
  }
}

globalThis.Date = ShiftedDate as DateConstructor
