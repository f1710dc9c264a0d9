import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { type Page, startPage } from '#/drill/page/page-server.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage, StageOptions } from '#/drill/stage.ts'
import { artefactFolder, type Looks, openWatched, startChromium, type WatchedPage, whatIsMissing } from './chromium.ts'
import { quickStage, reloadEverybody } from './incident-flow.ts'
import { givenGlass } from './local-page.ts'
import { type Window, windowOf } from './window.ts'

/** A drill with its page, and a browser to look at it. */
export type Drill = {
  readonly stage: () => Stage
  readonly url: () => string
  /** Opens a window as this person, at a place (what stands after `#` in the address) or where everybody begins. */
  readonly open: (handle: string, looks?: Looks & { readonly at?: string }) => Promise<Window>
}

/**
 * One drill for all stories of a file: the stage, the program, the page and a browser. Each story has its own windows; one in which something
 * happened that should not have does not pass, and leaves a picture and a trace behind. Where there is no Chromium the stories are skipped.
 */
export function drillInBrowser(options: StageOptions = {}): Drill {
  const missing = whatIsMissing()
  const open = new Map<string, WatchedPage>()
  let parts:
    | { readonly stage: Stage; readonly program: Program; readonly page: Page; readonly browser: Browser }
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
    const [program, browser] = await Promise.all([startProgram(stage.env), startChromium()])
    building.use(program)
    building.use(browser)
    const page = building.use(await startPage({ slack: stage.slack, glass: givenGlass() }))
    parts = { stage, program, page, browser }
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

  return {
    stage: () => started().stage,
    url: () => started().page.url,
    open: async (handle, { at = '', ...looks } = {}) => {
      const { browser, page } = started()
      const watched = await openWatched(browser, page.url, looks)
      open.set(`${handle}-${open.size + 1}`, watched)
      await watched.page.goto(`${page.url}/as/${handle}${at}`)
      const window = windowOf(handle, watched)
      await watched.page.getByRole('navigation', { name: 'Act as' }).waitFor()
      return window
    },
  }
}

async function keep(open: ReadonlyMap<string, WatchedPage>, story: string): Promise<void> {
  if (open.size === 0) return
  const folder = await artefactFolder()
  const name = story.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 60)
  await Promise.all([...open].map(async ([who, watched]) => watched.keepArtefacts(folder, `${name}-${who}`)))
  process.stderr.write(`What was seen is in ${folder}\n`)
}
