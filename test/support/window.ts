import { setTimeout as pause } from 'node:timers/promises'
import type { Locator, Page } from 'playwright-core'
import type { WatchedPage } from './chromium.ts'

/** One person at one window of the page, who finds everything by what it is and what is written on it. */
export type Window = {
  readonly handle: string
  readonly page: Page
  readonly watched: WatchedPage
  /** Writes into the channel, as a message or a command. */
  readonly type: (words: string) => Promise<void>
  /** Writes into the open thread. */
  readonly reply: (words: string) => Promise<void>
  /** Presses the newest button with these words: of a dialog, else of the channel, else of the thread. */
  readonly press: (words: string | RegExp) => Promise<void>
  /** The newest visible button with these words, where `press` would find it. */
  readonly button: (words: string | RegExp) => Promise<Locator | undefined>
  /** Whether they see such a button now. */
  readonly shows: (words: string | RegExp) => Promise<boolean>
  /** Presses the button, and then the other one in the dialog that asks whether it is meant. */
  readonly pressAndConfirm: (words: string | RegExp) => Promise<void>
  /** Chooses from the "More" menu of the newest message that has one. */
  readonly choose: (words: string | RegExp) => Promise<void>
  /** Waits for a form with this title, fills it in by the labels of its fields, and presses the button named last. */
  readonly fillIn: (title: string | RegExp, answers: Answers, submit: string) => Promise<void>
  /** Waits for the newest message that says this, in what is open. */
  readonly reads: (words: string | RegExp, limitMs?: number) => Promise<Locator>
  /** The same for a message that only they see. */
  readonly toldAlone: (words: string | RegExp) => Promise<Locator>
  /** Opens the thread of the newest message with replies, or of the newest that says this as well. */
  readonly openThread: (words?: string | RegExp) => Promise<void>
  readonly goTo: (channel: string) => Promise<void>
  /** On a narrow window: shows this pane, by its words in the bar below. */
  readonly pane: (words: 'Channels' | 'Channel' | 'Thread' | 'Glass') => Promise<void>
  /** The form on top. */
  readonly form: (title: string | RegExp) => Locator
  /** A part of the panel behind the glass. */
  readonly glass: (region: string) => Locator
  readonly pressGlass: (words: string | RegExp) => Promise<void>
  readonly channel: Locator
  readonly thread: Locator
  readonly composer: Locator
}

/** By label: what is written into a field, or what is chosen in it. */
export type Answers = Readonly<Record<string, string>>

export const patienceMs = 30_000

