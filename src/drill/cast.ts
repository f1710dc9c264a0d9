/**
 * The people of the drill. The local Slack workspace and the local Autentico are seeded from this one list, so that a
 * person has the same e-mail address in both, as in a real company.
 */
export type Part = 'responder' | 'commander' | 'guest' | 'outsider' | 'victim' | 'colleague'

export type Person = {
  /** Slack user id. */
  readonly user: string
  /** Slack handle, and the Autentico username where the person has an account there. */
  readonly handle: string
  readonly name: string
  readonly email: string
  readonly part: Part
}

/** The company's Slack workspace and, for the outsider, the other one that shares a channel with it. */
export const workspace: { readonly team: string; readonly name: string; readonly domain: string } = {
  team: 'T0ACME',
  name: 'Acme',
  domain: 'acme',
}
export const otherWorkspace: { readonly team: string; readonly name: string } = { team: 'T0OTHER', name: 'Other Co' }

/** The private channel that incidents are opened in, and the user group of those who may approve. */
export const incidentChannel: { readonly id: string; readonly name: string } = {
  id: 'C0INCIDENTS',
  name: 'sec-incidents',
}
export const securityGroup: { readonly id: string; readonly handle: string } = { id: 'S0SECURITY', handle: 'security' }

export const cast: { readonly [handle in 'ana' | 'bao' | 'chi' | 'gil' | 'olu' | 'alice']: Person } = {
  ana: { user: 'U0ANA', handle: 'ana', name: 'Ana Ruiz', email: 'ana@acme.test', part: 'responder' },
  bao: { user: 'U0BAO', handle: 'bao', name: 'Bao Tran', email: 'bao@acme.test', part: 'responder' },
  chi: { user: 'U0CHI', handle: 'chi', name: 'Chi Okafor', email: 'chi@acme.test', part: 'commander' },
  gil: { user: 'U0GIL', handle: 'gil', name: 'Gil Marsh', email: 'gil@contractor.test', part: 'guest' },
  olu: { user: 'U0OLU', handle: 'olu', name: 'Olu Bello', email: 'olu@other.test', part: 'outsider' },
  alice: { user: 'U0ALICE', handle: 'alice', name: 'Alice Moreau', email: 'alice@acme.test', part: 'victim' },
}
