import type { Machine } from '../wire.ts'

/** What was broken, mended and noticed. */
export type MachineLog = {
  /** The newest last, at most 50. */
  readonly lines: () => Machine['log']
  readonly note: (words: string, tone?: Machine['log'][number]['tone']) => void
}

const most = 50

export function createLog({ now, onChange }: { readonly now: () => Date; readonly onChange: () => void }): MachineLog {
  let lines: Machine['log'] = []
  return {
    lines: () => lines,
    note: (words, tone = 'plain') => {
      lines = [...lines, { at: now().toISOString(), words, tone }].slice(-most)
      onChange()
    },
  }
}

/** `1.9 s` */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
