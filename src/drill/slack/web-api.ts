import type { IncomingMessage, ServerResponse } from 'node:http'
import { Args, readArgs } from './args.ts'
import type { Fault, Faults } from './faults.ts'
import type { JsonObject } from './json.ts'
import { text } from './json.ts'
import type { Call } from './methods/call.ts'
import { TooEarly } from './methods/call.ts'
import { appTokenMethods, methods } from './methods/table.ts'
import { SlackRefusal } from './refusal.ts'

/** One call the app made, for tests and for the feed. The token is left out. */
export type ApiCall = {
  readonly at: number
  readonly method: string
  readonly args: JsonObject
  readonly ok: boolean
  /** Slack's error code, or what was made to go wrong. */
  readonly error?: string | undefined
}

export type WebApiDeps = {
  readonly call: Omit<Call, 'args' | 'needs'>
  readonly faults: Faults
  readonly tokens: { readonly bot: string; readonly app: string; revoked: boolean }
  /** Scopes granted at this moment. */
  readonly granted: () => readonly string[]
  readonly log: (call: ApiCall) => void
}

type Answer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: JsonObject
}

/** Answers one request to `/api/<method>` the way Slack does, or the way a fault wants it. */
export function answerApi(
  deps: WebApiDeps,
  request: { readonly incoming: IncomingMessage; readonly body: Buffer; readonly url: URL },
  response: ServerResponse,
): void {
  const method = request.url.pathname.slice('/api/'.length)
  const args = argsOf(request)
  const fault = deps.faults.take(method, args instanceof SlackRefusal ? undefined : text(args['channel']))
  const how = fault === undefined ? undefined : (fault.how ?? 'answer')
  if (fault !== undefined && (how === 'answer' || how === 'reset' || how === 'timeout')) {
    log(deps, method, {}, { status: 0, body: { ok: false, error: `made to fail: ${how}` } })
    if (how === 'answer') writeFault(response, fault)
    else if (how === 'reset') request.incoming.socket.destroy()
    return
  }

  const answer = args instanceof SlackRefusal ? refused(args) : answerTo(deps, method, args, request.incoming)
  log(deps, method, args instanceof SlackRefusal ? {} : args, answer)
  if (how === 'timeout-after') return
  if (how === 'reset-after') request.incoming.socket.destroy()
  else write(response, answer, { cut: how === 'cut' })
}

function argsOf(request: { readonly incoming: IncomingMessage; readonly body: Buffer; readonly url: URL }) {
  try {
    return readArgs(request.body, request.incoming.headers['content-type'] ?? '', request.url.searchParams)
  } catch (error) {
    if (error instanceof SlackRefusal) return error
    throw error
  }
}

function answerTo(deps: WebApiDeps, name: string, args: JsonObject, incoming: IncomingMessage): Answer {
  try {
    checkToken(deps, name, incoming.headers.authorization?.replace(/^Bearer /i, '') ?? text(args['token']))
    const method = methods.get(name)
    if (method === undefined) throw new SlackRefusal('unknown_method', { req_method: name })
    const call = { ...deps.call, args: new Args(args), needs: needs(deps) }
    return { status: 200, body: { ok: true, ...method(call) } }
  } catch (error) {
    if (error instanceof SlackRefusal) return refused(error)
    if (!(error instanceof TooEarly)) throw error
    const headers = { 'retry-after': String(error.seconds) }
    return { status: 429, headers, body: { ok: false, error: 'ratelimited' } }
  }
}

function checkToken(deps: WebApiDeps, method: string, token: string): void {
  if (method === 'api.test') return
  if (token === '') throw new SlackRefusal('not_authed')
  if (token !== deps.tokens.bot && token !== deps.tokens.app) throw new SlackRefusal('invalid_auth')
  if (deps.tokens.revoked) throw new SlackRefusal('token_revoked')
  const wanted = appTokenMethods.has(method) ? deps.tokens.app : deps.tokens.bot
  if (token !== wanted) throw new SlackRefusal('not_allowed_token_type')
}

function needs(deps: WebApiDeps): (...scopes: readonly string[]) => void {
  return (...scopes) => {
    const granted = deps.granted()
    if (scopes.some((scope) => granted.includes(scope))) return
    throw new SlackRefusal('missing_scope', { needed: scopes.join(','), provided: granted.join(',') })
  }
}

function refused(refusal: SlackRefusal): Answer {
  return { status: 200, body: { ok: false, error: refusal.code, ...refusal.fields } }
}

function log(deps: WebApiDeps, method: string, args: JsonObject, answer: Answer): void {
  const { token: _token, ...shown } = args
  const error = answer.body['ok'] === true ? undefined : text(answer.body['error'])
  deps.log({ at: deps.call.workspace.clock.now(), method, args: shown, ok: error === undefined, error })
}

function write(response: ServerResponse, answer: Answer, options: { readonly cut: boolean }): void {
  const body = JSON.stringify(answer.body)
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  })
  if (!options.cut) {
    response.end(body)
    return
  }
  response.write(body.slice(0, Math.floor(body.length / 2)), () => response.socket?.destroy())
}

function writeFault(response: ServerResponse, fault: Fault): void {
  const body = fault.body ?? { ok: false, error: 'internal_error' }
  const status = fault.status ?? 200
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...fault.headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}
