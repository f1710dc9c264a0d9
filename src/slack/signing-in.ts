import type { UserId } from '#/incident/people.ts'
import type { SignIn } from './door.ts'

/** `matter`: what would be approved. */
type Whose = { readonly matter: string; readonly user: UserId }

/** The form in which somebody follows their sign-in. A later press opens another one. */
export type Following = { readonly signIn: SignIn; form: string }

/** Who is signing in to Autentico to approve what, and where they look meanwhile. Lost with this process, on purpose: codes are secrets. */
export class SigningIn {
  readonly #following = new Map<string, Following>()

  readonly #ending = new Set<Promise<void>>()

  find(whose: Whose): Following | undefined {
    return this.#following.get(keyOf(whose))
  }

  /** `ended` is what follows the sign-in. It never rejects. */
  begin(whose: Whose, following: Following, ended: Promise<void>): void {
    this.#following.set(keyOf(whose), following)
    this.#ending.add(ended)
    void ended.then(() => this.#ending.delete(ended))
  }

  /** Resolves when nothing follows any sign-in any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#ending)
  }

  /** Forgets it, unless another one has taken its place. */
  end(whose: Whose, following: Following): void {
    if (this.find(whose) === following) this.#following.delete(keyOf(whose))
  }
}

function keyOf({ matter, user }: Whose): string {
  return `${matter} ${user}`
}
