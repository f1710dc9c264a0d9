import type { Thief } from '../../autentico/thief.ts'
import { isObject, readJson, text } from '../../slack/json.ts'
import type { Attacker, Attempt, GlassActs } from '../wire.ts'

export type AttackerOptions = {
  readonly name: string
  /**
   * What was stolen, one robbery after the other. What opens a door only once is taken from the first; the others are a reserve, so that
   * a door that was tried too early can still be tried when it matters.
   */
  readonly robberies: readonly Thief[]
  /** Told when a door opened, for what one robbery learns for the others. */
  readonly gotIn?: (by: Thief) => void
  /** Whether it matters now. */
  readonly isReserveOpen: () => boolean
  /** Whether anything has been done against the attacker yet. What is tried before counts as the first try. */
  readonly isDefended: () => boolean
  /** Why a try would say nothing now, as one sentence; undefined when Autentico answers as it should. */
  readonly hindrance: () => string | undefined
  /** Told what came of each round, for the log. */
  readonly noticed: (words: string, tone: 'plain' | 'good' | 'bad') => void
  /** Called after the answer has become another one. */
  readonly onChange: () => void
  readonly now?: () => Date
}

type Doors = GlassActs['attack']['doors']

/** The attacker, every door, and what came of trying it. */
export type AttackerWatch = {
  readonly attacker: () => Attacker
  /**
   * Tries the doors one after the other. A door whose loot is used up stays as it is and says so. Rounds never overlap: one that is asked
   * for meanwhile comes after. Rejects with a sentence when Autentico does not answer; what was not tried is not counted as kept out.
   */
  readonly attack: (doors: Doors) => Promise<void>
}

/** What was tried says nothing: not in, not kept out. */
class NotTried extends Error {
  override readonly name = 'NotTried'
}

type Tried = { before: Attempt | null; now: Attempt | null; readonly usedUp: Set<Thief> }

const usedUpWords = ' · used up: it works only once, so it was not tried again'

/** Nothing is tried until `attack` is called. */
export function createAttacker(options: AttackerOptions): AttackerWatch {
  const { name, robberies, onChange } = options
  const { doors = [], repeatable = [] } = robberies[0] ?? {}
  const tried = new Map<string, Tried>(doors.map((door) => [door, { before: null, now: null, usedUp: new Set() }]))
  const round = createRound(options, tried)
  let waiting = 0
  let last: Promise<void> = Promise.resolve()
  let shown: Attacker | undefined

  const changed = () => {
    shown = undefined
    onChange()
  }

  async function attack(doors: Doors): Promise<void> {
    waiting += 1
    changed()
    // The one before may have failed; whoever asked for it was told.
    const mine = last.catch(() => undefined).then(async () => round(doors, changed))
    last = mine
    try {
      await mine
    } finally {
      waiting -= 1
      changed()
    }
  }

  return {
    attack,
    attacker: () =>
      (shown ??= {
        name,
        busy: waiting > 0,
        doors: [...tried].map(([door, { before, now }]) => ({
          door,
          repeatable: repeatable.includes(door),
          before,
          now,
        })),
      }),
  }
}

/** One round: the doors that are asked for, in the order in which none spoils another. */
function createRound(
  { name, robberies, gotIn, isReserveOpen, isDefended, hindrance, noticed, now = () => new Date() }: AttackerOptions,
  tried: ReadonlyMap<string, Tried>,
): (doors: Doors, changed: () => void) => Promise<void> {
  async function tryDoor(door: string, mallory: Thief): Promise<Attempt> {
    refuseHindered()
    const { got, detail } = await mallory.attempt(door).catch((error: unknown) => {
      throw new NotTried(`${name} could not try the ${door}: Autentico did not answer.`, { cause: error })
    })
    // Autentico may have been broken while the answer was on its way.
    refuseHindered()
    return { got, detail: shortened(detail), at: now().toISOString() }
  }

  function refuseHindered(): void {
    const why = hindrance()
    if (why !== undefined) throw new NotTried(why)
  }

  function keep(door: string, one: Tried, attempt: Attempt, mallory: Thief): void {
    if (attempt.got === 'in' && !mallory.repeatable.includes(door)) one.usedUp.add(mallory)
    if (one.before === null && one.now === null && !isDefended()) one.before = attempt
    else one.now = attempt
  }

  return async (doors, changed) => {
    const opened: string[] = []
    let count = 0
    try {
      for (const [door, one] of tried) {
        if (doors === 'repeatable' && robberies[0]?.repeatable.includes(door) !== true) continue
        const mallory = robberies.slice(0, isReserveOpen() ? undefined : 1).find((each) => !one.usedUp.has(each))
        if (mallory === undefined) sayUsedUp(one)
        else {
          const attempt = await tryDoor(door, mallory)
          keep(door, one, attempt, mallory)
          count += 1
          if (attempt.got === 'in') {
            opened.push(door)
            gotIn?.(mallory)
          }
        }
        changed()
      }
    } catch (error) {
      if (error instanceof NotTried) noticed(error.message, 'plain')
      throw error
    }
    noticed(roundWords(name, count, opened), count === 0 ? 'plain' : opened.length === 0 ? 'good' : 'bad')
  }
}

const longestDetail = 160

/** An answer of Autentico's as people read it: "401 Invalid or expired token" instead of the JSON around it. */
function shortened(detail: string): string {
  const [, status = '', body = ''] = /^(\d{3}) (\{.*\})$/s.exec(detail) ?? []
  const said = readJson(body)
  const words = isObject(said) ? text(said['error_description'] ?? said['error']) : ''
  return (words === '' ? detail : `${status} ${words}`).slice(0, longestDetail)
}

function sayUsedUp(one: Tried): void {
  const said = (attempt: Attempt | null): Attempt | null =>
    attempt === null || attempt.detail.endsWith(usedUpWords)
      ? attempt
      : { ...attempt, detail: `${attempt.detail}${usedUpWords}` }
  if (one.now === null) one.before = said(one.before)
  else one.now = said(one.now)
}

function roundWords(name: string, count: number, opened: readonly string[]): string {
  if (count === 0) return `${name} has nothing left to try with.`
  const doors = `${count} ${count === 1 ? 'door' : 'doors'}`
  if (opened.length === 0) return `${name} tried ${doors} and was kept out.`
  return `${name} tried ${doors} and got in by ${opened.length}: ${opened.join(', ')}.`
}
