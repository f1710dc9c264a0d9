import type { Memory } from '../memory.ts'

/** How near the end still counts as there: a line. */
const nearPx = 24

function isAtEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight < nearPx
}

/** The conversations on the page, and the key each is remembered by. */
export function scrollers(): readonly { readonly key: string; readonly element: HTMLElement }[] {
  return [...document.querySelectorAll<HTMLElement>('[data-talk]')].map((element) => ({
    key: element.dataset['talk'] ?? '',
    element,
  }))
}

/** Keeps every conversation at its newest message, except where the person scrolled up. */
export function settle(memory: Memory): void {
  for (const { key, element } of scrollers()) {
    memory.measured.set(key, measure(element))
    if (!memory.scrolledUp.has(key) && !isAtEnd(element)) element.scrollTop = element.scrollHeight
  }
}

/**
 * Takes note of where a conversation was scrolled to. Says whether it has to be drawn anew. A scroll that comes of a window or a message that
 * changed its size is nobody's wish to read further up.
 */
export function scrolled(memory: Memory, key: string, element: HTMLElement): boolean {
  if (memory.measured.get(key) !== measure(element)) return true
  const up = !isAtEnd(element)
  if (up === memory.scrolledUp.has(key)) return false
  if (up) memory.scrolledUp.add(key)
  else memory.scrolledUp.delete(key)
  return true
}

function measure({ scrollHeight, clientHeight }: HTMLElement): string {
  return `${scrollHeight} ${clientHeight}`
}

/** Brings a message into view and marks it for a moment; false when it is not drawn. */
export function showMessage(key: string, ts: string): boolean {
  const list = scrollers().find((each) => each.key === key)?.element
  const article = list?.querySelector<HTMLElement>(`article[data-ts="${CSS.escape(ts)}"]`)
  if (article === null || article === undefined) return false
  article.scrollIntoView({ block: 'center' })
  article.focus({ preventScroll: true })
  article.classList.remove('message-shown')
  // Asking for a measure makes the browser take note of the removal, so that the mark begins anew.
  void article.offsetWidth
  article.classList.add('message-shown')
  return true
}
