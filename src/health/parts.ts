/** How one part of the program is. The sentence is for operators: what is so, and what follows from it. Never a secret, never a name. */
export type Look = { readonly ok: boolean; readonly sentence: string }

/** A part that can be looked at. */
export type Part = {
  /** Lower case, such as `redis`. One part a name. */
  readonly name: string
  /** Without it the program does not do what it is there for, so it is not ready. */
  readonly needed: boolean
  /** Rejecting, or taking longer than a second and a half, counts as not ok. */
  readonly look: () => Look | Promise<Look>
}

export type PartReport = {
  readonly part: string
  readonly ok: boolean
  readonly needed: boolean
  readonly sentence: string
  /** ISO 8601, UTC: since when it has been so. */
  readonly since: string
}

/** `degraded`: it does what it is there for, and something that it does not need for that is not well. */
export type Report = {
  readonly state: 'starting' | 'ready' | 'degraded' | 'not ready'
  readonly parts: readonly PartReport[]
}

/** The parts of the program, looked at again and again, so that it is known since when each is as it is. */
export type Board = AsyncDisposable & {
  add(part: Part): void
  /** All parts are there: from now on the program may be ready. */
  complete(): void
  /** Looks at every part now. Those who ask at the same time share one look. */
  report(): Promise<Report>
}

const lookWithinMs = 1_500

/** A board without parts, which reports `starting` until it is complete. */
export function createBoard({
  everyMs = 2_000,
  now = () => new Date(),
}: {
  readonly everyMs?: number
  readonly now?: () => Date
} = {}): Board {
  const parts: Part[] = []
  const known = new Map<string, { readonly ok: boolean; readonly since: string }>()
  let complete = false
  let looking: Promise<Report> | undefined

  async function lookAt({ name, needed, look }: Part): Promise<PartReport> {
    const { ok, sentence } = await inTime(look)
    const before = known.get(name)
    const since = before?.ok === ok ? before.since : now().toISOString()
    known.set(name, { ok, since })
    return { part: name, ok, needed, sentence, since }
  }

  async function lookAtAll(): Promise<Report> {
    const reports = await Promise.all(parts.map(lookAt))
    return { state: complete ? stateOf(reports) : 'starting', parts: reports }
  }

  const report = async (): Promise<Report> => {
    looking ??= lookAtAll().finally(() => {
      looking = undefined
    })
    return looking
  }
  const timer = setInterval(() => void report(), everyMs)
  return {
    add: (part) => void parts.push(part),
    complete: () => {
      complete = true
    },
    report,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await looking
    },
  }
}

function stateOf(parts: readonly PartReport[]): Report['state'] {
  if (parts.some(({ ok, needed }) => needed && !ok)) return 'not ready'
  return parts.every(({ ok }) => ok) ? 'ready' : 'degraded'
}

async function inTime(look: Part['look']): Promise<Look> {
  const late = Promise.withResolvers<Look>()
  const timer = setTimeout(
    () => late.resolve({ ok: false, sentence: 'It did not answer within a second and a half.' }),
    lookWithinMs,
  )
  try {
    return await Promise.race([(async () => look())(), late.promise])
  } catch {
    // What was thrown may repeat an address or a name; the log of that part says more.
    return { ok: false, sentence: 'It could not be looked at; the log says more.' }
  } finally {
    clearTimeout(timer)
  }
}
