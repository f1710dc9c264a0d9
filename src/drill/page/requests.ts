import type { IncomingMessage, ServerResponse } from 'node:http'
import type { JsonObject } from '../slack/json.ts'
import { isObject, readJson } from '../slack/json.ts'

/** A request that is turned down, with the HTTP status that says so and a sentence for whoever sent it. */
export class TurnedDown extends Error {
  override readonly name = 'TurnedDown'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Nobody types more than this into a form. */
const mostBytes = 64 * 1024

/**
 * The JSON object that a request brings. It must be called JSON: a page of another site cannot send that without asking first, and is
 * told no. Throws `TurnedDown` for anything else.
 */
export async function readBody(request: IncomingMessage): Promise<JsonObject> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new TurnedDown(415, 'the body must be application/json')
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    // The rest is read and thrown away: who is still sending would not hear the answer.
    if (bytes <= mostBytes) parts.push(part)
  }
  if (bytes > mostBytes) throw new TurnedDown(413, 'the body is longer than 64 KiB')
  const body = readJson(Buffer.concat(parts).toString('utf8'))
  if (!isObject(body)) throw new TurnedDown(400, 'the body must be a JSON object')
  return body
}

export function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...guards,
  })
  response.end(JSON.stringify(body))
}

/** Said with every answer: a browser takes nothing for something else, tells nobody where it was, and gives nothing to other sites. */
export const guards = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const
