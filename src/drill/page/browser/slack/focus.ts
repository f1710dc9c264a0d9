/** Where the focus was before a drawing. */
export type Focused = { readonly element: Element; readonly words: string; readonly place: string }

/** What has the focus inside a message or the Home tab; undefined when it is elsewhere. */
export function focusedNow(): Focused | undefined {
  const element = document.activeElement
  const place = element?.closest('article[data-ts], [role="tabpanel"]')
  if (element === null || place === null || place === undefined) return undefined
  return { element, words: wordsOf(element), place: selectorOf(place) }
}

/**
 * After a drawing that took away what had the focus: gives it to what says the same in the same message, otherwise to the message itself, so
 * that nobody at a keyboard is sent back to the beginning of the page when a card changes.
 */
export function restoreFocus(before: Focused | undefined): void {
  if (before === undefined || before.element.isConnected) return
  const place = document.querySelector<HTMLElement>(before.place)
  const same = [...(place?.querySelectorAll<HTMLElement>('button, a, input') ?? [])].find(
    (element) => wordsOf(element) === before.words,
  )
  const next = same ?? place
  next?.focus({ preventScroll: true })
}

function selectorOf(place: Element): string {
  if (place.role === 'tabpanel') return `#${CSS.escape(place.id)}`
  const talk = place.closest<HTMLElement>('[data-talk]')?.dataset['talk'] ?? ''
  const ts = place.getAttribute('data-ts') ?? ''
  return `[data-talk="${CSS.escape(talk)}"] article[data-ts="${CSS.escape(ts)}"]`
}

function wordsOf(element: Element): string {
  return (element.ariaLabel ?? element.textContent).replaceAll(/\s+/g, ' ').trim()
}
