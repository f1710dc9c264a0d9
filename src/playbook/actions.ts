/** What an action touches: one account, or Autentico as a whole. */
export type Scope = 'account' | 'instance'

/**
 * Every action that a step may name. The worker holds one file for each; nothing else can be run. `reads`: it changes nothing, so
 * it is run as soon as one responder asks for it. `of`: what it is about; an `any` action does not look at the target.
 */
export const actionTable = {
  // One account
  'snapshot-account': { of: 'account', reads: true },
  'revoke-sessions': { of: 'account', reads: false },
  'reset-password': { of: 'account', reads: false },
  'reset-mfa': { of: 'account', reads: false },
  'close-doors': { of: 'account', reads: false },
  'suspend-account': { of: 'account', reads: false },
  'restore-access': { of: 'account', reads: false },
  'demote-admin': { of: 'account', reads: false },
  /** One responder's, for a while; and its end. Neither is ever a step. */
  'hold-account': { of: 'account', reads: false },
  'lift-hold': { of: 'account', reads: false },
  // Autentico as a whole
  'snapshot-instance': { of: 'instance', reads: true },
  'rotate-admin-token': { of: 'instance', reads: false },
  'make-signing-key': { of: 'instance', reads: false },
  'replace-signing-key': { of: 'instance', reads: false },
  'invalidate-tokens': { of: 'instance', reads: false },
  'check-signing-key': { of: 'instance', reads: true },
  'reset-everybodys-mfa': { of: 'instance', reads: false },
  'revoke-everybody': { of: 'instance', reads: false },
  'limit-requests': { of: 'instance', reads: false },
  'restrict-admin-api': { of: 'instance', reads: false },
  'unlock-accounts': { of: 'instance', reads: false },
  'disable-client': { of: 'instance', reads: false },
  'disable-provider': { of: 'instance', reads: false },
  'close-setting': { of: 'instance', reads: false },
  // Reviews: they look at all of Autentico, whatever the incident is about
  'review-audit': { of: 'any', reads: true },
  'review-admins': { of: 'any', reads: true },
  'review-clients': { of: 'any', reads: true },
  'review-passwords': { of: 'any', reads: true },
  'review-secrets': { of: 'any', reads: true },
  'review-limits': { of: 'any', reads: true },
  'list-affected': { of: 'any', reads: true },
  /** Repeats the proofs of what was proven. */
  sweep: { of: 'any', reads: true },
} as const satisfies Readonly<Record<string, { readonly of: Scope | 'any'; readonly reads: boolean }>>

export type ActionName = keyof typeof actionTable

export const actionNames = Object.keys(actionTable) as readonly ActionName[]

/** Whether an action only reads: then nobody has to approve it. */
export function onlyReads(action: ActionName): boolean {
  return actionTable[action].reads
}
