import type { GlassActs } from '../../wire.ts'
import type { Context } from '../context.ts'
import type { AccountWatch } from './account-watch.ts'

/** What this window remembers of the panel. */
export type Memory = {
  /** Names of the folded sections. */
  readonly folded: Set<string>
  account: AccountWatch | undefined
  instance: AccountWatch | undefined
  /** What was asked of the page's server and is not answered yet. */
  readonly underway: Set<keyof GlassActs>
  /** Whether "every door" waits to be confirmed. */
  asking: boolean
  /** Where the keyboard goes after the next drawing. */
  focusNext: 'every-door' | 'confirm' | undefined
  /** What was chosen for Autentico and has not come about yet. */
  autentico: GlassActs['autentico']['to'] | undefined
  entriesDrawn: number
  noticedDrawn: number
}

/** What a part of the panel draws from. */
export type View = { readonly context: Context; readonly memory: Memory; readonly now: Date }

/** A section that can be folded, and stays so for as long as the window lives. */
export type Part = { readonly name: string; readonly open: boolean; readonly toggle: () => void }

/** Starts with what the same window folded before it was loaded again. */
export function newMemory(storage: Pick<Storage, 'getItem'> | undefined): Memory {
  return {
    folded: new Set(storage?.getItem(foldedKey)?.split(' ')),
    account: undefined,
    instance: undefined,
    underway: new Set(),
    asking: false,
    focusNext: undefined,
    autentico: undefined,
    entriesDrawn: firstEntries,
    noticedDrawn: firstNoticed,
  }
}

/** Few enough that the keyboard gets past them. */
export const firstEntries = 30
export const firstNoticed = 6

const foldedKey = 'behind the glass: folded'

export function partOf({ context, memory }: View, name: string): Part {
  const { folded } = memory
  const toggle = () => {
    if (!folded.delete(name)) folded.add(name)
    try {
      sessionStorage.setItem(foldedKey, [...folded].join(' '))
    } catch {
      // A window without storage forgets it on reload, and that is all.
    }
    context.redraw()
  }
  return { name, open: !folded.has(name), toggle }
}

/** The window's storage, where the browser grants one. */
export function windowStorage(): Storage | undefined {
  try {
    return sessionStorage
  } catch {
    return undefined
  }
}
