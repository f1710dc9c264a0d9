import type { Clock } from './clock.ts'
import { SlackRefusal } from './refusal.ts'

/** What a trigger id stands for: a person's act, and the form it was done in. */
export type Trigger = { readonly user: string; readonly view: string | undefined }

const lifetime = 3_000

/** Trigger ids: each opens one form, once, within 3 seconds of the act it came with. */
export class Triggers {
  readonly #clock: Clock
  readonly #issued = new Map<string, Trigger & { readonly at: number; readonly used: boolean }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  issue(user: string, view?: string): string {
    const id = `${this.#clock.now()}.${this.#issued.size + 1}.${this.#clock.id('').toLowerCase()}`
    this.#issued.set(id, { user, view, at: this.#clock.now(), used: false })
    return id
  }

  /** Uses a trigger id up. Throws Slack's refusal for one unknown, used or older than 3 seconds. */
  exchange(id: string): Trigger {
    const trigger = this.#issued.get(id)
    if (trigger === undefined) throw new SlackRefusal('invalid_trigger_id')
    if (trigger.used) throw new SlackRefusal('exchanged_trigger_id')
    if (this.#clock.now() - trigger.at > lifetime) throw new SlackRefusal('expired_trigger_id')
    this.#issued.set(id, { ...trigger, used: true })
    return trigger
  }
}
