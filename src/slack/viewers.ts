import type { UserId } from '#/incident/people.ts'

/** How long after opening it somebody may still be looking at the Home tab, in milliseconds. */
const looksForMs = 60 * 60_000
/** Slack takes about one `views.publish` a second; whoever is not among these sees the tab anew when they open it. */
const most = 20

/** Who has opened the Home tab lately. Slack does not say when somebody leaves it. */
export class Viewers {
  readonly #monotonic: () => number
  readonly #openedAt = new Map<UserId, number>()

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  opened(user: UserId): void {
    // Taken out first, so that the newest stands last.
    this.#openedAt.delete(user)
    this.#openedAt.set(user, this.#monotonic())
  }

  /** Those who may be looking now, the latest at most. */
  looking(): readonly UserId[] {
    const since = this.#monotonic() - looksForMs
    for (const [user, at] of this.#openedAt) if (at < since) this.#openedAt.delete(user)
    return [...this.#openedAt.keys()].slice(-most)
  }
}
