import { render } from 'lit-html'
import { PageWindow } from './window.ts'

const page = document.querySelector<HTMLElement>('#page')
// The page is served at /as/<handle>; a handle has no sign that an address would escape.
const handle = /^\/as\/([\w.-]+)/.exec(location.pathname)?.[1]
if (page !== null && handle !== undefined) {
  page.replaceChildren()
  new PageWindow({ handle, show: (drawn) => void render(drawn, page) })
}
