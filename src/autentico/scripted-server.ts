import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it arrived: the path exactly as sent, query included. */
export type Seen = { readonly method: string; readonly path: string; readonly body: string; readonly bearer: string }

/** An answer to send as it is, or a function that does with the connection what it likes. */
export type Scripted =
  | {
      readonly status: number
      readonly json?: unknown
      readonly text?: string
      readonly headers?: Readonly<Record<string, string>>
    }
  | ((response: ServerResponse) => void)

export type ScriptedServer = AsyncDisposable & { readonly url: string; readonly seen: readonly Seen[] }

/** A real HTTP server for the tests of this room, which sends the exact answer that `answer` returns for a request. */
export async function scriptedServer(answer: (seen: Seen, index: number) => Scripted): Promise<ScriptedServer> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    void readRequest(request).then((one) => {
      seen.push(one)
      send(response, answer(one, seen.length - 1), seen.length)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      if (server.listening) await once(server, 'close')
    },
  }
}

async function readRequest(request: IncomingMessage): Promise<Seen> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk)
  const { method = '', url = '', headers } = request
  const bearer = (headers.authorization ?? '').replace(/^Bearer /, '')
  return { method, path: url, body: Buffer.concat(chunks).toString('utf8'), bearer }
}

function send(response: ServerResponse, scripted: Scripted, number: number): void {
  if (typeof scripted === 'function') {
    scripted(response)
    return
  }
  const { status, json, text, headers } = scripted
  if (json !== undefined) response.setHeader('content-type', 'application/json')
  response.setHeader('x-request-id', `request-${number}`)
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value)
  response.writeHead(status)
  response.end(json === undefined ? text : `${JSON.stringify(json)}\n`)
}

/** What Autentico sends for every unknown path below `/admin/`. */
export const administrationPage: Scripted = {
  status: 200,
  text: '<!doctype html><title>Autentico</title>',
  headers: { 'content-type': 'text/html; charset=utf-8' },
}

/** An access token that names an account and is otherwise of no use. */
export function unsignedToken(userId: string, mark = ''): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256' })}.${part({ sub: userId, mark })}.c2lnbmF0dXJl`
}

/** A row of the user list. */
export function userRow(
  fields: { readonly id: string; readonly username: string } & Readonly<Record<string, unknown>>,
): object {
  return {
    email: `${fields.username}@acme.test`,
    created_at: '2026-06-18T10:00:00Z',
    role: 'user',
    failed_login_attempts: 0,
    is_email_verified: true,
    totp_verified: false,
    ...fields,
  }
}
