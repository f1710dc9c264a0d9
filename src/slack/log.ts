import { type Logger, LogLevel } from '@slack/web-api'

/** One line for each thing that an operator would act on. Fields never hold tokens, payloads or the text of messages. */
export type Log = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/**
 * A logger for Slack's packages that passes warnings and errors on. Their debug lines print payloads, so those and the
 * informational ones go nowhere, whatever level is asked for.
 */
export function sdkLogger(log: Log, part: string): Logger {
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: (...said) => log.warn({ part }, inWords(said)),
    error: (...said) => log.error({ part }, inWords(said)),
    setLevel: () => undefined,
    getLevel: () => LogLevel.WARN,
    setName: () => undefined,
  }
}

function inWords(said: readonly unknown[]): string {
  return said.map((part) => (part instanceof Error ? part.message : String(part))).join(' ')
}
