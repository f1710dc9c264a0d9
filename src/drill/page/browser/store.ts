/** Keeps small values by name. What cannot be kept (storage turned off, full, or holding something else) is forgotten without a word. */
export type Store = {
  /** The value as it was written, if it is there and `is` says that it is one. */
  readonly read: <T>(name: string, is: (value: unknown) => value is T) => T | undefined
  readonly write: (name: string, value: unknown) => void
}

type Kept = Pick<Storage, 'getItem' | 'setItem'>

/** A store over one of the browser's own. `storage` is called at every use: merely asking for it may throw. */
export function openStore(storage: () => Kept, prefix: string): Store {
  return {
    read(name, is) {
      try {
        const value: unknown = JSON.parse(storage().getItem(prefix + name) ?? 'null')
        return is(value) ? value : undefined
      } catch {
        return undefined
      }
    },
    write(name, value) {
      try {
        storage().setItem(prefix + name, JSON.stringify(value))
      } catch {
        // The page works without: only a reload forgets.
      }
    },
  }
}

/** Text by name, as drafts and read marks are kept. */
export function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'string')
}

export function isFlag(value: unknown): value is boolean {
  return typeof value === 'boolean'
}
