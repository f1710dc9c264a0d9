import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type App, type Receiver, type ReceiverEvent, SocketModeReceiver } from '@slack/bolt'
import { Agent, fetch, type WebSocket } from 'undici'
import { SlackUnavailable } from './failures.ts'
import { type Answer, createGuard, type Genuine, type Seen } from './guard.ts'
import { heartbeat } from './heartbeat.ts'
import { type Log, sdkLogger } from './log.ts'
import { type Connection, Sockets, type SocketsOptions } from './sockets.ts'

/** What Bolt takes events from, and what we ask of it besides. */
export type Doorway = Receiver & {
  /** The port in HTTP mode. */
  port(): number | undefined
  /** How many ways for events are open. */
  open(): number
}

/** Events by several Socket Mode connections, each renewed by ourselves and not by the SDK. */
export function socketReceiver(options: {
  readonly appToken: string
  readonly apiUrl?: string
  readonly log: Log
  readonly monotonic: () => number
  readonly sockets: Omit<SocketsOptions, 'connect' | 'log' | 'monotonic'>
}): Doorway {
  const agent = new Agent({ connections: 2, connectTimeout: 5000 })
  let app: App | undefined
  const sockets = new Sockets({
    ...options.sockets,
    log: options.log,
    monotonic: options.monotonic,
    connect: () => {
      if (app === undefined) throw new Error('the receiver was started before Bolt had taken it over')
      return connect({ ...options, app, agent })
    },
  })
  return {
    init: (bolt) => {
      app = bolt
    },
    start: async () => sockets.start(),
    stop: async () => {
      await sockets.stop()
      await agent.destroy()
    },
    port: () => undefined,
    open: () => sockets.open(),
  }
}

function connect(options: {
  readonly appToken: string
  readonly apiUrl?: string
  readonly log: Log
  readonly monotonic: () => number
  readonly app: App
  readonly agent: Agent
}): Connection {
  const { appToken, apiUrl, log, monotonic, app, agent } = options
  const ended = Promise.withResolvers<void>()
  let heard = monotonic()
  let closed = false
  const receiver = new SocketModeReceiver({
    appToken,
    logger: sdkLogger(log, 'socket mode'),
    // Its own reconnecting waits five seconds, grows without a cap, and rejects where nobody can catch it.
    autoReconnectEnabled: false,
    // Its own check is put off for good, see `heartbeat`.
    clientPingTimeout: longestTimerMs,
    installerOptions: {
      clientOptions: {
        ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
        retryConfig: { retries: 0 },
        timeout: 5000,
        rejectRateLimitedCalls: true,
        fetch: async (url, init) =>
          fetch(url, { ...(init as NonNullable<Parameters<typeof fetch>[1]>), dispatcher: agent }),
      },
    },
    customPropertiesExtractor: ({ envelope_id: envelope }: { readonly envelope_id?: unknown }) => ({ envelope }),
    processEventErrorHandler: async ({ error }) => {
      log.error({ why: error.message }, 'an event could not be processed')
      return true
    },
  })
  receiver.init(app)
  watchMessages(
    receiver,
    () => {
      heard = monotonic()
    },
    log,
  )
  let lastError = 'the connection ended before Slack said hello'
  receiver.client.on('error', (error: Error) => {
    lastError = error.message
  })
  receiver.client.on('disconnected', () => ended.resolve())
  const beat = heartbeat({
    // Declared private, and the only way to it.
    socket: () => (receiver.client.websocket?.['websocket'] as WebSocket | null | undefined) ?? undefined,
    monotonic,
    silentMs: deadAfterMs,
    onDead: () => {
      log.warn({ afterMs: deadAfterMs }, 'Slack does not answer on a Socket Mode connection; it is replaced')
      close()
    },
  })
  void ended.promise.then(() => beat[Symbol.dispose]())
  const close = () => {
    if (closed) return
    closed = true
    // It resolves at once although the socket is still open; `ended` tells when that is over.
    void receiver.client.disconnect().catch(() => undefined)
    setTimeout(() => ended.resolve(), 1000).unref()
  }
  const started = receiver.client.start().then(
    () => {
      if (closed) void receiver.client.disconnect().catch(() => undefined)
    },
    // It rejects with nothing at all when the socket closes early.
    (error: unknown) => {
      throw error instanceof Error ? error : new SlackUnavailable('Socket Mode', lastError)
    },
  )
  return { opened: within(helloWithinMs, started), ended: ended.promise, lastHeard: () => heard, close }
}

/**
 * Puts itself in front of the SDK's own reader, which is asynchronous and has nobody to catch what it throws: a message
 * without the fields it expects would end the process.
 */
function watchMessages({ client }: SocketModeReceiver, heard: () => void, log: Log): void {
  const readers = client.listeners('ws_message')
  client.removeAllListeners('ws_message')
  client.on('ws_message', (...message: readonly unknown[]) => {
    heard()
    for (const reader of readers) {
      const read = async (): Promise<unknown> => Reflect.apply(reader, client, [...message]) as unknown
      read().catch((error: unknown) => {
        const why = error instanceof Error ? error.message : 'unknown'
        log.warn({ why }, 'a Socket Mode message has not the form that Slack documents')
      })
    }
  })
}

/** How long Slack may leave a ping without an answer. */
const deadAfterMs = 10_000
/** What a timer takes at most, times three because the SDK takes a third of it. */
const longestTimerMs = 2_147_483_647

// A socket that opens and never says hello would be waited for without end.
const helloWithinMs = 10_000

async function within(ms: number, promise: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(() => late.reject(new Error(`no hello within ${ms / 1000} s`)), ms)
  try {
    await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Events by HTTP, behind the guard. */
export function httpReceiver(options: {
  readonly signingSecret: string
  readonly port: number
  readonly host?: string
  readonly seen: Seen
  readonly now: () => number
  readonly log: Log
}): Doorway {
  let app: App | undefined
  const server = createGuard({
    signingSecret: options.signingSecret,
    path: '/slack/events',
    seen: options.seen,
    now: options.now,
    log: options.log,
    onRequest: (request, answer) => {
      void process(request, answer, { app, log: options.log })
    },
  })
  return {
    init: (bolt) => {
      app = bolt
    },
    start: async () => {
      server.listen({ port: options.port, ...(options.host === undefined ? {} : { host: options.host }) })
      await once(server, 'listening')
      return server
    },
    stop: async () => {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
    port: () => (server.address() as AddressInfo | null)?.port,
    open: () => (server.listening ? 1 : 0),
  }
}

async function process(
  { body, headers }: Genuine,
  answer: Answer,
  { app, log }: { readonly app: App | undefined; readonly log: Log },
): Promise<void> {
  const retry = headers['x-slack-retry-num']
  const event: ReceiverEvent = {
    body,
    ...(typeof retry === 'string' ? { retryNum: Number(retry) } : {}),
    ack: async (response?: unknown) => {
      answer(
        200,
        typeof response === 'string' || (typeof response === 'object' && response !== null) ? response : undefined,
      )
    },
  }
  try {
    await app?.processEvent(event)
    // Nobody here takes such a payload; an empty yes would hide that.
    answer(404)
  } catch (error) {
    log.warn(
      { why: error instanceof Error ? error.message : 'unknown' },
      'a signed request holds what Slack does not send',
    )
    answer(400)
  }
}