export function windowOf(handle: string, watched: WatchedPage): Window {
  const { page } = watched
  const channel = page.getByRole('main')
  const thread = page.getByRole('complementary', { name: 'Thread' })
  const glass = page.getByRole('complementary', { name: 'Behind the glass' })
  const form = (title: string | RegExp): Locator => page.getByRole('dialog', { name: title })
  const dialogs = [page.getByRole('alertdialog'), page.getByRole('dialog')]
  const composer = field(channel, /^Message /)

  /** The newest visible button with these words: of the dialog if there is one, else of the channel, else of the thread. */
  const button = async (words: string | RegExp): Promise<Locator | undefined> => {
    const dialog = await firstVisible(dialogs.map((each) => each.last()))
    // The card stands in the channel and over its thread; pressed in the channel, the thread stays where it is read.
    const places = dialog === undefined ? [channel, thread] : [dialog]
    return firstVisible(places.map((place) => place.getByRole('button', { name: words, exact: true }).last()))
  }
  const press = async (words: string | RegExp): Promise<void> =>
    (await seek(() => button(words), `${handle} sees no button that says ${String(words)}`)).click()
  const message = async (filters: readonly (string | RegExp)[], limitMs = patienceMs): Promise<Locator> =>
    seek(
      async () => {
        const all = [thread, channel].map((place) => place.getByRole('article'))
        return firstVisible(all.map((each) => filters.reduce((left, hasText) => left.filter({ hasText }), each).last()))
      },
      `${handle} reads no message that says ${filters.map(String).join(' and ')}`,
      limitMs,
    )

  return {
    handle,
    page,
    watched,
    channel,
    thread,
    composer,
    form,
    button,
    press,
    shows: async (words) => (await button(words)) !== undefined,
    reads: async (words, limitMs) => message([words], limitMs),
    type: async (words) => {
      await composer.fill(words)
      await composer.press('Enter')
    },
    reply: async (words) => {
      const box = field(thread, 'Reply in thread')
      await box.fill(words)
      await box.press('Enter')
    },
    pressAndConfirm: async (words) => {
      await press(words)
      const asked = page.getByRole('alertdialog')
      await asked.getByRole('button').last().waitFor()
      await confirmButton(asked).click()
      await asked.waitFor({ state: 'hidden' })
    },
    choose: async (words) => {
      await press('More')
      await page.getByRole('menuitem', { name: words }).click()
    },
    fillIn: async (title, answers, submit) => {
      const asked = form(title)
      await asked.waitFor({ timeout: patienceMs })
      for (const [label, answer] of Object.entries(answers)) await enter(asked, label, answer)
      await asked.getByRole('button', { name: submit, exact: true }).click()
    },
    toldAlone: async (words) => message(['Only visible to you', words]),
    openThread: async (words = '') => {
      const parent = channel
        .getByRole('article')
        .filter({ hasText: words })
        .filter({ has: page.getByRole('button', { name: replies }) })
      await parent.last().getByRole('button', { name: replies }).click()
      await thread.waitFor()
    },
    goTo: async (name) => page.getByRole('navigation', { name: 'Channels' }).getByRole('button', { name }).click(),
    pane: async (words) =>
      page
        .getByRole('navigation', { name: 'Panes' })
        .getByRole('button', { name: new RegExp(`^${words}(,|$)`) })
        .click(),
    glass: (region) => glass.getByRole('region', { name: region }),
    pressGlass: async (words) => glass.getByRole('button', { name: words }).click(),
  }
}

async function firstVisible(candidates: readonly Locator[]): Promise<Locator | undefined> {
  for (const candidate of candidates) if (await candidate.isVisible()) return candidate
  return undefined
}

const replies = /^\d+ repl(y|ies)/

/** A text field, also where it has a list that helps with writing. */
function field(place: Locator, name: string | RegExp): Locator {
  return place.getByRole('textbox', { name }).or(place.getByRole('combobox', { name }))
}

/** The button of a dialog that does what it asks about; the other one says "Back". */
function confirmButton(asked: Locator): Locator {
  return asked.getByRole('button').filter({ hasNotText: /^\s*(Back|Cancel)\s*$/ })
}

/** Fills in one field, whatever sort it is: `Severity` is answered by the words of a choice, a list by one of its options. */
async function enter(form: Locator, label: string, answer: string): Promise<void> {
  const group = form.getByRole('radiogroup', { name: label })
  if (await group.isVisible()) return group.getByRole('radio', { name: answer }).check()
  const list = form.getByRole('combobox', { name: label })
  if (!(await list.isVisible())) return form.getByRole('textbox', { name: label }).fill(answer)
  await list.click()
  if ((await list.and(form.page().locator('input')).count()) > 0) await list.fill(answer)
  await form.page().getByRole('option', { name: answer }).first().click()
}

/** Waits until `look` finds something. Fails after `limitMs` with these words. */
export async function seek<T>(look: () => Promise<T | undefined>, orElse: string, limitMs = patienceMs): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > end) throw new Error(`${orElse} (${limitMs / 1000} s)`)
    await pause(50)
  }
}

/** Whether the keyboard is there. */
export async function isFocused(thing: Locator): Promise<boolean> {
  return (await thing.and(thing.page().locator(':focus')).count()) > 0
}

/** Waits until this is so. */
export async function expectSoon(question: () => Promise<boolean>, limitMs = patienceMs): Promise<void> {
  await seek(
    async () => ((await question()) ? true : undefined),
    `it never came about that ${String(question)}`,
    limitMs,
  )
}
