import { WebClient } from '@slack/web-api'
import { Agent, fetch, request } from 'undici'
import { failureOf, RateLimited, type SlackFailure, SlackRejected, SlackUnavailable } from './failures.ts'
import { type Log, sdkLogger } from './log.ts'

export type LaneName = 'cards' | 'timeline' | 'files' | 'lookUps' | 'replies'

/** Calls a method of Slack's Web API. Throws `RateLimited`, `SlackUnavailable` or `SlackRejected`, nothing else. */
export type Call = (
  method: string,
  args?: Readonly<Record<string, unknown>>,
) => Promise<Readonly<Record<string, unknown>>>

/**
 * Slack by separate lanes: a limit or a silence in one never holds up another. No lane repeats a post by itself, because
 * Slack would take it twice.
 */
export type Lanes = { readonly [lane in LaneName]: Call } & {
  /** Posts JSON to a `response_url`. Throws `SlackUnavailable`. */
  readonly respond: (url: string, body: object) => Promise<void>
  /** Posts bytes to the address that `files.getUploadURLExternal` gave. Throws what a call throws. */
  readonly upload: (url: string, bytes: Uint8Array, stopping: AbortSignal) => Promise<void>
} & AsyncDisposable

const settings = {
  cards: { timeout: 5000, retries: 0 },
  timeline: { timeout: 5000, retries: 0 },
  files: { timeout: 10_000, retries: 0 },
  lookUps: { timeout: 2500, retries: 1 },
  // A form has to open within three seconds of the click.
  replies: { timeout: 2500, retries: 0 },
} as const

/** Nobody waits for a file within seconds, and it may be some megabytes. */
const uploadWithinMs = 60_000

/** How one call of Slack's Web API ended, for whoever counts. */
export type Called = {
  readonly method: string
  readonly result: 'ok' | 'rate limited' | 'unavailable' | 'rejected'
}

export function openLanes(options: {
  readonly token: string
  readonly apiUrl?: string
  readonly log: Log
  readonly called?: ((call: Called) => void) | undefined
}): Lanes {
  const agents = new Map<LaneName, Agent>()
  const lane = (name: LaneName): Call => {
    const agent = new Agent({ connections: 8, connectTimeout: settings[name].timeout })
    agents.set(name, agent)
    const client = new WebClient(options.token, {
      ...(options.apiUrl === undefined ? {} : { slackApiUrl: options.apiUrl }),
      logger: sdkLogger(options.log, `slack ${name}`),
      timeout: settings[name].timeout,
      retryConfig: { retries: settings[name].retries, minTimeout: 150, maxTimeout: 500 },
      rejectRateLimitedCalls: true,
      allowAbsoluteUrls: false,
      fetch: async (url, init) => posted(agent, new URL(url), init ?? {}),
    })
    return async (method, args = {}) =>
      counted(options.called, method, async () => ({ ...(await client.apiCall(method, asText(args))) }))
  }
  const lanes = {
    cards: lane('cards'),
    timeline: lane('timeline'),
    files: lane('files'),
    lookUps: lane('lookUps'),
    replies: lane('replies'),
  }
  return {
    ...lanes,
    respond: async (url, body) => respond(url, body, agents.get('replies')),
    upload: async (url, bytes, stopping) =>
      counted(options.called, 'upload', async () => upload(url, bytes, { dispatcher: agents.get('files'), stopping })),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...agents.values()].map(async (agent) => agent.destroy()))
    },
  }
}

/** Makes one of the three failures of whatever goes wrong, and tells whoever counts how it ended. */
async function counted<T>(
  called: ((call: Called) => void) | undefined,
  method: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    const answer = await work()
    called?.({ method, result: 'ok' })
    return answer
  } catch (error) {
    const failure = failureOf(method, error)
    called?.({ method, result: resultOf(failure) })
    throw failure
  }
}

function resultOf(failure: SlackFailure): Called['result'] {
  if (failure instanceof RateLimited) return 'rate limited'
  return failure instanceof SlackRejected ? 'rejected' : 'unavailable'
}

/**
 * Blocks and views as the JSON text that goes over the line. The SDK would make it too, but before that it takes every object apart, field
 * by field, for a log that nobody reads: with a card at hand that is half of what a call costs.
 */
function asText(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
    ]),
  )
}

/**
 * What the SDK uses of `fetch`: a POST whose whole answer is text. undici's `fetch` costs several times what its `request` does, and
 * every click waits for one. A redirect is not followed; the SDK takes it for an error like every status but 200.
 */
async function posted(agent: Agent, { origin, pathname, search }: URL, init: RequestInit): Promise<Response> {
  const { statusCode, headers, body } = await agent.request<undefined>({
    origin,
    path: `${pathname}${search}`,
    method: 'POST',
    headers: { ...(init.headers as Readonly<Record<string, string>>) },
    body: init.body as string,
    signal: init.signal ?? null,
  })
  const text = await body.text()
  const fields = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  )
  return new Response(text === '' ? null : text, { status: statusCode, headers: fields })
}

async function respond(url: string, body: object, dispatcher: Agent | undefined): Promise<void> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(settings.replies.timeout),
      ...(dispatcher === undefined ? {} : { dispatcher }),
    })
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`)
  } catch (error) {
    throw failureOf('a response_url', error)
  }
}

/** Any answer but 200 is a no. Nothing is shown to anybody before the upload is completed, so repeating it does no harm. */
async function upload(
  url: string,
  bytes: Uint8Array,
  { dispatcher, stopping }: { readonly dispatcher: Agent | undefined; readonly stopping: AbortSignal },
): Promise<void> {
  const { statusCode, headers, body } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: bytes,
    signal: AbortSignal.any([stopping, AbortSignal.timeout(uploadWithinMs)]),
    ...(dispatcher === undefined ? {} : { dispatcher }),
  })
  await body.dump()
  if (statusCode === 200) return
  if (statusCode === 429) throw new RateLimited('an upload', Math.max(1, Number(headers['retry-after']) || 5) * 1000)
  if (statusCode < 500 && statusCode !== 408) throw new SlackRejected('an upload', `http_${statusCode}`)
  throw new SlackUnavailable('an upload', `HTTP ${statusCode}`)
}
