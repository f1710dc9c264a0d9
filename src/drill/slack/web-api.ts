import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerUnlessSpoilt } from './answering.ts'
import { Args, readArgs } from './args.ts'
import type { Faults } from './faults.ts'
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
  const { incoming } = request
  const method = request.url.pathname.slice('/api/'.length)
  const args = argsOf(request)
  const channel = args instanceof SlackRefusal ? '' : text(args['channel']) || text(args['channel_id'])
  answerUnlessSpoilt(
    deps.faults.take(method, channel),
    { incoming, response },
    {
      spoilt: (how) => log(deps, method, {}, { status: 0, body: { ok: false, error: `made to fail: ${how}` } }),
      act: () => {
        const answer = args instanceof SlackRefusal ? refused(args) : answerTo(deps, method, args, incoming)
        log(deps, method, args instanceof SlackRefusal ? {} : args, answer)
        return { ...answer, type: 'application/json; charset=utf-8', body: JSON.stringify(answer.body) }
      },
    },
  )
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
    const scopes = appTokenMethods.has(name) ? ['connections:write'] : deps.granted()
    return { status: 200, headers: { 'x-oauth-scopes': scopes.join(',') }, body: { ok: true, ...method(call) } }
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
