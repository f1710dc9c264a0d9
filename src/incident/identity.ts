/** What people are compared by, besides the Slack id. */
export type Identity = { readonly email?: string; readonly account?: string }

/**
 * What stands beside a click and says who clicked: a fresh sign-in to Autentico, or the signature of a registered key. The token of
 * the sign-in is never kept, only its digest and what it claimed.
 */
export type StepUp =
  | {
      readonly kind: 'autentico'
      readonly iss: string
      readonly aud: string
      /** The account that signed in. */
      readonly sub: string
      /** `auth_time` of the ID token, in seconds since 1970: for a device, when Autentico gave it the token. */
      readonly authTime: number
      /** When that account last signed in with a browser, as Autentico's own list of its logins says. ISO 8601, UTC. */
      readonly signedInAt: string
      /** SHA-256 over the ID token as it was given, lower-case hex. */
      readonly tokenDigest: string
    }
  | { readonly kind: 'key'; readonly fingerprint: string }

/** Whether two are one account of Autentico, as far as anything says so. A username may be an e-mail address. */
export function isSameAccount(one: Identity, other: Identity): boolean {
  const names = namesOf(other)
  return namesOf(one).some((name) => names.includes(name))
}

function namesOf({ email = '', account = '' }: Identity): readonly string[] {
  return [email, account].map((name) => name.trim().toLowerCase()).filter((name) => name !== '')
}
