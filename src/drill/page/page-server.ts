import type { IncomingMessage, ServerResponse } from 'node:http'
import { isOurs, listenOnLoopback, stopListening } from '../loopback.ts'
import type { Actor } from '../slack/acts/actor.ts'
import type { LocalSlack } from '../slack/local-slack.ts'
import { answerFile, type Files, pageFiles, type Served } from './files.ts'
import { actBehindGlass, isGlassPart } from './glass-acts.ts'
import type { Glass } from './glass-view.ts'
import { type Live, liveStreams } from './live.ts'
import { answerJson, guards, readBody, TurnedDown } from './requests.ts'
import { actInSlack, isSlackAct } from './slack-acts.ts'
import { members, slackScreen } from './slack-screen.ts'
import type { Screen } from './wire.ts'

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

/**
 * Serves the page, as `wire.ts` says, on 127.0.0.1 and to pages of its own only. Throws when the port is taken. Closing it ends the streams
 * of all windows.
 */
export async function startPage({ slack, glass, port = 0 }: PageOptions): Promise<Page> {
  const files = pageFiles()
  const { server, url } = await listenOnLoopback(port)
  const live = liveStreams({
    screenOf: (handle) => screenOf(slack, glass, handle),
    listen: (onChange) => {
      const stops = [slack.listen(onChange), glass.listen(onChange)]
      return () => stops.forEach((stop) => stop())
    },
  })
  const parts = { slack, glass, files, live, url }
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer(parts, request, response).catch((error: unknown) => {
      const status = error instanceof TurnedDown ? error.status : 500
      if (response.headersSent) response.destroy()
      else answerJson(response, status, { error: wordsOf(error) })
    })
  })
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      live[Symbol.dispose]()
      await stopListening(server)
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

function screenOf(slack: LocalSlack, glass: Glass, handle: string): Screen {
  const shown = slackScreen(slack, handle)
  return {
    ...shown,
    hint: glass.hint(shown.me),
    account: glass.account(),
    instance: glass.instance(),
    attacker: glass.attacker(),
    queue: glass.queue(),
    machine: glass.machine(),
    ledgerFile: glass.ledgerFile(),
    entries: glass.entries(),
  }
}

async function answer(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isOurs(request, parts.url)) throw new TurnedDown(403, 'this page answers this machine only')
  const path = URL.parse(request.url ?? '/', parts.url)?.pathname ?? ''
  if (request.method === 'POST') return perform(parts, { path, request }, response)
  if (request.method !== 'GET' && request.method !== 'HEAD')
    throw new TurnedDown(405, 'only GET and POST are known here')
  show(parts, { path, request }, response)
}

type Asked = { readonly path: string; readonly request: IncomingMessage }

function show({ slack, files, live }: Parts, { path, request }: Asked, response: ServerResponse): void {
  if (path === '/') return void response.writeHead(302, { location: '/as/ana', ...guards }).end()
  const [, who = '', id = ''] = /^\/as\/([^/]+)\/files\/([A-Z0-9]+)$/.exec(path) ?? []
  if (id !== '' && isMember(slack, who)) return giveFile(slack.as(who), id, response)
  const [, handle = '', rest = ''] = /^\/as\/([^/]+)(\/live)?$/.exec(path) ?? []
  if (rest !== '' && isMember(slack, handle) && request.method === 'GET') {
    // Sent with the first event, so that a screen that cannot be shown is still answered as the failure it is.
    response.setHeaders(new Map(Object.entries(streamHeaders)))
    return live.open(handle, response)
  }
  const file = rest === '' && isMember(slack, handle) ? files.index() : fileAt(files, path)
  if (file === undefined) throw nothingAt(path)
  answerFile(request, response, file)
}

/** A file of a message, to whoever sees that message. It is somebody else's text: saved, and never shown as a page of ours. */
function giveFile(who: Actor, id: string, response: ServerResponse): void {
  const file = theirs(() => who.download(id))
  response.writeHead(200, {
    'content-type': 'text/plain; charset=utf-8',
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.name.toWellFormed())}`,
    'content-security-policy': "default-src 'none'; sandbox",
    'content-length': file.bytes.length,
    'cache-control': 'no-store',
    ...guards,
  })
  response.end(file.bytes)
}

function theirs<T>(look: () => T): T {
  try {
    return look()
  } catch (error) {
    throw new TurnedDown(404, wordsOf(error))
  }
}

const streamHeaders = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', ...guards }

function fileAt(files: Files, path: string): Served | undefined {
  if (path === '/favicon.ico') return files.icon()
  return path.startsWith('/app/') ? files.find(path.slice('/app/'.length)) : undefined
}

async function perform(parts: Parts, { path, request }: Asked, response: ServerResponse): Promise<void> {
  const [place, first = '', second, ...more] = path.slice(1).split('/')
  if (more.length > 0) throw nothingAt(path)
  if (place === 'as' && second !== undefined && isSlackAct(second) && isMember(parts.slack, first)) {
    const body = await readBody(request)
    return answerWith(response, async () => actInSlack(parts, { handle: first, name: second, body }))
  }
  if (place === 'glass' && second === undefined && isGlassPart(first)) {
    const body = await readBody(request)
    return answerWith(response, async () => {
      await actBehindGlass(parts.glass, first, body)
      return { ok: true }
    })
  }
  throw nothingAt(path)
}

/** What no person could do is answered with the reason, whatever it is. */
async function answerWith(response: ServerResponse, act: () => Promise<object>): Promise<void> {
  try {
    answerJson(response, 200, await act())
  } catch (error) {
    throw new TurnedDown(400, wordsOf(error))
  }
}

function isMember(slack: LocalSlack, handle: string): boolean {
  return members(slack).some((member) => member.handle === handle)
}

function nothingAt(path: string): TurnedDown {
  return new TurnedDown(404, `the page has nothing at ${path}`)
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
