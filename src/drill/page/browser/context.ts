import type { GlassActs, Screen, SlackActs, SlackAnswers } from '../wire.ts'

/**
 * What every part of the page draws from, and how it acts. Drawing is a function of this and of what the window itself remembers;
 * nothing else is asked for anything.
 */
export type Context = {
  readonly screen: Screen
  /** Does something in Slack as the person of this window. Rejects only when the page's server is away or calls it impossible. */
  readonly act: <Name extends keyof SlackActs>(name: Name, body: SlackActs[Name]) => Promise<SlackAnswers[Name]>
  /** Does something behind the glass. */
  readonly glass: <Part extends keyof GlassActs>(part: Part, body: GlassActs[Part]) => Promise<void>
  /** Draws again soon: something that only this window remembers has changed. */
  readonly redraw: () => void
  /** Shows a short notice, as Slack does when an app did not answer. */
  readonly notice: (words: string) => void
}
