/** A registered application. Autentico shows neither its secret nor when it was registered. */
export type Client = {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly active: boolean
  readonly redirectUris: readonly string[]
  readonly grantTypes: readonly string[]
  readonly scopes: string
  /** Audiences its tokens are for besides itself. */
  readonly audiences: readonly string[]
  /** Whether people may sign up through it; undefined: as the setting says. */
  readonly allowsSignup: boolean | undefined
}
