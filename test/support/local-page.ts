import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request as send } from 'node:http'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { applyChange } from '#/drill/page/browser/apply-change.ts'
import type { Glass } from '#/drill/page/glass-view.ts'
import { type Page, startPage } from '#/drill/page/page-server.ts'
import type { Change, LedgerEntry, Machine, Screen } from '#/drill/page/wire.ts'
import type { LocalSlack } from '#/drill/slack/local-slack.ts'

/** What is behind the glass of a test: plain data that the test may change, and a record of what was asked for. */
export type GivenGlass = Glass & {
  readonly asked: unknown[]
  readonly machineIs: (machine: Partial<Machine>) => void
  readonly entryIs: (entry: LedgerEntry) => void
  /** How many listen to it now. */
  readonly listeners: () => number
}

export function givenGlass(): GivenGlass {
  const listeners = new Set<() => void>()
  const asked: unknown[] = []
  let machine: Machine = { bot: 'running', redis: 'running', autentico: 'well', slack: 'connected', log: [] }
  let entries: Readonly<Record<string, LedgerEntry>> = {}
  const changed = () => {
    for (const listener of listeners) listener()
  }
  const note = (part: string) => async (body: object) => void asked.push([part, body])
  return {
    asked,
    account: () => null,
    instance: () => null,
    attacker: () => ({ name: 'mallory', busy: false, doors: [] }),
    queue: () => ({ up: true, orders: [], outcomes: 0 }),
    machine: () => machine,
    ledgerFile: () => ({ tampered: null, verified: null }),
    entries: () => entries,
    hint: ({ handle }) => ({ words: `A hint for ${handle}`, switchTo: null, progress: 0 }),
    listen: (onChange) => {
      listeners.add(onChange)
      return () => listeners.delete(onChange)
    },
    listeners: () => listeners.size,
    machineIs: (now) => {
      machine = { ...machine, ...now }
      changed()
    },
    entryIs: (entry) => {
      entries = { ...entries, [entry.seq]: entry }
      changed()
    },
    acts: {
      attack: note('attack'),
      bot: note('bot'),
      redis: note('redis'),
      autentico: note('autentico'),
      ledger: note('ledger'),
      slack: async ({ to }) => {
        throw new Error(`Slack is already ${to}`)
      },
    },
  }
}

/** The page over this Slack, which ends with the test. */
export async function localPage(slack: LocalSlack, glass: Glass = givenGlass()): Promise<Page> {
  const page = await startPage({ slack, glass })
  onTestFinished(() => page[Symbol.asyncDispose]())
  return page
}

/** An answer with its body read. */
export type Answer = {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly json: () => unknown
}

/** Sends one request, with exactly these headers beside its length; browsers decide `host` and `origin` by themselves, and so does a test. */
export async function ask(
  url: string,
  options: {
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options
  const request = send(url, { method, headers, agent: false })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const said = await text(response)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: said,
    json: () => JSON.parse(said) as unknown,
  }
}

/** Does what a window does when somebody acts in it. */
export async function act(
  page: Page,
  path: string,
  body: object,
): Promise<{ readonly status: number; readonly said: unknown }> {
  const headers = { 'content-type': 'application/json', origin: page.url }
  const answer = await ask(`${page.url}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: answer.status, said: answer.json() }
}

/** A window of somebody: what it shows, kept up to date by its stream as a browser keeps it. */
export type Window = {
  readonly screen: () => Screen
  /** Every event so far, by name. */
  readonly events: readonly { readonly name: string; readonly data: Screen | Change }[]
  /** Everything that came, byte for byte. */
  readonly received: () => string
  readonly close: () => void
  /** Resolves when the stream has ended, from either side. */
  readonly ended: Promise<unknown>
}

/** Opens a window as this person and waits for its first screen; it is closed with the test. */
export async function openWindow(page: Page, handle: string): Promise<Window> {
  const request = send(`${page.url}/as/${handle}/live`, { agent: false })
  request.end()
  request.on('error', () => undefined)
  onTestFinished(() => void request.destroy())
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  if (response.statusCode !== 200) throw new Error(`no stream for ${handle}: ${await text(response)}`)

  const events: { readonly name: string; readonly data: Screen | Change }[] = []
  const first = Promise.withResolvers<void>()
  let received = ''
  let parsed = 0
  let screen: Screen | undefined
  response.setEncoding('utf8').on('data', (part: string) => {
    received += part
    for (let end = received.indexOf('\n\n', parsed); end !== -1; end = received.indexOf('\n\n', parsed)) {
      const [, name, json] = /^event: (\w+)\ndata: (.*)$/.exec(received.slice(parsed, end)) ?? []
      parsed = end + 2
      if (name === undefined || json === undefined) continue
      const data = JSON.parse(json) as Screen | Change
      events.push({ name, data })
      screen = name === 'screen' ? (data as Screen) : applyChange(screen ?? (data as Screen), data as Change)
      first.resolve()
    }
  })
  const ended = once(response, 'close').catch(() => undefined)
  await first.promise
  return {
    screen: () => {
      if (screen === undefined) throw new Error(`${handle}'s window has shown nothing yet`)
      return screen
    },
    events,
    received: () => received,
    close: () => void request.destroy(),
    ended,
  }
}

/** What a window's messages say, oldest first. */
export function saysIn(window: Pick<Window, 'screen'>): readonly string[] {
  return Object.values(window.screen().messages)
    .toSorted((a, b) => Number(a.ts) - Number(b.ts))
    .map(({ text }) => text)
}
