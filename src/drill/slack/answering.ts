import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Fault } from './faults.ts'

export type Answer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly type: string
  readonly body: string
}

/**
 * Answers a request the way Slack does, or the way a fault wants it: `act` does what was asked, and is not called where nothing is to be
 * done; then `spoilt` is told how it went wrong.
 */
export function answerUnlessSpoilt(
  fault: Fault | undefined,
  { incoming, response }: { readonly incoming: IncomingMessage; readonly response: ServerResponse },
  { act, spoilt }: { readonly act: () => Answer; readonly spoilt: (how: string) => void },
): void {
  const how = fault === undefined ? undefined : (fault.how ?? 'answer')
  if (fault !== undefined && (how === 'answer' || how === 'reset' || how === 'timeout')) {
    spoilt(how)
    if (how === 'answer') writeFault(response, fault)
    else if (how === 'reset') incoming.socket.destroy()
    return
  }
  const answer = act()
  if (how === 'timeout-after') return
  if (how === 'reset-after') incoming.socket.destroy()
  else write(response, answer, { cut: how === 'cut' })
}

function write(response: ServerResponse, answer: Answer, options: { readonly cut: boolean }): void {
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.body),
  })
  if (!options.cut) {
    response.end(answer.body)
    return
  }
  response.write(answer.body.slice(0, Math.floor(answer.body.length / 2)), () => response.socket?.destroy())
}

function writeFault(response: ServerResponse, fault: Fault): void {
  const body = fault.body ?? { ok: false, error: 'internal_error' }
  const status = fault.status ?? 200
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...fault.headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}
