import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { ping, type WebSocket } from 'undici'

export type HeartbeatOptions = {
  /** The socket as it is now; undefined while there is none. */
  readonly socket: () => WebSocket | undefined
  /** Milliseconds of a clock that never goes back and is never set. */
  readonly monotonic: () => number
  /** How long the other side may stay silent. Three times in this span it is asked. */
  readonly silentMs: number
  /** Called once, when it was silent for longer, or cannot be asked. */
  readonly onDead: () => void
}

/** undici tells of every control frame of every socket here; there is no other way to hear of one. */
const pongs = 'undici:websocket:pong'

/**
 * Asks the other side of a WebSocket whether it is still there (RFC 6455 §5.5.2). The SDK's own check compares wall clocks, so it
 * takes a clock that is set ahead for a dead connection, and cuts every connection at the same moment.
 */
export function heartbeat({ socket, monotonic, silentMs, onDead }: HeartbeatOptions): Disposable {
  let heard = monotonic()
  let ended = false
  const onPong = (message: unknown): void => {
    if (typeof message === 'object' && message !== null && 'websocket' in message && message.websocket === socket())
      heard = monotonic()
  }
  subscribe(pongs, onPong)
  const end = (): void => {
    ended = true
    clearInterval(timer)
    unsubscribe(pongs, onPong)
  }
  const timer = setInterval(() => {
    const current = socket()
    // Not open yet, or on its way out: somebody else waits for that.
    if (current === undefined || current.readyState !== current.OPEN) {
      heard = monotonic()
      return
    }
    if (monotonic() - heard <= silentMs && asked(current)) return
    end()
    onDead()
  }, silentMs / 3)
  return {
    [Symbol.dispose]() {
      if (!ended) end()
    },
  }
}

function asked(socket: WebSocket): boolean {
  try {
    ping(socket)
    return true
  } catch {
    return false
  }
}
