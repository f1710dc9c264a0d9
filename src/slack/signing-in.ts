import type { UserId } from '#/incident/people.ts'
import type { SignIn } from './door.ts'

/** `matter`: what would be approved. */
type Whose = { readonly matter: string; readonly user: UserId }

/** The form in which somebody follows their sign-in. A later press opens another one. `over`: why it is in vain by now, whole sentences. */
export type Following = { readonly signIn: SignIn; form: string; over?: string }

/** Says why there is nothing left to approve. Undefined: there still is. */
type Look = () => string | undefined

/** Undefined: it came to nothing before there was a code. */
type Begun = Promise<Following | undefined>

/** Who is signing in to Autentico to approve what, and where they look meanwhile. Lost with this process, on purpose: codes are secrets. */
export class SigningIn {
  readonly #begun = new Map<string, Begun>()
  readonly #ending = new Set<Promise<void>>()
  readonly #looks = new Map<Following, Look>()

  /** What somebody has begun, be it this moment: whoever presses twice is sent to sign in once. */
  find({ matter, user }: Whose): Begun | undefined {
    return this.#begun.get(`${matter} ${user}`)
  }

  /** Keeps what was begun until Autentico has said how it ended. */
  keep({ matter, user }: Whose, begun: Begun): void {
    const key = `${matter} ${user}`
    this.#begun.set(key, begun)
    const forget = (): void => void this.#begun.delete(key)
    void begun.then((following) => following?.signIn.ended).then(forget, forget)
  }

  /** `what` follows a sign-in. It never rejects. */
  follow(what: Promise<void>, following: Following, over: Look): void {
    this.#ending.add(what)
    this.#looks.set(following, over)
    void what.then(() => {
      this.#ending.delete(what)
      this.#looks.delete(following)
    })
  }

  /** Ends what others have decided meanwhile, so that nobody goes on signing in for it. What follows each says so. */
  endDecided(): void {
    for (const [following, over] of this.#looks) {
      if (following.over !== undefined) continue
      const why = over()
      if (why === undefined) continue
      following.over = why
      following.signIn.cancel()
    }
  }

  /** Resolves when nothing follows any sign-in any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#ending)
  }
}
