/**
 * What one part of the page asks of another: bubbling events. A part dispatches them at its own element; the frame listens
 * at the document.
 */

/** Show this message: a link to it was followed. `thread` is its parent's `ts` when the link says so. */
export type OpenMessage = { readonly channel: string; readonly ts: string; readonly thread: string | undefined }

/** Show this channel: its name in a text was pressed. */
export type OpenChannel = { readonly channel: string }

declare global {
  interface HTMLElementEventMap {
    'open-message': CustomEvent<OpenMessage>
    'open-channel': CustomEvent<OpenChannel>
  }
}

export function askForMessage(from: Element, message: OpenMessage): void {
  from.dispatchEvent(new CustomEvent<OpenMessage>('open-message', { bubbles: true, detail: message }))
}

export function askForChannel(from: Element, channel: OpenChannel): void {
  from.dispatchEvent(new CustomEvent<OpenChannel>('open-channel', { bubbles: true, detail: channel }))
}
