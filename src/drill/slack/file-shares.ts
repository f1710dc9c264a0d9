/**
 * The way of files into their channels. Slack answers before it has looked at a file, and shows it a while later; here that while is as
 * long as somebody holds it up.
 */
export class FileShares {
  #waiting: readonly (() => void)[] = []
  #held = false

  share(show: () => void): void {
    if (this.#held) this.#waiting = [...this.#waiting, show]
    else show()
  }

  /** While held, files are accepted and not shown; let go, all that wait are. */
  hold(on: boolean): void {
    this.#held = on
    if (on) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const show of waiting) show()
  }
}
