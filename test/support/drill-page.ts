import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { startGlass } from '#/cli/drill-glass.ts'
import type { Glass } from '#/drill/page/glass-view.ts'
import { type Page, startPage } from '#/drill/page/page-server.ts'
import type { Stage, StageOptions } from '#/drill/stage.ts'
import { artefactFolder, type Looks, openWatched, startChromium, type WatchedPage, whatIsMissing } from './chromium.ts'
import { quickStage, reloadEverybody } from './incident-flow.ts'
import { type Window, windowOf } from './window.ts'

/** A drill with its page, and a browser to look at it. */
export type Drill = {
  readonly stage: () => Stage
  /** What can be broken behind the glass, without a window. */
  readonly glass: () => Glass
  readonly url: () => string
  /** Opens a window as this person, at a place (what stands after `#` in the address) or where everybody begins. */
  readonly open: Open
  /** The same, for a story in which something happens that should not: nobody looks at its faults but the story. */
  readonly openUnwatched: Open
}

type Open = (handle: string, looks?: Looks & { readonly at?: string }) => Promise<Window>

/**
 * One drill for all stories of a file: the stage, the program, the page and a browser. Each story has its own windows; one in which something
 * happened that should not have does not pass, and leaves a picture and a trace behind. Where there is no Chromium the stories are skipped.
 */
export function drillInBrowser(options: StageOptions = {}): Drill {
  const missing = whatIsMissing()
  const open = new Map<string, WatchedPage>()
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
    const faults = [...open].flatMap(([who, { faults }]) => faults.map((fault) => `${who}: ${fault}`))
    if (task.result?.state === 'fail' || faults.length > 0) await keep(open, task.name)
    await Promise.all([...open.values()].map(async (watched) => watched[Symbol.asyncDispose]()))
    open.clear()
    expect(faults).toEqual([])
  })

  const openAs: Open = async (handle, { at = '', ...looks } = {}) => {
    const { browser, page } = started()
    const watched = await openWatched(browser, page.url, looks)
    await watched.page.goto(`${page.url}/as/${handle}${at}`)
    await watched.page.getByRole('navigation', { name: 'Act as' }).waitFor()
    return windowOf(handle, watched)
  }

  return {
    stage: () => started().stage,
    glass: () => started().glass,
    url: () => started().page.url,
    open: async (handle, looks) => {
      const window = await openAs(handle, looks)
      open.set(`${handle}-${open.size + 1}`, window.watched)
      return window
    },
    openUnwatched: openAs,
  }
}

async function keep(open: ReadonlyMap<string, WatchedPage>, story: string): Promise<void> {
  if (open.size === 0) return
  const folder = await artefactFolder()
  const name = story.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 60)
  await Promise.all([...open].map(async ([who, watched]) => watched.keepArtefacts(folder, `${name}-${who}`)))
  process.stderr.write(`What was seen is in ${folder}\n`)
}
