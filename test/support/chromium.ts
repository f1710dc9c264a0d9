import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

/** What keeps the stories from being played here, as the words of the test that is left out; undefined when they can be. */
export function whatIsMissing(): string | undefined {
  if (chromiumPath() !== '') return undefined
  return 'needs Chromium, which is not here: install it, or name the program in CHROMIUM_PATH, and start with npm run browser'
}

/** Starts the Chromium that CHROMIUM_PATH names. It knows no host but this machine, and asks nobody for anything on its own. */
export async function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath(),
    args: [
      // Chromium's sandbox does not work for root, which is who plays these stories in a container.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      // Text is drawn the same on every machine.
      '--font-render-hinting=none',
    ],
  })
}

/** How a window looks: `phone` is held upright. Times are shown in the zone of the person who looks. */
export type Looks = {
  readonly size?: Size
  readonly scheme?: 'light' | 'dark'
  readonly zone?: string
  /** Screen pixels to a pixel of the page. */
  readonly scale?: number
}

export type Size = { readonly width: number; readonly height: number }

export const sizes: { readonly wide: Size; readonly desk: Size; readonly phone: Size; readonly narrow: Size } = {
  wide: { width: 1440, height: 900 },
  desk: { width: 1024, height: 768 },
  phone: { width: 390, height: 844 },
  narrow: { width: 360, height: 740 },
}

/** A page in a browser profile of its own, and everything that should not have happened in it. */
export type WatchedPage = AsyncDisposable & {
  readonly page: Page
  /** Errors, refused by the policy or thrown, dialogs that nobody wanted, requests to anybody but the page's own server. */
  readonly faults: readonly string[]
  /** Keeps a picture and a trace of all that happened in this folder. */
  readonly keepArtefacts: (folder: string, name: string) => Promise<void>
  /** Leaves the page and forgets everything, what it has stored included, so that another story can begin. */
  readonly clear: () => Promise<void>
}

/** Opens a new profile with one empty page in it; `home` is the only address it may ask anything of. */
export async function openWatched(browser: Browser, home: string, looks: Looks = {}): Promise<WatchedPage> {
  const { size = sizes.wide, scheme = 'light', zone = 'Europe/Berlin', scale = 1 } = looks
  const context = await browser.newContext({
    viewport: size,
    colorScheme: scheme,
    timezoneId: zone,
    locale: 'en-GB',
    deviceScaleFactor: scale,
    reducedMotion: 'reduce',
    hasTouch: size.width < 800,
  })
  await context.tracing.start({ snapshots: true, screenshots: false })
  await context.tracing.startChunk()
  const faults: string[] = []
  watch(context, home, (fault) => void faults.push(fault))
  const page = await context.newPage()
  return {
    page,
    faults,
    keepArtefacts: async (folder, name) => {
      await mkdir(folder, { recursive: true })
      await Promise.all(
        context.pages().map(async (page, index) => page.screenshot({ path: join(folder, `${name}-${index + 1}.png`) })),
      )
      await context.tracing.stopChunk({ path: join(folder, `${name}.zip`) })
      await context.tracing.startChunk()
    },
    clear: async () => {
      await page.evaluate('localStorage.clear(); sessionStorage.clear()')
      await page.goto('about:blank')
      await context.tracing.stopChunk()
      await context.tracing.startChunk()
      faults.length = 0
    },
    [Symbol.asyncDispose]: async () => context.close(),
  }
}

/** A folder for what is left of stories that failed. */
export async function artefactFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'responder-browser-'))
}

function watch(context: BrowserContext, home: string, note: (fault: string) => void): void {
  context.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol !== 'data:' && protocol !== 'about:' && origin !== home)
      note(`asked somebody else: ${request.method()} ${request.url()}`)
  })
  context.on('console', (message) => {
    if (message.type() === 'error') note(`error in the console: ${message.text()} (${message.location().url})`)
  })
  context.on('weberror', (error) => note(`error on the page: ${error.error().stack ?? error.error().message}`))
  context.on('dialog', (dialog) => {
    note(`a dialog that nobody wanted: ${dialog.message()}`)
    void dialog.dismiss()
  })
}

function chromiumPath(): string {
  return process.env['CHROMIUM_PATH'] ?? ''
}
