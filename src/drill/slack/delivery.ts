import { createHmac } from 'node:crypto'
import { fetch } from 'undici'
import type { JsonObject } from './json.ts'
import { isObject, readJson } from './json.ts'

/** Something that happened, on its way to the app. */
export type Delivery = {
  readonly kind: 'slash_commands' | 'interactive' | 'events_api'
  readonly payload: JsonObject
  /** Set when Slack tries an event again. */
  readonly retry?: { readonly attempt: number; readonly reason: string } | undefined
}

/** The app's acknowledgement with what it answered, or the error the person sees. */
export type Ack =
  | { readonly ok: true; readonly payload: JsonObject }
  | { readonly ok: false; readonly error: 'dispatch_failed' | 'operation_timeout' }

export type HttpTarget = {
  readonly url: string
  readonly signingSecret: string
  /** Milliseconds the app has to answer. */
  readonly within: number
  /** Seconds since 1970, for the signature. */
  readonly seconds: () => number
}

/** Delivers over HTTP: a form or JSON, signed with the v0 HMAC, to be answered with 200 in time. */
export async function deliverOverHttp(target: HttpTarget, delivery: Delivery): Promise<Ack> {
  const { body, type } = encode(delivery)
  try {
    const response = await fetch(target.url, {
      method: 'POST',
      headers: { 'content-type': type, ...sign(target, body), ...retryHeaders(delivery) },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(target.within),
    })
    const answer = await response.text()
    if (response.status !== 200) return { ok: false, error: 'dispatch_failed' }
    const parsed = readJson(answer)
    return { ok: true, payload: isObject(parsed) ? parsed : answer === '' ? {} : { text: answer } }
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError'
    return { ok: false, error: late ? 'operation_timeout' : 'dispatch_failed' }
  }
}

/** The headers that prove to the app that a body comes from Slack. */
export function sign(
  target: Pick<HttpTarget, 'signingSecret' | 'seconds'>,
  body: string,
): { readonly 'x-slack-request-timestamp': string; readonly 'x-slack-signature': string } {
  const at = String(target.seconds())
  const digest = createHmac('sha256', target.signingSecret).update(`v0:${at}:${body}`).digest('hex')
  return { 'x-slack-request-timestamp': at, 'x-slack-signature': `v0=${digest}` }
}

function encode(delivery: Delivery): { readonly body: string; readonly type: string } {
  if (delivery.kind === 'events_api') return { body: JSON.stringify(delivery.payload), type: 'application/json' }
  const type = 'application/x-www-form-urlencoded'
  if (delivery.kind === 'interactive') {
    return { body: new URLSearchParams({ payload: JSON.stringify(delivery.payload) }).toString(), type }
  }
  const fields = Object.entries(delivery.payload).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value ?? ''),
  ])
  return { body: new URLSearchParams(fields).toString(), type }
}

function retryHeaders(delivery: Delivery): Record<string, string> {
  if (delivery.retry === undefined) return {}
  return { 'x-slack-retry-num': String(delivery.retry.attempt), 'x-slack-retry-reason': delivery.retry.reason }
}
