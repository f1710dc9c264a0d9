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
  /** The scopes of the app. */
  readonly granted: () => readonly string[]
  /** Milliseconds before each further try of an event that was not acknowledged. Slack: at once, 1 minute, 5 minutes. */
  readonly retryAfter: readonly number[]
}

/** Sends the app the events its manifest subscribes to, and tries again what was not acknowledged. */
export class Events {
  readonly #deps: EventsDeps
  readonly #timers = new Set<NodeJS.Timeout>()
  /** How each message was shown last, by its channel and its `ts`. */
  readonly #shown = new Map<string, JsonObject>()
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
    if (channel === undefined) return
    const message = workspace.message(channel.id, text(change['ts']))
    const shown = message === undefined ? undefined : messageJson(workspace, channel.id, message, { metadata: true })
    const key = `${channel.id} ${text(change['ts'])}`
    const before = this.#shown.get(key)
    if (shown === undefined) this.#shown.delete(key)
    else this.#shown.set(key, shown)
    if (!channel.members.includes(app.user)) return
    const [kind, type] = { public: ['channels', 'channel'], private: ['groups', 'group'], im: ['im', 'im'] }[
      channel.kind
    ]
    // Slack sends an app no events of channels whose history it may not read.
    if (!this.#deps.granted().includes(`${kind ?? ''}:history`)) return
    const common = { type: 'message', channel: channel.id, channel_type: type ?? '', event_ts: workspace.clock.stamp() }
    const previous = before === undefined ? {} : { previous_message: before }
    // What had replies leaves a tombstone, and that is a change.
    const isGone = change.type === 'message_deleted' && shown === undefined
    const event: JsonObject =
      change.type === 'message'
        ? { ...shown, ...common }
        : {
            ...common,
            subtype: isGone ? 'message_deleted' : 'message_changed',
            ts: common.event_ts,
            hidden: true,
            ...(isGone ? { deleted_ts: change['ts'] } : { message: shown ?? {} }),
            ...previous,
          }
    void this.send(event, `message.${kind ?? ''}`)
  }
}
