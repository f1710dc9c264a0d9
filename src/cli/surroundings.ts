import type { Ask } from './ask.ts'

/** The process, as far as the commands need it. */
export type Surroundings = {
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly stopped: () => Promise<void>
  readonly stop: () => void
  readonly onUncaught: (tell: (error: unknown) => void) => void
  /** Absent: nobody is there to be asked. */
  readonly ask?: Ask
}
