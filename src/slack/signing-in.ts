import type { IncidentId } from '#/incident/events.ts'
import type { UserId } from '#/incident/people.ts'
import type { RequestId } from '#/incident/work.ts'
import type { SignIn } from './door.ts'

type Whose = { readonly incident: IncidentId; readonly request: RequestId; readonly user: UserId }

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

function keyOf({ incident, request, user }: Whose): string {
  return `${incident} ${request} ${user}`
}
