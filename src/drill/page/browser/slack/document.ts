import type { Client } from '../client.ts'
import type { OpenChannel, OpenMessage } from '../events.ts'
import { isWide } from '../layout.ts'
import { closeThread } from './thread.ts'

/** What happens to the whole window rather than to something on it. */
export type DocumentEvents = {
  /** What is drawn now. */
  readonly client: () => Client | undefined
  readonly redraw: () => void
  readonly wentBack: () => void
  readonly openMessage: (message: OpenMessage) => void
}

export function listenAtDocument({ client, redraw, wentBack, openMessage }: DocumentEvents): void {
  window.addEventListener('popstate', wentBack)
  window.addEventListener('hashchange', wentBack)
  document.addEventListener('visibilitychange', redraw)
  document.body.addEventListener('open-message', ({ detail }: CustomEvent<OpenMessage>) => openMessage(detail))
  document.body.addEventListener('open-channel', ({ detail }: CustomEvent<OpenChannel>) =>
    client()?.go({ at: 'channel', channel: detail.channel, thread: undefined }),
  )
  document.addEventListener('keydown', (event) => {
    const shown = client()
    if (event.key !== 'Escape' || event.defaultPrevented || shown === undefined) return
    escape(shown)
  })
  window.addEventListener('resize', redraw)
}

/** Escape closes what lies over the page or beside the channel, when nothing nearer wanted it. An open form has Escape to itself. */
function escape(client: Client): void {
  if (document.querySelector('dialog[open], [role="dialog"], [role="alertdialog"]') !== null) return
  const inPanel = (document.activeElement?.closest('.pane-glass') ?? null) !== null
  if (inPanel && !isWide()) closeDrawer(client)
  else closeThread(client)
}

/** The panel behind the glass lies over the page where there is no room beside it. */
function closeDrawer({ memory, redraw }: Client): void {
  memory.setGlass(false)
  document.querySelector<HTMLElement>('.glass-toggle')?.focus()
  redraw()
}
