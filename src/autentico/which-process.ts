import { processMark } from './process-mark.ts'
import type { Transport } from './transport.ts'

/**
 * Which process of Autentico answers: the machine and the process in its request ids. Undefined where a proxy gives ids of its own. Two
 * that differ are two processes; two that are the same may be (in a container the number is often the same again).
 *
 * @throws the failures of a read.
 */
export async function whichProcess(transport: Transport): Promise<string | undefined> {
  const ask = async (): Promise<string | undefined> => {
    const answer = await transport.send({
      method: 'GET',
      path: '/healthz',
      call: 'GET /healthz',
      headers: {},
      mayChange: false,
    })
    return processMark(answer.requestId)?.maker
  }
  const [first, second] = [await ask(), await ask()]
  // Ids that change their maker between two answers are not Autentico's.
  return first === second ? first : undefined
}
