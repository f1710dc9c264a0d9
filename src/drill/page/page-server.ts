import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { JsonObject } from '../slack/json.ts'
import { isObject, readJson } from '../slack/json.ts'
import type { LocalSlack } from '../slack/local-slack.ts'
import { type Files, pageFiles, type Served } from './files.ts'
import type { Glass } from './glass-view.ts'
import { type Live, liveStreams } from './live.ts'
import { actInSlack, isSlackAct } from './slack-acts.ts'
import { members, slackScreen } from './slack-screen.ts'
import type { GlassActs } from './wire.ts'

export type PageOptions = {
  readonly slack: LocalSlack
  readonly glass: Glass
  /** The port on 127.0.0.1; 0, the default, picks a free one. */
  readonly port?: number
}

export type Page = AsyncDisposable & {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
}

/** Serves the page on 127.0.0.1 only. Closing it ends the streams of all windows. */
export async function startPage({ slack, glass, port = 0 }: PageOptions): Promise<Page> {
  const files = pageFiles()
  const live = liveStreams({
    screenOf: (handle) => {
      const screen = slackScreen(slack, handle)
      return {
        ...screen,
        hint: glass.hint(screen.me),
        account: glass.account(),
        attacker: glass.attacker(),
        queue: glass.queue(),
        machine: glass.machine(),
        entries: glass.entries(),
      }
    },
    listen: (onChange) => {
      const stops = [slack.listen(onChange), glass.listen(onChange)]
      return () => stops.forEach((stop) => stop())
    },
  })
  const server = await listen(port)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void answer({ slack, glass, files, live, url }, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else json(response, 500, { error: error instanceof Error ? error.message : String(error) })
    })
  })
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      live[Symbol.dispose]()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

type Parts = {
  readonly slack: LocalSlack
  readonly glass: Glass
  readonly files: Files
  readonly live: Live
  readonly url: string
}

async function answer(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isOurs(request, parts.url)) return json(response, 403, { error: 'this page answers this machine only' })
  const { pathname } = new URL(request.url ?? '/', parts.url)
  const [, first = '', second = '', third = ''] = pathname.split('/')
  if (request.method === 'POST') return act(parts, { first, second, third, request }, response)
  if (pathname === '/') return void response.writeHead(302, { location: '/as/ana' }).end()
  if (first === 'app') return file(request, response, parts.files.find(pathname.slice('/app/'.length)))
  if (first === 'as' && members(parts.slack).some(({ handle }) => handle === second)) {
    if (third === 'live') return parts.live.open(second, response)
    if (third === '') return file(request, response, parts.files.index())
  }
  return json(response, 404, { error: 'the page has nothing there' })
}

async function act(
  { slack, glass }: Parts,
  asked: { readonly first: string; readonly second: string; readonly third: string; readonly request: IncomingMessage },
  response: ServerResponse,
): Promise<void> {
  const body = readJson((await buffer(asked.request)).toString('utf8'))
  if (!isObject(body)) return json(response, 400, { error: 'the body must be a JSON object' })
  try {
    if (asked.first === 'as' && isSlackAct(asked.third)) {
      return json(response, 200, await actInSlack(slack, { handle: asked.second, name: asked.third, body }))
    }
    const part = asked.second
    if (asked.first === 'glass' && Object.hasOwn(glass.acts, part)) {
      const perform = glass.acts[part as keyof GlassActs] as (body: JsonObject) => Promise<void>
      await perform(body)
      return json(response, 200, { ok: true })
    }
  } catch (error) {
    return json(response, 400, { error: error instanceof Error ? error.message : String(error) })
  }
  return json(response, 404, { error: 'the page has nothing there' })
}

function file(
  request: IncomingMessage,
  response: ServerResponse,
  served: (Served & { readonly importMapHash?: string }) | undefined,
): void {
  if (served === undefined) return json(response, 404, { error: 'the page has nothing there' })
  const headers = {
    'content-type': served.type,
    'cache-control': 'no-cache',
    etag: served.etag,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...(served.importMapHash !== undefined && { 'content-security-policy': policy(served.importMapHash) }),
  }
  if (request.headers['if-none-match'] === served.etag) return void response.writeHead(304, headers).end()
  response.writeHead(200, headers).end(served.body)
}

function policy(importMap: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' '${importMap}'`,
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types lit-html',
  ].join('; ')
}

async function listen(port: number): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
  return server
}

/** Whether a request comes from this machine and not from a page of another site in a browser on it. */
function isOurs(request: IncomingMessage, url: string): boolean {
  const { host, origin } = request.headers
  const port = new URL(url).port
  const ours = [`127.0.0.1:${port}`, `localhost:${port}`]
  return ours.includes(host ?? '') && (origin === undefined || ours.some((each) => origin === `http://${each}`))
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
