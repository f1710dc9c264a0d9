import type { Logger } from 'pino'

/** Does something again and again, never twice at once. A failure is for the next time; it is logged when it is a new one. */
export function every(ms: number, log: Logger, work: () => Promise<void>): AsyncDisposable {
  let running: Promise<void> = Promise.resolve()
  let busy = false
  let said = ''
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    running = work()
      .then(
        () => {
          said = ''
        },
        (error: unknown) => {
          const why = error instanceof Error ? error.message : String(error)
          if (why !== said) log.warn({ why }, 'a regular task failed and is tried again')
          said = why
        },
      )
      .finally(() => {
        busy = false
      })
  }, ms)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await running
    },
  }
}
