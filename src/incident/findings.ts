import type { ActionName } from '#/playbook/actions.ts'

/** What a finding is about. `secret`: something that only people outside of this program can change. */
export type FindingKind = 'admin' | 'account' | 'client' | 'provider' | 'setting' | 'secret'

/** Something that a review came upon and nobody has spoken for. People say that it was expected, or have something done about it. */
export type Finding = {
  /** The same for the same thing in the same state: `client:billing@9f2c41d07a3e`. */
  readonly key: string
  readonly kind: FindingKind
  /** Exact, as Autentico has it; `email` for accounts alone. */
  readonly subject: { readonly id: string; readonly name: string; readonly email?: string }
  /** "Client “Billing”", for the card. */
  readonly title: string
  /** What was seen, in one or two sentences. */
  readonly says: string
  /** Why it is worth a look, a few words each; the gravest first. */
  readonly flags: readonly string[]
  /** What can be done about it. */
  readonly ways: readonly ActionName[]
  /** It can only be put right by hand, and two people vouch for that. */
  readonly byHand?: true
}

/** The account that a finding is about; undefined: it is about something else. */
export function accountOf({
  kind,
  subject,
}: Finding): { readonly id: string; readonly username: string; readonly email: string } | undefined {
  return kind === 'admin' || kind === 'account'
    ? { id: subject.id, username: subject.name, email: subject.email ?? '' }
    : undefined
}
