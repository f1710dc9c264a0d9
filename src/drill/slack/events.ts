import type { Ack, Delivery } from './delivery.ts'
import type { JsonObject } from './json.ts'
import { text } from './json.ts'
import type { Manifest } from './manifest.ts'
import { messageJson } from './messages.ts'
import { eventCallback } from './payloads.ts'
import type { Change, Workspace } from './workspace.ts'
import { app } from './workspace.ts'

export type EventsDeps = {
  readonly workspace: Workspace
  readonly manifest: Manifest
  readonly deliver: (delivery: Delivery) => Promise<Ack>
  /** Milliseconds before each further try of an event that was not acknowledged. Slack: at once, 1 minute, 5 minutes. */
  readonly retryAfter: readonly number[]
}

/** Sends the app the events its manifest subscribes to, and tries again what was not acknowledged. */
export class Events {
  readonly #deps: EventsDeps
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #stop: () => void

  constructor(deps: EventsDeps) {
    this.#deps = deps
    this.#stop = deps.workspace.listen((change) => this.#follow(change))
  }

  /** Sends an event; the first try's acknowledgement. An event the manifest does not name is not sent, which is no error. */
  async send(event: JsonObject, subscription = text(event['type'])): Promise<Ack> {
    if (!this.#deps.manifest.events.has(subscription)) return { ok: true, payload: {} }
    const payload = eventCallback(this.#deps.workspace, event)
    const ack = await this.#deps.deliver({ kind: 'events_api', payload })
    if (!ack.ok) this.#again(payload, 1, ack.error)
    return ack
  }

  close(): void {
    this.#stop()
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #again(payload: JsonObject, attempt: number, error: string): void {
    const wait = this.#deps.retryAfter[attempt - 1]
    if (wait === undefined) return
    const reason = error === 'operation_timeout' ? 'timeout' : 'http_error'
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      void this.#deps.deliver({ kind: 'events_api', payload, retry: { attempt, reason } }).then((ack) => {
        if (!ack.ok) this.#again(payload, attempt + 1, ack.error)
      })
    }, wait)
    timer.unref()
    this.#timers.add(timer)
  }

  /** Turns what happened in the workspace into the message events of the channels the app is in. */
  #follow(change: Change): void {
    if (change.type !== 'message' && change.type !== 'message_changed' && change.type !== 'message_deleted') return
    const { workspace } = this.#deps
    const channel = workspace.channels.get(text(change['channel']))
    if (channel === undefined || !channel.members.includes(app.user)) return
    const [kind, type] = { public: ['channels', 'channel'], private: ['groups', 'group'], im: ['im', 'im'] }[
      channel.kind
    ]
    const message = workspace.message(channel.id, text(change['ts']))
    const shown = message === undefined ? {} : messageJson(workspace, channel.id, message, { metadata: true })
    const common = { type: 'message', channel: channel.id, channel_type: type ?? '', event_ts: workspace.clock.stamp() }
    const event: JsonObject =
      change.type === 'message'
        ? { ...shown, ...common }
        : {
            ...common,
            subtype: change.type,
            ts: common.event_ts,
            hidden: true,
            ...(change.type === 'message_changed' ? { message: shown } : { deleted_ts: change['ts'] }),
          }
    void this.send(event, `message.${kind ?? ''}`)
  }
}
