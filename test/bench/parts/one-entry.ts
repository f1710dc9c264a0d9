import type { Draft } from '#/ledger/chain.ts'

/** When everything happens in these figures. */
export const at = '2026-11-23T09:00:00.000Z'

/** An entry like most: an approval, with the digest of what was shown. */
export const draft: Draft = {
  type: 'StepApproved',
  actor: { slack: { team: 'T0001', user: 'U0001' }, name: 'ana' },
  body: { step: 'revoke-sessions', shown: 'a'.repeat(64), note: 'x'.repeat(160), counts: { sessions: 3, passkeys: 2 } },
}
