import { type Logger, pino } from 'pino'
import { scrub } from '#/incident/scrub.ts'

/**
 * The log: one JSON line for each thing an operator would act on, on standard error. Every line is scrubbed as a whole,
 * since redaction by path misses secrets inside messages and error texts. `secrets` are removed by value too.
 */
export function createLog({
  level,
  secrets = [],
  write = (line) => void process.stderr.write(line),
}: {
  readonly level: string
  readonly secrets?: readonly string[]
  readonly write?: (line: string) => void
}): Logger {
  // The longest first, so that a secret that holds another one goes whole. Short ones would eat ordinary words.
  const known = secrets.filter((secret) => secret.length >= 6).toSorted((a, b) => b.length - a.length)
  const clean = (line: string) => scrub(known.reduce((rest, secret) => rest.replaceAll(secret, '[removed]'), line))
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(clean(line)) },
  )
}
