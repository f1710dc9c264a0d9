/** How far a popup keeps from the edges of the window, and how high it gets at most. */
const margin = 8
const highest = 320

/** Something that lies over the page beside what opened it. */
export type Popup = {
  /** Puts it right again after its content has changed. */
  readonly place: () => void
  readonly close: () => void
}

/**
 * Shows an element with `popover="manual"` below its anchor, or above where there is more room, and keeps it there while
 * the page scrolls. `away` is called when somebody points elsewhere.
 */
export function openPopup(
  popup: HTMLElement,
  anchor: HTMLElement,
  options: { readonly asWide: boolean; readonly away: () => void },
): Popup {
  const done = new AbortController()
  const { signal } = done
  const place = () => placeAt(popup, anchor.getBoundingClientRect(), options.asWide)
  const isInside = (target: EventTarget | null) =>
    target instanceof Node && (popup.contains(target) || anchor.contains(target))
  popup.showPopover()
  place()
  document.addEventListener('scroll', place, { capture: true, passive: true, signal })
  window.addEventListener('resize', place, { signal })
  document.addEventListener('pointerdown', ({ target }) => !isInside(target) && options.away(), {
    capture: true,
    signal,
  })
  return {
    place,
    close: () => {
      done.abort()
      if (popup.matches(':popover-open')) popup.hidePopover()
    },
  }
}

function placeAt(popup: HTMLElement, at: DOMRect, asWide: boolean): void {
  const { clientWidth: width, clientHeight: height } = document.documentElement
  const below = height - at.bottom - margin
  const above = at.top - margin
  popup.style.minWidth = asWide ? `${at.width}px` : ''
  popup.style.maxWidth = `${width - 2 * margin}px`
  popup.style.maxHeight = `${highest}px`
  const needed = Math.min(highest, popup.scrollHeight)
  const up = below < needed && above > below
  popup.style.maxHeight = `${Math.max(80, Math.min(highest, up ? above : below))}px`
  const wide = popup.offsetWidth
  const left = asWide ? at.left : at.right - wide
  popup.style.left = `${Math.max(margin, Math.min(left, width - wide - margin))}px`
  popup.style.top = up ? `${at.top - popup.offsetHeight - 4}px` : `${at.bottom + 4}px`
}
