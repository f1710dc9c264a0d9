// Plays an incident in a real browser and keeps pictures of its main moments: `npm run screenshots [folder]`, by default docs/pictures.
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { Browser } from 'playwright-core'
import { startGlass } from '#/cli/drill-glass.ts'
import { knownToReviews } from '#/cli/drill-plots.ts'
import { type Page, startPage } from '#/drill/page/page-server.ts'
import { setStage } from '#/drill/stage.ts'
import { type Looks, openWatched, sizes, startChromium, whatIsMissing } from '../support/chromium.ts'
import { approve, askFor, openIncident, run, untilProven } from '../support/page-incident.ts'
import { slimPng } from '../support/slim-png.ts'
import { expectSoon, type Window, windowOf } from '../support/window.ts'

const folder = resolve(process.argv[2] ?? join(import.meta.dirname, '../../docs/pictures'))
/** A repository is fetched whole: more than this for one picture is too much. */
const mostBytes = 250_000

process.exitCode = await takePictures()

/** 0: every picture is there. 69: something is missing for it. Throws when the incident does not go as it should. */
async function takePictures(): Promise<number> {
  const missing = whatIsMissing()
  if (missing !== undefined) {
    say(`A picture ${missing}`)
    return 69
  }
  await mkdir(folder, { recursive: true })
  await using stage = await setStage({ slack: { rateLimit: false }, env: knownToReviews })
  await using running = await startGlass(stage)
  await using page = await startPage({ slack: stage.slack, glass: running.glass })
  await using browser = await startChromium()
  const open = async (handle: string, looks: Looks) => openWindow({ browser, page, handle, looks })

  const ana = await open('ana', { size: sizes.wide })
  if (!(await hasEmoji(ana))) {
    say('Emoji would be boxes: install a font that has them (Debian: apt-get install fonts-noto-color-emoji).')
    return 69
  }
  const bao = await open('bao', { size: sizes.wide })
  const phone = await open('bao', { size: sizes.phone, scale: 1.5 })
  await play({ ana, bao, phone })
  await findSomething({ ana, bao })
  await breach({ ana, bao })
  const faults = [ana, bao, phone].flatMap(({ watched }) => watched.faults)
  if (faults.length > 0) throw new Error(`something happened that should not have:\n${faults.join('\n')}`)
  return 0
}

type Windows = { readonly ana: Window; readonly bao: Window; readonly phone: Window }

async function play({ ana, bao, phone }: Windows): Promise<void> {
  await keep(ana, 'beginning')
  await fillInForm(phone, { keepAs: 'phone-form' })
  await cancelForm(phone)
  await fillInForm(ana, { keepAs: 'form' })
  await cancelForm(ana)

  const id = await openIncident(ana, { target: 'alice', summary: 'Login from two countries, 03:12' })
  for (const window of [bao, phone]) await window.openThread(id)
  await askFor(1, ana, bao)
  await keep(bao, 'request')
  await keep(phone, 'phone-request')
  await inTheDark(phone, 'phone-request-dark')

  await ana.pressAndConfirm('Approve')
  await ana.toldAlone(/You asked for this/)
  await keep(ana, 'refused')
  await takeHome(bao, 'home', id)
  await phone.pane('Channels')
  await takeHome(phone, 'phone-home', id)

  await bao.press('Approve')
  await bao.page.getByRole('alertdialog').waitFor()
  await keep(bao, 'approval')
  await bao.press('Back')
  await phone.press('Approve')
  await phone.page.getByRole('alertdialog').waitFor()
  await keep(phone, 'phone-approval')
  await phone.press('Back')

  await bao.glass('Break something').getByRole('radio', { name: 'Slow' }).click()
  await bao.pressAndConfirm('Approve')
  await bao.reads(/Approved by[^]*running/)
  await bringUp(bao, 'Queue')
  await keep(bao, 'progress')
  await bao.glass('Break something').getByRole('radio', { name: 'Well' }).click()
  await untilProven(1, bao)

  for (const number of [2, 3, 4]) await run(number, ana, bao)
  await phone.pane('Channel')
  await keep(phone, 'phone-card')
  await bao.press('Record how alice was told…')
  const told = { How: 'phone call', 'How identity was checked': 'employee number' }
  await bao.fillIn('The user was told', told, 'Record')
  await bao.reads(/contained: every containment step is proven/, 60_000)
  await keptOut(bao)
  await bringUp(bao, 'alice in Autentico')
  await keep(bao, 'contained')
  await inTheDark(bao, 'contained-dark')
  await phone.pane('Glass')
  await keep(phone, 'phone-glass')

  await askFor(5, ana, bao)
  await approve(5, bao)
  await ana.press('Show the temporary password…')
  await ana.form('Temporary password').waitFor()
  await ana.press('Close')
  await keptOut(bao)
  await bao.press('Close…')
  await bao.fillIn(`Close ${id}`, { 'Closing words': 'Phished password. Passkey of the attacker removed.' }, 'Close it')
  await expectSoon(async () => !(await bao.shows('Add note…')))
  await bao.thread
    .getByText(/contained and proven/)
    .first()
    .waitFor()
  await bringUp(bao, 'Ledger')
  await keep(bao, 'closed')
  await phone.pane('Channel')
  await keep(phone, 'phone-closed')
}

