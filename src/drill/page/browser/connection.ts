import type { Change, GlassActs, Refused, Screen, SlackActs, SlackAnswers } from '../wire.ts'
import { applyChange } from './apply-change.ts'

/** How it stands with the page's server: `resting` lets the stream go because nobody looks at the window. */
export type Link = 'opening' | 'live' | 'lost' | 'resting'

/** The page's server calls this impossible, and says why. */
export class Impossible extends Error {
  override readonly name = 'Impossible'
}

/** The page's server does not answer. */
export class Away extends Error {
  override readonly name = 'Away'
}

export type Connection = {
  readonly link: () => Link
  readonly screen: () => Screen | undefined
  readonly act: <Name extends keyof SlackActs>(name: Name, body: SlackActs[Name]) => Promise<SlackAnswers[Name]>
  readonly glass: <Part extends keyof GlassActs>(part: Part, body: GlassActs[Part]) => Promise<void>
}

/**
 * How long a hidden window keeps its stream. A browser opens six connections to a host, and every window holds one of them: with
 * six streams open no click would get through.
 */
const restAfterMs = 4_000
/** How soon to try again where the browser does not by itself: it gives up for good when the answer is no stream. */
const againAfterMs = 2_000

/** Connects this window, as the person with this handle, and calls `changed` whenever the screen or the link is another. */
export function connect(handle: string, changed: () => void): Connection {
  const base = `/as/${encodeURIComponent(handle)}`
  let link: Link = 'opening'
  let screen: Screen | undefined
  let source: EventSource | undefined
  let resting: ReturnType<typeof setTimeout> | undefined
  let again: ReturnType<typeof setTimeout> | undefined

  const become = (now: Link) => {
    if (link === now) return
    link = now
    changed()
  }
  const show = (next: Screen) => {
    screen = next
    link = 'live'
    changed()
  }
  const open = () => {
    const stream = new EventSource(`${base}/live`)
    source = stream
    stream.addEventListener('screen', ({ data }: MessageEvent<string>) => show(JSON.parse(data) as Screen))
    stream.addEventListener('change', ({ data }: MessageEvent<string>) => {
      if (screen !== undefined) show(applyChange(screen, JSON.parse(data) as Change))
    })
    stream.addEventListener('error', () => {
      become('lost')
      if (stream.readyState !== EventSource.CLOSED) return
      clearTimeout(again)
      again = setTimeout(open, againAfterMs)
    })
  }
  const rest = () => {
    clearTimeout(again)
    source?.close()
    become('resting')
  }
  document.addEventListener('visibilitychange', () => {
    clearTimeout(resting)
    if (document.visibilityState === 'hidden') resting = setTimeout(rest, restAfterMs)
    else if (link === 'resting') open()
  })
  open()

  return {
    link: () => link,
    screen: () => screen,
    act: async (name, body) => (await post(`${base}/${name}`, body)) as SlackAnswers[typeof name],
    glass: async (part, body) => void (await post(`/glass/${part}`, body)),
  }
}

async function post(path: string, body: object): Promise<unknown> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch((cause: unknown) => {
    throw new Away('The demo does not answer. Is it still running in its terminal?', { cause })
  })
  const answer = (await response.json().catch(() => undefined)) as unknown
  if (response.ok) return answer
  throw new Impossible(isRefused(answer) ? answer.error : `The demo answered ${response.status}.`)
}

function isRefused(answer: unknown): answer is Refused {
  return typeof answer === 'object' && answer !== null && 'error' in answer && typeof answer.error === 'string'
}
