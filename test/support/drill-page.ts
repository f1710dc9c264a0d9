import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished } from 'vitest'
import { startGlass } from '#/cli/drill-glass.ts'
import { incidentChannel } from '#/drill/cast.ts'
import type { Glass } from '#/drill/page/glass-view.ts'
import { type Page, startPage } from '#/drill/page/page-server.ts'
import type { Stage, StageOptions } from '#/drill/stage.ts'
import { artefactFolder, type Looks, openWatched, startChromium, type WatchedPage, whatIsMissing } from './chromium.ts'
import { type Case, openFor, quickStage, reloadEverybody } from './incident-flow.ts'
import { type Window, windowOf } from './window.ts'

/** A drill with its page, and a browser to look at it. */
export type Drill = {
  readonly stage: () => Stage
  /** What can be broken behind the glass, without a window. */
  readonly glass: () => Glass
  /** Opens a window as this person, at a place (what stands after `#` in the address) or where everybody begins. */
  readonly open: Open
  /** The same, for a story in which something happens that should not: nobody looks at its faults but the story. */
  readonly openUnwatched: Open
  /** An incident that ana has opened elsewhere, for stories that begin later. `place` is where its thread is. */
  readonly openFor: (target: string, summary?: string) => Promise<Case & { readonly place: string }>
}

type Open = (handle: string, looks?: Looks & { readonly at?: string }) => Promise<Window>

/**
 * One drill for all stories of a file: the stage, the program, the page and a browser. Each story has windows of its own; one in which something
 * happened that should not have does not pass, and leaves a picture and a trace behind. Where there is no Chromium the stories are skipped.
 */
export function drillInBrowser(options: StageOptions = {}): Drill {
  const missing = whatIsMissing()
  const windows = new Windows()
  let parts:
    | { readonly stage: Stage; readonly page: Page; readonly glass: Glass; readonly browser: Browser }
    | undefined
  let closing = new AsyncDisposableStack()
  const started = () => {
    if (parts === undefined) throw new Error('the drill has not begun')
    return parts
  }

  beforeAll(async () => {
    if (missing !== undefined) return
    await using building = new AsyncDisposableStack()
    const stage = building.use(await quickStage(options))
    const browser = building.use(await startChromium())
    const { glass } = building.use(await startGlass(stage))
    const page = building.use(await startPage({ slack: stage.slack, glass }))
    parts = { stage, page, glass, browser }
    closing = building.move()
  })
  afterAll(async () => closing.disposeAsync())

  beforeEach(({ skip }) => {
    skip(missing !== undefined, missing)
    reloadEverybody(started().stage)
  })
  afterEach(async ({ task }) => {
    const faults = windows.open.flatMap(({ handle, watched }) => watched.faults.map((fault) => `${handle}: ${fault}`))
    const failed = task.result?.state === 'fail' || faults.length > 0
    if (failed) await keep(windows.open, task.name)
    await windows.leave({ reuse: !failed })
    expect(faults).toEqual([])
  })

  const goTo = async (handle: string, watched: WatchedPage, at: string): Promise<Window> => {
    await watched.page.goto(`${started().page.url}/as/${handle}${at}`)
    await watched.page.getByRole('navigation', { name: 'Act as' }).waitFor()
    return windowOf(handle, watched)
  }

  return {
    stage: () => started().stage,
    glass: () => started().glass,
    open: async (handle, { at = '', ...looks } = {}) => {
      const { browser, page } = started()
      return goTo(handle, await windows.take(handle, looks, async () => openWatched(browser, page.url, looks)), at)
    },
    openUnwatched: async (handle, { at = '', ...looks } = {}) => {
      const { browser, page } = started()
      const watched = await openWatched(browser, page.url, looks)
      onTestFinished(async () => watched[Symbol.asyncDispose]())
      return goTo(handle, watched, at)
    },
    openFor: async (target, summary) => {
      const incident = await openFor(started().stage, target, summary === undefined ? {} : { summary })
      return { ...incident, place: `#${incidentChannel.id}/${incident.state().thread?.ts ?? ''}` }
    },
  }
}

type Opened = { readonly handle: string; readonly like: string; readonly watched: WatchedPage }

/** The windows of one file's stories. To open one costs a second or two, so one that a story has left serves the next. */
class Windows {
  #open: readonly Opened[] = []
  #idle: readonly Opened[] = []

  get open(): readonly Opened[] {
    return this.#open
  }

  async take(handle: string, looks: Looks, make: () => Promise<WatchedPage>): Promise<WatchedPage> {
    const like = JSON.stringify(looks)
    const left = this.#idle.find((one) => one.handle === handle && one.like === like)
    this.#idle = this.#idle.filter((one) => one !== left)
    const taken = left ?? { handle, like, watched: await make() }
    this.#open = [...this.#open, taken]
    return taken.watched
  }

  /** The story is over. Windows in which something went wrong are closed, and serve nobody. */
  async leave({ reuse }: { readonly reuse: boolean }): Promise<void> {
    const left = this.#open
    this.#open = []
    await Promise.all(left.map(async ({ watched }) => (reuse ? watched.clear() : watched[Symbol.asyncDispose]())))
    if (reuse) this.#idle = [...this.#idle, ...left]
  }
}

async function keep(open: readonly Opened[], story: string): Promise<void> {
  if (open.length === 0) return
  const folder = await artefactFolder()
  const name = story.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 60)
  await Promise.all(
    open.map(async ({ handle, watched }, index) => watched.keepArtefacts(folder, `${name}-${index + 1}-${handle}`)),
  )
  process.stderr.write(`What was seen is in ${folder}\n`)
}
