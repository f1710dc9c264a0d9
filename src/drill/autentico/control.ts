import { z } from 'zod'
import { readBody } from './body.ts'
import { type Fault, Faults, type How } from './faults.ts'
import { data, nothing, type Reply, refuse } from './wire.ts'

/** One call of the admin API, as the server saw it. */
export type RecordedCall = {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** 0 when the caller never got an answer. */
  readonly status: number
  /** Whether what the database has of the account is different after it. */
  readonly changed: boolean
  readonly requestId: string
  readonly at: Date
}

/** What a drill can do to the server behind its back. Also reachable over HTTP, see `controlReply`. */
export class Control {
  readonly #faults = new Faults()
  readonly #calls: RecordedCall[] = []
  #staleUntil = Number.NEGATIVE_INFINITY

  /** Makes coming requests fail, in the order in which the faults were given. */
  fail(fault: Fault): void {
    this.#faults.add(fault)
  }

  /** Takes back every fault that has not struck, and lets reads show what is true again. */
  heal(): void {
    this.#faults.clear()
    this.#staleUntil = Number.NEGATIVE_INFINITY
  }

  /** From now on, and until this moment (milliseconds since 1970), reads show what was true before. */
  showOldUntil(at: number): void {
    this.#staleUntil = at
  }

  showsOld(now: Date): boolean {
    return now.getTime() < this.#staleUntil
  }

  /** Calls of the admin API so far, oldest first. */
  get calls(): readonly RecordedCall[] {
    return this.#calls
  }

  forgetCalls(): void {
    this.#calls.length = 0
  }

  record(call: RecordedCall): void {
    this.#calls.push(call)
  }

  takeFault(method: string, path: string): How | undefined {
    return this.#faults.take(method, path)
  }
}

const how: z.ZodType<How> = z.union([
  z.enum([
    'reset-before',
    'reset-after-effect',
    'timeout',
    'timeout-after-effect',
    'html',
    'truncate',
    'reset-after-answer',
  ]),
  z.object({
    status: z.number().int(),
    body: z.string().exactOptional(),
    headers: z.record(z.string(), z.string()).exactOptional(),
  }),
  z.object({ delayMs: z.number() }),
  z.object({ floodBytes: z.number().int() }),
  z.object({ lagMs: z.number() }),
])
const faultBody = z.object({
  method: z.string().exactOptional(),
  path: z.string().exactOptional(),
  pathPattern: z.string().exactOptional(),
  times: z.number().int().exactOptional(),
  how,
})

/**
 * The control doors: `POST /_control/fail`, `POST /_control/heal`, `GET` and `DELETE /_control/calls`. Every one wants the
 * drill's own token as bearer; nothing else opens them, and no other door takes that token.
 */
export function controlReply(control: Control, request: { method: string; path: string; body: string }): Reply {
  const door = `${request.method} ${request.path}`
  if (door === 'GET /_control/calls') return data(200, control.calls)
  if (door === 'DELETE /_control/calls') {
    control.forgetCalls()
    return nothing()
  }
  if (door === 'POST /_control/heal') {
    control.heal()
    return nothing()
  }
  if (door === 'POST /_control/fail') return addFault(control, request.body)
  return refuse(404, 'not_found', `no control door ${door}`)
}

function addFault(control: Control, body: string): Reply {
  const fault = readBody(body, faultBody)
  const path = fault?.pathPattern === undefined ? fault?.path : new RegExp(fault.pathPattern)
  if (fault === undefined || path === undefined)
    return refuse(400, 'invalid_request', 'a fault needs path or pathPattern, and how')
  const { method, times } = fault
  control.fail({
    path,
    how: fault.how,
    ...(method === undefined ? {} : { method }),
    ...(times === undefined ? {} : { times }),
  })
  return nothing()
}
