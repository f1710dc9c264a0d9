import { html, type TemplateResult } from 'lit-html'

/** Line drawings on a grid of 20; words always stand beside them or in the name of their button. */
const drawings = {
  bolt: 'M11 2 4 11.5h5L8 18l8-10h-5.5z',
  close: 'm5 5 10 10M15 5 5 15',
  down: 'M10 4v12m-5-5 5 5 5-5',
  eye: 'M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10Zm8 2.4a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8Z',
  file: 'M5 2.5h6l4 4v11H5zM11 2.5v4h4',
  flask: 'M8 2.5h4M8.7 2.5v5L4 16a1 1 0 0 0 .9 1.5h10.2A1 1 0 0 0 16 16l-4.7-8.5v-5M6.3 12.5h7.4',
  glass: 'M3 4.5h14v11H3zM12.5 4.5v11M14.7 8h.1M14.7 11h.1',
  hash: 'M8 3 6.5 17M13.5 3 12 17M3.5 7.5h14M2.5 12.5h14',
  list: 'M3 5h14M3 10h14M3 15h14',
  lock: 'M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9',
  mark: 'M10 12.5c0-2.6 2.6-2.4 2.6-4.9A2.6 2.6 0 0 0 7.5 7M10 15.9v.1',
  more: 'M10 4.6v.1M10 10v.1M10 15.3v.1',
  out: 'M8 4.5H4.5v11h11V12M11 3.5h5.5V9M16 4l-7 7',
  reply: 'M3 4h14v9.5H9L5.5 17v-3.5H3zM6.5 7.4h7M6.5 10.2h4.5',
  send: 'M3 3.5 17.5 10 3 16.5 5 10zM5 10h6',
  shield: 'M10 2.5 16 5v4.5c0 4-2.6 6.7-6 8-3.4-1.3-6-4-6-8V5z',
  trash: 'M4 5.5h12M8 5.5V3.5h4v2M6 5.5 7 17h6l1-11.5',
} as const

export type Icon = keyof typeof drawings

export function icon(name: Icon): TemplateResult {
  return html`<svg class="icon" data-icon=${name} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
    <path d=${drawings[name]} />
  </svg>`
}
