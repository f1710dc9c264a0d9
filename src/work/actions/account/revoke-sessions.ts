import type { ActionName } from '#/playbook/playbook.ts'
import { signedIn, utc } from '../words.ts'
import { changing, revoke } from './changing.ts'
import { proofs } from './checks.ts'

const name: ActionName = 'revoke-sessions'

/** Ends every session, single sign-on session and token. Proven by reading all three lists back. */
export const revokeSessions = changing({
  name,
  again: async (ctx) => proofs(ctx, name).revoked(),
  mayGrow: ['sessions', 'ssoSessions'],
  effect: ({ facts }) => ({
    sentence:
      signedIn(facts) === ''
        ? `revoke whatever is opened meanwhile: ${facts.account.username} has no session and no token now.`
        : `revoke ${signedIn(facts)} of ${facts.account.username}.`,
    question: `Revoke every session of ${facts.account.username}? Everybody who is signed in as ${facts.account.username} is signed out.`,
    verb: 'Revoke them',
    warnings: exposure(facts.accessTokensEndAt),
    // Tokens are left out: one more is made each time a session is refreshed.
    basis: { sessions: facts.counts.sessions, ssoSessions: facts.counts.ssoSessions },
  }),
  async execute(ctx, { facts }) {
    await revoke(ctx)
    // A worker that goes on with what another began finds nothing left; what was there is known from the first look.
    const found = ctx.progress.note('found') ?? signedIn(facts)
    return {
      did: [found === '' ? 'There was no session and no token left to revoke.' : `Revoked ${found}.`],
      prove: async () => proofs(ctx, name).revoked(),
      notes: exposure(facts.accessTokensEndAt),
      accessTokensEndAt: facts.accessTokensEndAt,
    }
  },
})

function exposure(endsAt: string | null): readonly string[] {
  if (endsAt === null) return []
  return [
    `Access tokens already issued are believed until ${utc(endsAt)} by services that do not ask Autentico about each request.`,
  ]
}
