import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Values of labels, by name. Only from lists that the program itself holds: a name of a person or an account never is one. */
export type Labels = Readonly<Record<string, string>>

/** What a gauge shows: one value, one for each set of labels, or nothing when it is not known. */
export type Reading = number | undefined | readonly { readonly labels: Labels; readonly value: number }[]

export type Described = {
  /** Without the prefix `responder_`, with its unit, as Prometheus names things. */
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}

/** The figures of this process, in the text format of Prometheus. */
export type Metrics = {
  /** `read` is asked at every scrape. Where it throws or takes longer than two and a half seconds the figure is left out. */
  gauge(what: Described & { readonly read: () => Reading | Promise<Reading> }): void
  /** The same for a figure that only grows: `read` gives how much there has been since the start of the process. */
  total(what: Described & { readonly read: () => Reading | Promise<Reading> }): void
  /** Counts what it is told. */
  counter(what: Described): (labels?: Labels) => void
  /** Sorts what it is told, in seconds, into buckets. */
  histogram(what: Described & { readonly buckets: readonly number[] }): (seconds: number, labels?: Labels) => void
  /** Everything as it is now. */
  text(): Promise<string>
  readonly contentType: string
}

const prefix = 'responder_'
const readWithinMs = 2_500

/** A set of figures of its own: nothing is shared with another. Those of Node and of the process are in it, under their usual names. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })

  let gathering: Promise<string> | undefined

  return {
    gauge({ name, help, labels = [], read }) {
      const gauge = new Gauge({
        name: prefix + name,
        help,
        labelNames: [...labels],
        registers: [registry],
        async collect() {
          const values = valuesOf(await inTime(read))
          gauge.reset()
          // One without labels would otherwise show 0, which is something else than not known.
          if (values.length === 0 && labels.length === 0) gauge.remove()
          for (const { labels: of, value } of values) gauge.set({ ...of }, value)
        },
      })
    },
    total({ name, help, labels = [], read }) {
      const counter = new Counter({
        name: prefix + name,
        help,
        labelNames: [...labels],
        registers: [registry],
        async collect() {
          const values = valuesOf(await inTime(read))
          counter.reset()
          if (values.length === 0 && labels.length === 0) counter.remove()
          for (const { labels: of, value } of values) counter.inc({ ...of }, value)
        },
      })
    },
    counter({ name, help, labels = [] }) {
      const counter = new Counter({ name: prefix + name, help, labelNames: [...labels], registers: [registry] })
      return (of = {}) => counter.inc({ ...of })
    },
    histogram({ name, help, labels = [], buckets }) {
      const histogram = new Histogram({
        name: prefix + name,
        help,
        labelNames: [...labels],
        buckets: [...buckets],
        registers: [registry],
      })
      return (seconds, of = {}) => histogram.observe({ ...of }, seconds)
    },
    // Those who ask at the same time share one look at everything.
    text: async () => {
      gathering ??= registry.metrics().finally(() => {
        gathering = undefined
      })
      return gathering
    },
    contentType: registry.contentType,
  }
}

function valuesOf(reading: Reading): Exclude<Reading, number | undefined> {
  if (reading === undefined) return []
  return typeof reading === 'number' ? [{ labels: {}, value: reading }] : reading
}

async function inTime(read: () => Reading | Promise<Reading>): Promise<Reading> {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), readWithinMs)
  try {
    return await Promise.race([(async () => read())(), late.promise])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
