import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** What came back, as far as a probe needs it. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The body as JSON; undefined for anything else. */
  readonly json: unknown
  /** The two ends of the connection, as this machine sees them. */
  readonly local: string
  readonly remote: string
}

export type Question = {
  /** Sent as it is written, not cleaned up. */
  readonly path: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  /** The address of this machine to ask from; the system's choice by default. */
  readonly from?: string | undefined
}

/** Asks a site. No whole answer is undefined: for a probe it does not matter why. */
export type Ask = (question: Question) => Promise<Answer | undefined>

const timeoutMs = 5_000
const longestBody = 64 * 1024

/**
 * Every question goes over a connection of its own: one that was open before a reload is still served by the configuration
 * that was in force when it was opened. The 1 + `most`th question is a bug.
 */
export function asker(url: string, most: number): { readonly ask: Ask; readonly asked: () => number } {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  let asked = 0
  const ask: Ask = async ({ path, method = 'GET', headers = {}, from }) => {
    asked += 1
    if (asked > most) throw new Error(`a probe may ask ${most} times and asked again`)
    return new Promise((resolve) => {
      // The address is only where to connect to; the path is given apart, so that nothing rewrites it.
      const options = {
        path,
        method,
        headers: { ...headers, ...(method === 'POST' ? { 'content-length': '0' } : {}) },
        agent: false,
        signal: AbortSignal.timeout(timeoutMs),
        ...(from === undefined ? {} : { localAddress: from }),
      } as const
      const request = send(url, options, (response) => {
        const { localAddress: local = '', remoteAddress: remote = '' } = response.socket
        bodyOf(response).then(
          (body) => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, json: parsed(body), local, remote })
          },
          () => {
            resolve(undefined)
          },
        )
      })
      request.on('error', () => {
        resolve(undefined)
      })
      request.end()
    })
  }
  return { ask, asked: () => asked }
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > longestBody) return ''
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