/** An administrator that nobody knows. */
async function findSomething({ ana, bao }: Pick<Windows, 'ana' | 'bao'>): Promise<void> {
  const id = await openIncident(ana, {
    playbook: 'admin-token-exposed',
    summary: 'Last night’s build log shows a token',
  })
  await bao.openThread(id)
  await run(1, ana, bao)
  await ana.press('Begin step 2…')
  const lastNight = new Date(Date.now() - 10 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ')
  await ana.fillIn('Begin step 2', { 'Exposed since': lastNight }, 'Begin')
  await ana.press('Begin step 3')
  await expectSoon(async () => bao.shows(/^Demote: /))
  await bringUp(bao, 'Autentico as a whole')
  await keep(bao, 'findings')
}

/** Everybody is signed out, one by one, while the clock runs. */
async function breach({ ana, bao }: Pick<Windows, 'ana' | 'bao'>): Promise<void> {
  const summary = 'Somebody fetched a copy of the database'
  const id = await openIncident(ana, { playbook: 'database-breach', summary })
  await bao.openThread(id)
  await ana.press('Begin step 1')
  await run(2, ana, bao)
  await askFor(3, ana, bao)
  await bao.glass('Break something').getByRole('radio', { name: 'Slow' }).click()
  await bao.pressAndConfirm('Approve')
  await bao.reads(/█{2}[█░]*\] [\d,]+ \/ 337/, 60_000)
  await bringUp(bao, 'Autentico as a whole')
  await keep(bao, 'breach')
  await bao.glass('Break something').getByRole('radio', { name: 'Well' }).click()
}

async function openWindow(options: {
  readonly browser: Browser
  readonly page: Page
  readonly handle: string
  readonly looks: Looks
}): Promise<Window> {
  const { browser, page, handle, looks } = options
  const watched = await openWatched(browser, page.url, looks)
  await watched.page.goto(`${page.url}/as/${handle}`)
  await watched.page.getByRole('navigation', { name: 'Act as' }).waitFor()
  return windowOf(handle, watched)
}

async function fillInForm(window: Window, { keepAs }: { readonly keepAs: string }): Promise<void> {
  await window.type('/autentico incident')
  const form = window.form('Open an incident')
  await form.getByText(/people can approve/).waitFor()
  await form.getByRole('combobox', { name: 'Target' }).click()
  await form.getByRole('combobox', { name: 'Target' }).fill('ali')
  await window.page.getByRole('option', { name: 'alice' }).first().waitFor()
  await keep(window, keepAs)
}

/** Until it is gone, what is typed would go to it. */
async function cancelForm(window: Window): Promise<void> {
  await window.press('Cancel')
  await window.form('Open an incident').waitFor({ state: 'hidden' })
}

async function takeHome(window: Window, name: string, incident: string): Promise<void> {
  await window.goTo('Autentico Responder')
  await window.channel.getByRole('tab', { name: 'Home' }).click()
  await window.channel.getByText(incident).first().waitFor()
  await keep(window, name)
  await window.page.goBack()
  await window.thread.waitFor()
}

async function keptOut(window: Window): Promise<void> {
  const attacker = window.glass('mallory, the attacker')
  await expectSoon(async () => /kept out at all \d\d? doors/.test(await attacker.innerText()), 60_000)
}

/** Scrolls the panel behind the glass until this part of it stands at the top. */
async function bringUp(window: Window, region: string): Promise<void> {
  await window.glass(region).evaluate((element: { readonly scrollIntoView: () => void }) => element.scrollIntoView())
}

async function inTheDark(window: Window, name: string): Promise<void> {
  await window.page.emulateMedia({ colorScheme: 'dark' })
  await keep(window, name)
  await window.page.emulateMedia({ colorScheme: 'light' })
}

async function keep({ page }: Window, name: string): Promise<void> {
  const path = join(folder, `${name}.png`)
  // The pointer would hold something up that nobody points at.
  await page.mouse.move(1, 1)
  const picture = slimPng(await page.screenshot({ animations: 'disabled', caret: 'hide' }))
  if (picture.length > mostBytes) throw new Error(`${path} has ${picture.length} bytes; ${mostBytes} are the most`)
  await writeFile(path, picture)
  say(`${relative(process.cwd(), path)}  ${Math.round(picture.length / 1000)} kB`)
}

/** Whether an emoji is drawn in colour: a red circle has red in it. */
async function hasEmoji({ page }: Window): Promise<boolean> {
  return page.evaluate<boolean>(`(() => {
    const draw = new OffscreenCanvas(20, 20).getContext('2d')
    draw.font = '16px sans-serif'
    draw.fillText('🔴', 0, 16)
    const { data } = draw.getImageData(0, 0, 20, 20)
    return data.some((red, at) => at % 4 === 0 && red > data[at + 1] + 60)
  })()`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
