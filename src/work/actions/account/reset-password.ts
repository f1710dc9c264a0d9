import type { ActionName } from '#/playbook/playbook.ts'
import { changing, revoke } from './changing.ts'
import { proofs } from './checks.ts'
import { setPasswordOnce, unknownPassword } from './passwords.ts'

const name: ActionName = 'reset-password'

/**
 * Sets a random password that nobody learns, then revokes again: a session opened since the first revocation survives a new
 * password.
 */
export const resetPassword = changing({
  name,
  again: async (ctx) => (await proofs(ctx, name).revoked()).slice(0, 1),
  suspendedToo: false,
  effect: ({ facts }) => {
    const { username } = facts.account
    return {
      sentence: `set a random password for ${username} that nobody is shown, and revoke every session once more.`,
      question: `Reset the password of ${username}? The old one stops working at once, and this cannot be undone.`,
      verb: 'Reset it',
      warnings: [
        `${username} cannot sign in with a password until access is restored.`,
        ...(facts.account.email === ''
          ? []
          : [
              `Whoever reads ${facts.account.email} can ask for a reset link. Make sure that the mailbox is not in the wrong hands.`,
            ]),
      ],
    }
  },
  async execute(ctx) {
    const passwordSet = await setPasswordOnce(ctx, name, unknownPassword(ctx.randomBytes))
    await revoke(ctx)
    return {
      did: ['Set a random password that nobody was shown.', 'Revoked every session once more.'],
      prove: async () => [await passwordSet(), ...(await proofs(ctx, name).revoked())],
    }
  },
})
