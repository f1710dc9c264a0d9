import { AutenticoUnavailable, OutcomeUnknown } from './failures.ts'
import type { Transport } from './transport.ts'

/** One exchange that has ended. */
export type Ended = {
  readonly ms: number
  /** The class of the answer's status, or why there was no answer: nothing happened, or it may have. */
  readonly answer: '2xx' | '3xx' | '4xx' | '5xx' | 'unavailable' | 'outcome unknown' | 'unexpected'
}

/** The same transport, which tells `ended` of every exchange; without anybody to tell, the very same. */
export function observed(transport: Transport, ended: ((exchange: Ended) => void) | undefined): Transport {
  if (ended === undefined) return transport
  return {
    async send(request) {
      const begun = performance.now()
      const tell = (answer: Ended['answer']) => ended({ ms: performance.now() - begun, answer })
      try {
        const answer = await transport.send(request)
        tell(classOf(answer.status))
        return answer
      } catch (error) {
        tell(failureClass(error))
        throw error
      }
    },
    [Symbol.asyncDispose]: async () => transport[Symbol.asyncDispose](),
  }
}

function classOf(status: number): Ended['answer'] {
  if (status < 300) return '2xx'
  if (status < 400) return '3xx'
  return status < 500 ? '4xx' : '5xx'
}

function failureClass(error: unknown): Ended['answer'] {
  if (error instanceof AutenticoUnavailable) return 'unavailable'
  return error instanceof OutcomeUnknown ? 'outcome unknown' : 'unexpected'
}
