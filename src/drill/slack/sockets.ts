import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import type { Ack, Delivery } from './delivery.ts'
import type { JsonObject } from './json.ts'
import { isObject, object, readJson, text } from './json.ts'
import { app } from './workspace.ts'

const pingEvery = 10_000
const most = 10
const goodbyeWithin = 500

/** Slack's side of Socket Mode: one-use addresses, up to 10 connections, and each payload to any one of them. */
export class Sockets {
  readonly #server = new WebSocketServer({ noServer: true })
  readonly #tickets = new Set<string>()
  readonly #connections = new Map<WebSocket, { draining: boolean }>()
  readonly #waiting = new Map<string, (payload: JsonObject) => void>()
  readonly #ackWithin: number
  readonly #pings: NodeJS.Timeout
  #turn = 0
  refusing = false

  /** @param ackWithin milliseconds the app has to acknowledge a payload. */
  constructor(ackWithin: number) {
    this.#ackWithin = ackWithin
    this.#pings = setInterval(() => {
      for (const connection of this.#connections.keys()) connection.ping(`Ping from ${app.id}`)
    }, pingEvery)
    this.#pings.unref()
  }

  get count(): number {
    return this.#connections.size
  }

  /** The path of a new connection; it can be used once. */
  ticket(): string {
    const ticket = randomUUID()
    this.#tickets.add(ticket)
    return `/link/?ticket=${ticket}&app_id=${app.id}`
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ticket = new URL(request.url ?? '/', 'http://local').searchParams.get('ticket') ?? ''
    if (this.refusing) return turnAway(socket, '503 Service Unavailable')
    if (!this.#tickets.delete(ticket)) return turnAway(socket, '401 Unauthorized')
    this.#server.handleUpgrade(request, socket, head, (connection) => this.#welcome(connection))
  }

  /** Sends a payload to one of the connections and waits for its acknowledgement. */
  async send(delivery: Delivery): Promise<Ack> {
    const open = [...this.#connections].filter(([, { draining }]) => !draining).map(([connection]) => connection)
    const connection = open[this.#turn % Math.max(open.length, 1)]
    if (connection === undefined) return { ok: false, error: 'dispatch_failed' }
    this.#turn += 1

    const envelope = randomUUID()
    const answer = this.#answerTo(envelope)
    connection.send(
      JSON.stringify({
        envelope_id: envelope,
        type: delivery.kind,
        accepts_response_payload: delivery.kind !== 'events_api',
        payload: delivery.payload,
        ...(delivery.retry !== undefined && {
          retry_attempt: delivery.retry.attempt,
          retry_reason: delivery.retry.reason,
        }),
      }),
    )
    return answer
  }

  /** Tells every connection to go and come again, as Slack does every few hours. No more payloads go to them. */
  disconnect(reason: 'warning' | 'refresh_requested' | 'link_disabled' | 'too_many_websockets'): void {
    for (const [connection, state] of this.#connections) {
      state.draining = reason !== 'warning'
      connection.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'local' } }))
    }
  }

  /** Cuts every connection without a word. */
  drop(): void {
    for (const connection of this.#connections.keys()) connection.terminate()
  }

  /** Says goodbye to every connection, and cuts those that do not answer it. */
  async close(): Promise<void> {
    clearInterval(this.#pings)
    this.refusing = true
    await Promise.all(
      [...this.#connections.keys()].map(async (connection) => {
        const gone = once(connection, 'close')
        const timer = setTimeout(() => connection.terminate(), goodbyeWithin)
        connection.close(1001)
        await gone
        clearTimeout(timer)
      }),
    )
    this.#server.close()
  }

  #welcome(connection: WebSocket): void {
    if (this.#connections.size >= most) {
      connection.send(
        JSON.stringify({ type: 'disconnect', reason: 'too_many_websockets', debug_info: { host: 'local' } }),
      )
      connection.close()
      return
    }
    this.#connections.set(connection, { draining: false })
    connection.on('close', () => this.#connections.delete(connection))
    // A peer that goes away in the middle of a frame is the peer's affair; `close` follows.
    connection.on('error', () => undefined)
    connection.on('message', (frame: Buffer) => this.#acknowledge(frame.toString('utf8')))
    connection.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.#connections.size,
        connection_info: { app_id: app.id },
        debug_info: {
          host: 'local',
          build_number: 1,
          approximate_connection_time: 3600,
        },
      }),
    )
  }

  #acknowledge(frame: string): void {
    const message = readJson(frame)
    if (!isObject(message)) return
    this.#waiting.get(text(message['envelope_id']))?.(object(message['payload']))
  }

  #answerTo(envelope: string): Promise<Ack> {
    return new Promise((resolve) => {
      const settle = (ack: Ack) => {
        clearTimeout(timer)
        this.#waiting.delete(envelope)
        resolve(ack)
      }
      const timer = setTimeout(() => settle({ ok: false, error: 'operation_timeout' }), this.#ackWithin)
      this.#waiting.set(envelope, (payload) => settle({ ok: true, payload }))
    })
  }
}

function turnAway(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
