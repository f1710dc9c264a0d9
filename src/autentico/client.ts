import type { z } from 'zod'
import { readAnswer } from './answers.ts'
import { WrongCredentials } from './failures.ts'
import { type Path, type Query, withQuery } from './paths.ts'
import type { TokenSource, Witness } from './token.ts'
import type { Answer, Request, Transport } from './transport.ts'

/** One call to the admin API, and what its success looks like. */
type Call<T> = {
  readonly method: Request['method']
  readonly to: Path
  readonly query?: Query
  /** Sent as JSON. */
  readonly body?: Readonly<{ [key: string]: unknown }>
  readonly expect: 200 | 204
  readonly answer: z.ZodType<T>
  /** Set for a POST that only reads. Every method but GET may change something otherwise. */
  readonly onlyReads?: true
}

/** The admin API as the bot's own account. */
export type AdminClient = {
  /**
   * Makes one call. A 401 means that nothing was done, so the bot signs in again, once, and repeats the call, once;
   * nothing else is ever repeated.
   *
   * @throws every failure of this room but DatabaseUnusable.
   */
  call<T>(call: Call<T>): Promise<T>
  /** The token in use, for telling whose it is and whether a database file knows it. Never to be shown. */
  bearer(): Promise<string>
  /** The same client, which also tells `witness` of every answer that arrives, refused ones too. */
  tracing(witness: Witness): AdminClient
}

export type ClientDeps = {
  readonly transport: Transport
  readonly tokens: TokenSource
  readonly now: () => Date
}

export function adminClient(deps: ClientDeps, witness: Witness = () => undefined): AdminClient {
  return {
    call: async (call) => makeCall(deps, witness, call),
    bearer: async () => deps.tokens.current(witness),
    tracing: (another) =>
      adminClient(deps, (exchange) => {
        witness(exchange)
        another(exchange)
      }),
  }
}

async function makeCall<T>(deps: ClientDeps, witness: Witness, call: Call<T>): Promise<T> {
  const { tokens, now } = deps
  const request = requestOf(call)

  let token = await tokens.current(witness)
  let answer = await send(deps, witness, request, token)
  if (answer.status === 401) {
    token = await tokens.renew(token, witness)
    answer = await send(deps, witness, request, token)
    if (answer.status === 401) throw new WrongCredentials('token_refused', { requestId: answer.requestId })
  }

  const { expect, answer: shape } = call
  const secrets = [token, ...textsIn(call.body)]
  return readAnswer({ call: request.call, expect, answer: shape, mayChange: request.mayChange, secrets, now }, answer)
}

function requestOf(call: Call<unknown>): Request {
  const { method, to } = call
  return {
    method,
    path: withQuery(to.path, call.query),
    call: `${method} ${to.label}`,
    headers: call.body === undefined ? {} : { 'content-type': 'application/json' },
    body: call.body === undefined ? undefined : JSON.stringify(call.body),
    mayChange: method !== 'GET' && call.onlyReads !== true,
  }
}

async function send(deps: ClientDeps, witness: Witness, request: Request, token: string): Promise<Answer> {
  const headers = { ...request.headers, authorization: `Bearer ${token}` }
  const answer = await deps.transport.send({ ...request, headers })
  witness({ call: request.call, status: answer.status, requestId: answer.requestId })
  return answer
}

function textsIn(body: Call<unknown>['body']): readonly string[] {
  return Object.values(body ?? {}).filter((value) => typeof value === 'string')
}
